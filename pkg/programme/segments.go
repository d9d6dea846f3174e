package programme

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/segment"
	"homing/pkg/touch"
	"homing/workers"
)

// heldOut says who of a store gets no marketing email at all, as the gate's rule holdout
// has it. identity may be nil where nothing is judged.
func heldOut(share float64, store string, identity *customer.Identity) func(*customer.Customer) bool {
	if share == 0 || identity == nil {
		return func(*customer.Customer) bool { return false }
	}
	return func(c *customer.Customer) bool {
		k := identity.Key(store, c.ID.Value)
		if len(c.Tokens) > 0 {
			k, _ = customer.KeyOfToken(store, c.Tokens[0])
		}
		return identity.Draw(k, "") < share
	}
}

// checkSegments finds segments that there are not.
func (s *Store) checkSegments(w *Worker) error {
	if err := s.CheckSegments(w.Policy.Own.Segments, w.Policy.Own.NotSegments); err != nil {
		return err
	}
	for _, step := range w.Steps {
		if step.Offer == nil {
			continue
		}
		if err := s.Segments.Check(step.Offer.Segments); err != nil {
			return fmt.Errorf("step %s: offer.segments: %w", step.Name, err)
		}
	}
	return nil
}

// CheckSegments reports what is wrong with names of segments that something is for, and of
// those that it is not for.
func (s *Store) CheckSegments(segments, not []string) error {
	if err := s.Segments.Check(segments); err != nil {
		return fmt.Errorf("segments: %w", err)
	}
	if err := s.Segments.Check(not); err != nil {
		return fmt.Errorf("not_segments: %w", err)
	}
	for _, name := range not {
		if slices.Contains(segments, name) {
			return fmt.Errorf("not_segments: %s is in segments as well, so nobody would get an email; remove it from one of them", name)
		}
	}
	return nil
}

// InUse lists the segments by which the store's workers that are not off decide.
func (s *Store) InUse() []string {
	var out []string
	for _, w := range s.Workers {
		if w.Settings.Status != workers.Off {
			out = append(out, w.segments()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Segmented reports whether the worker decides by segments.
func (w *Worker) Segmented() bool { return w.Settings.Status != workers.Off && len(w.segments()) > 0 }

func (w *Worker) segments() []string {
	out := slices.Concat(w.Policy.Own.Segments, w.Policy.Own.NotSegments)
	for _, step := range w.Steps {
		if step.Offer != nil {
			out = append(out, step.Offer.Segments...)
		}
	}
	return out
}

// Memberships returns what segments the person belongs to, at a time. Its error is
// segment.ErrUnknown.
func (p *Person) Memberships(now time.Time) (*segment.Memberships, error) {
	m := new(segment.Memberships)
	if err := p.MembershipsIn(m, now); err != nil {
		return nil, err
	}
	return m, nil
}

// MembershipsIn is Memberships, in the memory of some that nobody needs any more.
func (p *Person) MembershipsIn(m *segment.Memberships, now time.Time) error {
	in := segment.Input{Customer: p.Customer, Category: p.Products.Category, Now: now}
	p.Store.Knows(&in)
	return p.Store.Segments.Into(m, p.Products.Segmented(), in)
}

// Audiences returns in which of some segments the person is, at a time, and may be named as
// one of it to others: they said yes to marketing email themselves, and have not taken it
// back. That they ordered is not enough, whatever the store's policy for email is. Its
// error is segment.ErrUnknown.
func (p *Person) Audiences(names []string, now time.Time) ([]bool, error) {
	m, err := p.Memberships(now)
	if err != nil {
		return nil, err
	}
	out, may, asked := make([]bool, len(names)), false, false
	for i, name := range names {
		if !m.Has(name) {
			continue
		}
		if !asked {
			asked, may = true, p.Shareable(now).Action == touch.Send
		}
		out[i] = may
	}
	return out, nil
}

// Shareable says why a person must not be named to others as one of a segment; the zero
// Verdict: they may.
func (p *Person) Shareable(now time.Time) touch.Verdict {
	policy := gate.Policy{Installation: p.Store.Workers[0].Policy.Installation, Sections: gate.Sections{Consent: gate.Consent{Policy: gate.Explicit}}}
	return gate.Standing(&gate.Case{Step: touch.Step{Class: touch.Marketing}, Customer: p.Customer, Policy: policy, Address: p.Address, Now: now})
}

// Knows puts into an input what segments may ask of a customer that is not in their record:
// whether they are held out, and their tier, where the store has a rewards programme.
func (s *Store) Knows(in *segment.Input) {
	in.Holdout = s.HeldOut(in.Customer)
	if w := s.rewards(); w != nil {
		in.Tier = func(c *customer.Customer, now time.Time) string {
			l := w.Ledger(workers.Input{Customer: c, Zone: s.Zone, Now: now})
			return l.Tier(now).Tier
		}
	}
}

// rewards is the worker with a ledger of points and tiers; nil: there is none that is on.
func (s *Store) rewards() *Worker {
	i := slices.IndexFunc(s.Workers, func(w *Worker) bool {
		return w.Ledger != nil && len(w.Tiers) > 0 && w.Settings.Status != workers.Off
	})
	if i < 0 {
		return nil
	}
	return s.Workers[i]
}

// checkTiers finds segments that ask for a tier that there isn't.
func (s *Store) checkTiers() error {
	if w := s.rewards(); w != nil {
		return s.Segments.CheckTiers(w.Tiers)
	}
	return nil
}

// member answers for the gate. It looks at the person when it is first asked.
func (p *Person) member(now time.Time) func(name string) (bool, string, error) {
	var m *segment.Memberships
	return func(name string) (bool, string, error) {
		if m == nil {
			var err error
			if m, err = p.Memberships(now); err != nil {
				return false, "", err
			}
		}
		is := m.Membership(name)
		return is.Member, is.String(), nil
	}
}

// Offered reports whether an offer that is for some segments only is for the person. Its
// error is segment.ErrUnknown.
func (p *Person) Offered(segments []string, now time.Time) (bool, error) {
	if len(segments) == 0 {
		return true, nil
	}
	m, err := p.Memberships(now)
	return err == nil && slices.ContainsFunc(segments, m.Has), err
}
