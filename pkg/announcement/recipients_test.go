package announcement_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/segment"
)

// strangers are customers each of whom is alone at their mailbox.
type strangers []customer.Record

func (strangers) Read(context.Context, []customer.Ask, ...customer.Key) ([]customer.Person, error) {
	return nil, errors.New("nobody has another id")
}

func (strangers) Named(_ context.Context, records []customer.Record) ([]int, error) {
	return make([]int, len(records)), nil
}

// club is a store with a segment of its own, and customers in Germany and Britain who
// ordered once, twice and so on.
func club(t *testing.T, n int) (*announcement.Recipients, strangers) {
	t.Helper()
	ids, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("test", []byte(strings.Replace(shop, "stores:", "segments: {regular: orders > 2}\nstores:", 1)), nil, programme.WorkerNames())
	if err != nil {
		t.Fatal(err)
	}
	stores, err := programme.Open(c, ids)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var all strangers
	k := product.NewCollector(now, nil)
	k.Segment(stores["main"].Segments, nil)
	for i := range n {
		who := events.Customer{ID: fmt.Sprint("C-", i), Email: fmt.Sprint("c", i, "@mail.example"), Country: []string{"DE", "GB"}[i%2], Consent: &events.Consent{Email: events.Subscribed}}
		r := customer.Record{Key: ids.Key("main", who.ID)}
		for o := range i + 1 {
			d := &events.OrderPlaced{Customer: who, Order: events.Order{ID: fmt.Sprint(i, "-", o), Items: []events.Item{{ProductID: "tea", Quantity: 1}}}}
			customer.Apply(&r.Customer, events.Event{ID: d.Order.ID, Source: "/s", Store: "main", Type: d.Type(), Time: now.Add(-time.Duration(1+o) * 24 * time.Hour), Data: d})
		}
		k.Add(&r.Customer)
		all = append(all, r)
	}
	known := k.Snapshot()
	k.Segments(known)
	return &announcement.Recipients{Store: stores["main"], People: all, Products: known, Now: now, Address: func(email string) string { return ids.Address("main", email) }}, all
}

func TestAnAnnouncementIsForSomeSegments(t *testing.T) {
	who, all := club(t, 6)
	for want, set := range map[string]func(d *announcement.Definition){
		"0 1 2 3 4 5": func(*announcement.Definition) {},
		"2 3 4 5":     func(d *announcement.Definition) { d.Segments = []string{"lost", "regular"} },
		"0 1":         func(d *announcement.Definition) { d.NotSegments = []string{"regular"} },
		"3 5":         func(d *announcement.Definition) { d.Segments, d.Countries = []string{"regular"}, []string{"GB"} },
		"4":           func(d *announcement.Definition) { d.Who = `country == "DE" and orders in [2, 5]` },
		"2 3":         func(d *announcement.Definition) { d.Segments, d.Who = []string{"regular"}, "orders < 5" },
	} {
		a := &announcement.Announcement{Definition: right(), Sent: who.Now}
		set(&a.Definition)
		of, err := who.For(a)
		if err != nil {
			t.Fatal(err)
		}
		var c announcement.Counts
		ts, err := of.Of(t.Context(), all, &c)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range all {
			for _, x := range ts {
				if x.Customer == all[i].Key {
					got = append(got, fmt.Sprint(i))
				}
			}
		}
		if strings.Join(got, " ") != want || c.Customers != len(all) || c.Audience != len(got) || c.Planned != len(got) {
			t.Errorf("%v, not %v, who %q: %v, want %s; %+v", a.Segments, a.NotSegments, a.Who, got, want, c)
		}
	}
}

func TestNobodyIsChosenWhileSegmentsAreUnknown(t *testing.T) {
	who, _ := club(t, 1)
	for want, set := range map[string]func(a *announcement.Announcement){
		"segments: there is no segment regulra; did you mean regular?":     func(a *announcement.Announcement) { a.Segments = []string{"regulra"} },
		"not_segments: new is in segments as well":                         func(a *announcement.Announcement) { a.Segments, a.NotSegments = []string{"new"}, []string{"new"} },
		"the segments of the store were not computed yet; it is done each": func(a *announcement.Announcement) { a.Who, who.Products = "orders > 1", nil },
	} {
		known := who.Products
		a := &announcement.Announcement{Definition: right()}
		set(a)
		if _, err := who.For(a); err == nil || !strings.HasPrefix(err.Error(), want) || errors.Is(err, segment.ErrUnknown) != (who.Products == nil) {
			t.Errorf("%v, want %s", err, want)
		}
		who.Products = known
	}
	who.Products = nil
	if _, err := who.For(&announcement.Announcement{Definition: right()}); err != nil {
		t.Errorf("one for everybody waits: %v", err)
	}
}

// told are facts on the timeline.
type told []events.FactBody

func (f told) ReadTypesSince(_ context.Context, _ string, _ []events.Type, _ time.Time, text string, fn func([]customer.Entry) error) error {
	var out []customer.Entry
	for _, b := range f {
		if strings.Contains(`"`+b.Touch, text) {
			out = append(out, customer.Entry{Event: events.Event{Data: &events.EmailSent{Email: b}}})
		}
	}
	return fn(out)
}

// Scan implements announcement.Scanner. SCAN may show a customer twice.
func (s strangers) Scan(_ context.Context, _ string, fn func([]customer.Record) error) error {
	return errors.Join(fn(s), fn(s[:1]))
}

func TestOutcomesAreCountedOnce(t *testing.T) {
	who, all := club(t, 6)
	of, err := who.For(&announcement.Announcement{Definition: right(), Sent: who.Now})
	if err != nil {
		t.Fatal(err)
	}
	ts, err := of.Of(t.Context(), all, new(announcement.Counts))
	if err != nil {
		t.Fatal(err)
	}
	var facts told
	for i, x := range ts {
		c := customer.Claim{Touch: x.ClaimKey(), State: customer.Sent}
		switch i {
		case 4:
			c.State, c.Why = customer.Dropped, "holdout"
		case 5:
			c.State, c.Why = customer.Dropped, "expired"
		default:
			facts = append(facts, events.FactBody{Touch: x.ID(), Worker: x.Worker, Step: x.Step, Occasion: x.Occasion, SubjectArm: []string{"a", "b", "a", ""}[i]})
		}
		at := slices.IndexFunc(all, func(r customer.Record) bool { return r.Key == x.Customer })
		all[at].Customer.Claims = append(all[at].Customer.Claims, c)
	}
	other := facts[1]
	other.Touch, other.Occasion = strings.Replace(other.Touch, ".spring", ".summer", 1), "summer"
	facts = append(facts, facts[0], other)
	a := &announcement.Announcement{Definition: right(), Sent: who.Now}
	got, err := announcement.Count(t.Context(), all, facts, a, clock.Scale{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%d sent, %v, dropped %v, %d in all", got.Sent, got.Subjects, got.Dropped, got.Total()); s != "4 sent, map[a:2 b:1], dropped map[expired:1 holdout:1], 6 in all" {
		t.Error(s)
	}
}
