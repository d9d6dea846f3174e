package workers

import (
	"cmp"
	"fmt"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Unused returns the code that came with an earlier email, named so in words, if an email
// may remind of it: that email left, and the code can be used and was not. Otherwise the
// verdict is what becomes of the reminder; while the earlier email has no outcome, that of
// await.
func Unused(earlier touch.Touch, named string, in Input, await func() touch.Verdict) (customer.Offer, touch.Verdict) {
	c, z := in.Customer, in.Location()
	k, ok := earlier.ClaimIn(c)
	switch {
	case !ok || k.State == customer.Open:
		return customer.Offer{}, await()
	case k.State == customer.Dropped:
		return customer.Offer{}, touch.DropFor(cmp.Or(reason.Reason(k.Why), reason.Expired), named+" was not sent")
	}
	o, ok := earlier.OfferIn(c)
	if !ok || o.Expires == 0 {
		return customer.Offer{}, touch.DropFor(reason.InsufficientData, named+" brought no coupon that expires")
	}
	if at := c.Redeemed(o); !at.IsZero() {
		return customer.Offer{}, touch.DropFor(reason.Purchased, fmt.Sprintf("the coupon was used on %s", localtime.DateOf(at.In(z))))
	}
	if !in.Now.Before(time.UnixMilli(o.Expires)) {
		return customer.Offer{}, touch.DropFor(reason.Expired, "the coupon has expired")
	}
	return o, touch.Verdict{}
}
