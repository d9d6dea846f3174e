package why

import (
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// subscribed says what happened to a subscription.
func (t *teller) subscribed(d events.Data) string {
	of := events.SubscriptionTold(d)
	s := "subscription " + of.ID + " "
	switch d := d.(type) {
	case *events.SubscriptionStarted:
		s += "started"
	case *events.SubscriptionUpdated:
		s += "was changed"
	case *events.SubscriptionRenewing:
		s += "is about to renew"
	case *events.SubscriptionRenewed:
		s += "renewed"
	case *events.SubscriptionPaused:
		return s + "was paused"
	case *events.SubscriptionResumed:
		s += "goes on"
	case *events.SubscriptionCancelled:
		s += "was cancelled"
		if d.Reason != "" {
			s += " (" + strings.ReplaceAll(d.Reason, "_", " ") + ")"
		}
		if d.EndsAt != nil {
			s += ", and ends on " + t.at(*d.EndsAt)
		}
		return s
	case *events.SubscriptionPaymentFailed:
		s += "could not be charged"
		if d.RetryAt != nil {
			s += "; the shop tries again on " + t.at(*d.RetryAt)
		}
		return s
	}
	if len(of.Items) > 0 {
		s += ": " + goods(of.Items, of.Total)
	}
	if of.NextRenewalAt != nil {
		s += "; renews on " + t.at(*of.NextRenewalAt)
	}
	return s
}

// ExportSubscription is what is kept of a subscription; which products come with it is
// held as hashes.
type ExportSubscription struct {
	ID       string      `json:"id"`
	Standing string      `json:"standing"`
	Reason   string      `json:"reason,omitempty"` // of the cancellation
	Active   time.Time   `json:"active_at,omitzero"`
	Paused   time.Time   `json:"paused_at,omitzero"`
	Ended    time.Time   `json:"cancelled_at,omitzero"`
	Ends     time.Time   `json:"ends_at,omitzero"`
	Renews   time.Time   `json:"next_renewal_at,omitzero"`
	Days     int64       `json:"interval_days,omitempty"`
	Products int         `json:"products,omitempty"`
	Unpaid   []time.Time `json:"payment_failed_at,omitempty"`
}

func exportSubscriptions(c *customer.Customer) []ExportSubscription {
	var out []ExportSubscription
	at := func(n int64) time.Time {
		if n == 0 {
			return time.Time{}
		}
		return ms(n)
	}
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		x := ExportSubscription{ID: s.ID, Standing: standing(s), Reason: s.Reason(), Active: at(s.Active), Paused: at(s.Paused), Ended: at(s.Cancelled), Ends: at(s.Ends),
			Renews: s.RenewsAt(), Days: s.Days.Value, Products: len(s.Products.Value)}
		for _, n := range s.Unpaid {
			x.Unpaid = append(x.Unpaid, ms(n))
		}
		out = append(out, x)
	}
	return out
}

func standing(s *customer.Subscription) string {
	return map[customer.Standing]string{customer.IsActive: "active", customer.IsPaused: "paused", customer.IsCancelled: "cancelled"}[s.Standing()]
}
