package workers

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// closingForm is that of an occasion: when a complaint was closed, UTC.
const closingForm = "20060102t150405"

// ClosingOf names a complaint that was closed at some time, as the occasion of a touch.
func ClosingOf(at time.Time) string { return at.UTC().Format(closingForm) }

// Closing returns when the complaint was closed that a touch is about.
func Closing(t touch.Touch) (closed time.Time, ok bool) {
	closed, err := time.Parse(closingForm, t.Occasion)
	return closed, err == nil
}

// AfterClosing says whether an email about a complaint that was closed is right: all is
// closed, nothing was closed later, and within onceIn no other closing led to one.
func AfterClosing(t touch.Touch, in Input, onceIn time.Duration, due func(closed time.Time) time.Time) touch.Verdict {
	c := in.Customer
	closed, ok := Closing(t)
	if !ok || t.Snapshot == nil {
		return touch.DropFor(reason.InsufficientData, "the occasion is not when a complaint was closed")
	}
	if c.Complains() {
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open, or open again")
	}
	if last := c.LastNoted(customer.ComplaintClosed).Truncate(time.Second); last.After(closed) {
		return touch.DropFor(reason.Bundled, "another complaint was closed later, and its email follows")
	}
	if at := due(closed); in.Now.Before(at) {
		return touch.MoveTo(at, "the wait after the complaint was closed is not over")
	}
	for _, n := range c.Notes {
		before := t
		if before.Occasion = ClosingOf(n.Time()); n.Kind != customer.ComplaintClosed || before.Occasion == t.Occasion {
			continue
		}
		if k, ok := before.ClaimIn(c); ok && k.Spends() && in.Now.Sub(time.UnixMilli(k.At)) < onceIn {
			return touch.DropFor(reason.Bundled, "they were written to about another complaint in the last seven days")
		}
	}
	return touch.Verdict{}
}
