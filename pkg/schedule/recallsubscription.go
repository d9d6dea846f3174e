package schedule

import (
	"cmp"
	"context"
	"slices"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// incomplete reports whether a plan is about a subscription of which its event did not say
// enough for an email: a shop need not tell all of it each time.
func incomplete(s *touch.Snapshot) bool {
	of := s.Subscription
	return of != nil && (of.Name == "" || len(s.Items) == 0 || s.Total.IsZero() || of.Interval == "" ||
		of.ManageURL == "" && of.SkipURL == "" && of.CancelURL == "" && of.PaymentURL == "")
}

// recallSubscription gives a plan what the timeline has of its subscription, and its event
// does not say: of each thing what was said last.
func (p *Planner) recallSubscription(ctx context.Context, t *plan, who *customer.Person) error {
	var sequences []uint64
	for _, r := range who.Members {
		sequences = append(sequences, r.Timeline()...)
	}
	entries, _, err := p.Timeline.Get(ctx, sequences)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e customer.Entry) bool {
		of := events.SubscriptionTold(e.Event.Data)
		return of == nil || of.ID != t.Snapshot.Subscription.ID
	})
	slices.SortFunc(entries, func(a, b customer.Entry) int { return customer.StampOf(b.Event).Compare(customer.StampOf(a.Event)) })
	s, of := *t.Snapshot, *t.Snapshot.Subscription
	for _, e := range entries {
		said := events.SubscriptionTold(e.Event.Data)
		if len(s.Items) == 0 {
			s.Items, s.More = touch.Items(said.Items)
		}
		if s.Total.IsZero() {
			s.Total = said.Total
		}
		if of.Interval == "" {
			of.Interval, of.IntervalCount = said.Interval, said.IntervalCount
		}
		of.Name = cmp.Or(of.Name, said.Name)
		of.ManageURL, of.SkipURL = cmp.Or(of.ManageURL, said.ManageURL), cmp.Or(of.SkipURL, said.SkipURL)
		of.CancelURL, of.PaymentURL = cmp.Or(of.CancelURL, said.CancelURL), cmp.Or(of.PaymentURL, said.PaymentURL)
	}
	s.Subscription = &of
	t.Snapshot = &s
	return nil
}
