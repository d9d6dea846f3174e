package announcement

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/segment"
	"homing/pkg/touch"
)

// Recipients finds whom an announcement goes to, among the customers that it is shown. It is
// for one goroutine.
type Recipients struct {
	Store    *programme.Store
	People   customer.People
	Address  func(email string) string // keyed hash of an address
	Products *product.Snapshot         // of the store; nil: nothing is known
	Now      time.Time                 // as of when

	a      *Announcement
	worker *programme.Worker
	own    *touch.Own
	who    segment.Expression
	member segment.Memberships // of the customer who is looked at
	empty  *touch.Snapshot     // of all touches, which nobody changes
	kase   gate.Case           // of the customer who is looked at
}

// For has the recipients be those of an announcement. It fails where it cannot be said who
// they are: the store has no such segment, or it isn't known who is in which.
func (r *Recipients) For(a *Announcement) (*Recipients, error) {
	r.a, r.worker, r.own, r.who, r.empty = a, r.Store.Worker(Worker), nil, segment.Expression{}, new(touch.Snapshot)
	if err := r.Store.CheckSegments(a.Segments, a.NotSegments); err != nil {
		return nil, err
	}
	if a.Who != "" {
		var err error
		if r.who, err = segment.Parse(a.Who); err != nil {
			return nil, fmt.Errorf("who: %w", err)
		}
	}
	if a.Segmented() && !r.Products.Segmented().Known() {
		return nil, fmt.Errorf("%w; it is done each night, and by homing products refresh", segment.ErrUnknown)
	}
	if a.Expires > 0 || a.Priority != nil || a.Holdout > 0 {
		r.own = &touch.Own{Expires: a.Expires, Priority: a.Priority, Holdout: float64(a.Holdout)}
	}
	return r, nil
}

// Of returns the touches for those of a batch of customers whom it is for, and counts them:
// each person once, wherever their other records are. One who has a claim on theirs already
// is counted, and has no second one.
func (r *Recipients) Of(ctx context.Context, batch []customer.Record, c *Counts) ([]touch.Touch, error) {
	out := make([]touch.Touch, 0, len(batch))
	err := customer.EachPerson(ctx, r.People, batch, func(k customer.Key, who *customer.Customer) error {
		t, planned, err := r.touch(k, who, c)
		if planned {
			out = append(out, t)
		}
		return err
	})
	return out, err
}

// touch returns the touch of one person, if there is to be one.
func (r *Recipients) touch(k customer.Key, who *customer.Customer, c *Counts) (t touch.Touch, planned bool, err error) {
	c.Customers++
	p := programme.Person{Store: r.Store, Customer: who, Products: r.Products, Address: r.Address}
	in, err := r.takesIn(&p)
	if err != nil || !in {
		return t, false, err
	}
	c.Audience++
	due, zone := r.a.due(r.a.Sent, who.Location(r.Store.Zone))
	t = touch.Touch{Worker: Worker, Step: r.a.Step(), Customer: k, Occasion: r.a.ID, Due: due, Wake: due, Zone: zone, Caused: r.Now, Own: r.own, Snapshot: r.empty}
	if _, claimed := t.ClaimIn(who); claimed { // of a walk before this one
		c.Planned++
		return t, false, nil
	}
	p.CaseIn(&r.kase, r.worker, t, r.Now)
	if v := gate.Standing(&r.kase); v.Action == touch.Drop {
		c.left(v.Reason)
		return t, false, nil
	}
	if r.Now.After(due.Add(r.kase.Step.Expires)) {
		c.left(reason.Expired)
		return t, false, nil
	}
	if account := who.Account(); account != "" {
		t.Address = r.Address(account)
	}
	c.Planned++
	return t, true, nil
}

// takesIn reports whether the announcement is for a person.
func (r *Recipients) takesIn(p *programme.Person) (bool, error) {
	c, d := p.Customer, r.a
	if len(d.Countries) > 0 && !slices.Contains(d.Countries, strings.ToUpper(c.Country.Value)) {
		return false, nil
	}
	if len(d.Languages) > 0 && !slices.ContainsFunc(d.Languages, func(l string) bool { return speaks(c.Language(), l) }) {
		return false, nil
	}
	if !d.Segmented() {
		return true, nil
	}
	m := &r.member
	if err := p.MembershipsIn(m, r.Now); err != nil {
		return false, err
	}
	return (len(d.Segments) == 0 || slices.ContainsFunc(d.Segments, m.Has)) &&
		!slices.ContainsFunc(d.NotSegments, m.Has) && (d.Who == "" || m.Meets(r.who)), nil
}

// speaks reports whether a locale, such as de-AT, is of a language: de or de-AT.
func speaks(locale, language string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), strings.ToLower(language))
	return ok && (rest == "" || rest[0] == '-')
}
