package events

import (
	"strings"
	"time"
)

// Subscription is what a customer gets again and again, and pays for each time.
type Subscription struct {
	ID            string     `json:"id" rule:"own_id,required"`
	Name          string     `json:"name,omitempty" rule:"product_name"`             // of the plan: "Espresso, every month"
	Items         []Item     `json:"items,omitempty"`                                // what comes each time
	Total         Money      `json:"total,omitzero"`                                 // what the customer pays each time
	Interval      string     `json:"interval,omitempty" rule:"interval"`             // day, week, month or year
	IntervalCount int        `json:"interval_count,omitempty" rule:"interval_count"` // how many of them; 0: one
	NextRenewalAt *time.Time `json:"next_renewal_at,omitempty" rule:"until"`         // when the customer is charged next
	ManageURL     string     `json:"manage_url,omitempty" rule:"https"`              // where the customer changes it
	SkipURL       string     `json:"skip_url,omitempty" rule:"https"`                // skips the next renewal
	CancelURL     string     `json:"cancel_url,omitempty" rule:"https"`              // cancels it
	PaymentURL    string     `json:"payment_url,omitempty" rule:"https"`             // where the customer pays, or changes how
}

// The intervals of a subscription.
const (
	EveryDay   = "day"
	EveryWeek  = "week"
	EveryMonth = "month"
	EveryYear  = "year"
)

// maxIntervalCount is the highest number of days, weeks, months or years.
const maxIntervalCount = 999

// Days returns how many days it is from one renewal to the next, about: a month has 30
// and a year 365. 0: the shop does not say.
func (s *Subscription) Days() int {
	each := map[string]int{EveryDay: 1, EveryWeek: 7, EveryMonth: 30, EveryYear: 365}[s.Interval]
	return each * max(1, s.IntervalCount)
}

// Why a subscription was cancelled.
const (
	CancelRequested     = "requested"      // the customer wanted it
	CancelPaymentFailed = "payment_failed" // it was not paid
	CancelExpired       = "expired"        // it was for a time, which is over
	CancelDiscontinued  = "discontinued"   // the shop does not offer it any more
	CancelFraud         = "fraud"
	CancelDeceased      = "deceased"
)

// CancelReasons lists them.
func CancelReasons() []string {
	return []string{CancelRequested, CancelPaymentFailed, CancelExpired, CancelDiscontinued, CancelFraud, CancelDeceased}
}

// SubscriptionStarted says what a customer subscribed to, for the first time or again.
type SubscriptionStarted struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
}

// SubscriptionUpdated says what a subscription is now: after a change, or when the next
// renewal was skipped or moved.
type SubscriptionUpdated struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
}

// SubscriptionRenewing says that a subscription is about to renew, and when.
type SubscriptionRenewing struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
}

// SubscriptionRenewed says that a subscription has renewed, and was paid.
type SubscriptionRenewed struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
}

// SubscriptionPaused says that nothing comes of a subscription, and nothing is charged,
// until it is resumed.
type SubscriptionPaused struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
}

// SubscriptionResumed says that a subscription that was paused goes on.
type SubscriptionResumed struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
}

// SubscriptionCancelled says that a subscription will not renew any more.
type SubscriptionCancelled struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
	Reason       string       `json:"reason,omitempty" rule:"cancellation"` // one of CancelReasons; empty: not known
	EndsAt       *time.Time   `json:"ends_at,omitempty" rule:"until"`       // until when it goes on, paid as it is; nil: it is over
}

// SubscriptionPaymentFailed says that a renewal could not be charged.
type SubscriptionPaymentFailed struct {
	Customer     `json:"customer"`
	Subscription Subscription `json:"subscription" rule:",required"`
	RetryAt      *time.Time   `json:"retry_at,omitempty" rule:"until"` // when the shop tries again; nil: it does not, or nobody knows
}

// SubscriptionTold returns the subscription that data is about; nil: it is about none.
func SubscriptionTold(d Data) *Subscription {
	switch d := d.(type) {
	case *SubscriptionStarted:
		return &d.Subscription
	case *SubscriptionUpdated:
		return &d.Subscription
	case *SubscriptionRenewing:
		return &d.Subscription
	case *SubscriptionRenewed:
		return &d.Subscription
	case *SubscriptionPaused:
		return &d.Subscription
	case *SubscriptionResumed:
		return &d.Subscription
	case *SubscriptionCancelled:
		return &d.Subscription
	case *SubscriptionPaymentFailed:
		return &d.Subscription
	}
	return nil
}

func (*SubscriptionStarted) Type() Type       { return TypeSubscriptionStarted }
func (*SubscriptionUpdated) Type() Type       { return TypeSubscriptionUpdated }
func (*SubscriptionRenewing) Type() Type      { return TypeSubscriptionRenewing }
func (*SubscriptionRenewed) Type() Type       { return TypeSubscriptionRenewed }
func (*SubscriptionPaused) Type() Type        { return TypeSubscriptionPaused }
func (*SubscriptionResumed) Type() Type       { return TypeSubscriptionResumed }
func (*SubscriptionCancelled) Type() Type     { return TypeSubscriptionCancelled }
func (*SubscriptionPaymentFailed) Type() Type { return TypeSubscriptionPaymentFailed }

// counts says what is wrong with how often a subscription renews, if anything is.
func (s *Subscription) counts() (field string, r Reason, problem string) {
	if s.IntervalCount != 0 && s.Interval == "" {
		return "interval", ReasonMissingField, "missing; interval_count says how many of them: day, week, month or year"
	}
	return "", "", ""
}

// ahead says what is wrong with an announcement of a renewal, if anything is.
func (d *SubscriptionRenewing) ahead() (field string, r Reason, problem string) {
	if d.Subscription.NextRenewalAt == nil {
		return "subscription.next_renewal_at", ReasonMissingField, "missing; it says when the subscription renews"
	}
	return "", "", ""
}

// secureURL is webURL for a page on which something is decided or paid.
func secureURL(s string) string {
	if s = webURL(s); len(s) < len("https:") || !strings.EqualFold(s[:len("https:")], "https:") {
		return ""
	}
	return s
}
