package customer

import (
	"maps"
	"slices"
	"strings"
)

// Join folds all that is known about from into c: two records are one person's. c keeps
// its own id, and nothing comes back that was said before c was erased. Joining again
// changes nothing.
func Join(c *Customer, from Customer) bool {
	if c.Erased.After(from.Erased) {
		from = from.clone()
		from.erase(c.Erased)
	}
	changed := false
	mine, theirs := c.texts(), from.texts()
	for i, f := range mine {
		if f != &c.ID && f != &c.Merged {
			changed = f.join(theirs[i].Register, strings.Compare) || changed
		}
	}
	if from.Opinion.At != 0 {
		changed = c.opine(from.Opinion) || changed
	}
	for scope, s := range from.Stops {
		changed = c.stop(scope, s) || changed
	}
	if from.Asked != 0 {
		changed = c.ask(from.Asked) || changed
	}
	changed = c.bounce(from.Bounce) || changed
	changed = c.Cart.join(from.Cart, Cart.compare) || changed
	changed = c.Left.join(from.Left, Cart.compare) || changed
	for _, n := range from.Notes {
		changed = c.remember(n) || changed
	}
	for _, a := range from.Answers {
		changed = c.keepAnswer(a) || changed
	}
	for _, a := range from.Adjustments {
		changed = c.adjust(a) || changed
	}
	for _, o := range from.Subscriptions {
		changed = c.keepSubscription(o) || changed
	}
	for _, r := range from.Referrals {
		changed = c.refer(r) || changed
	}
	for _, o := range from.Offers {
		changed = c.Bind(o) || changed
	}
	changed = c.sunset(from.Sunset) || changed
	changed = c.joinOrders(&from) || changed
	for _, k := range from.Claims {
		changed = c.Settle(k) || changed
	}
	return changed
}

// clone returns a copy that can be folded into further without changing c.
func (c *Customer) clone() Customer {
	out := *c
	out.Stops = maps.Clone(c.Stops)
	out.Orders, out.Untold, out.Seen = slices.Clone(c.Orders), slices.Clone(c.Untold), slices.Clone(c.Seen)
	out.Notes, out.Offers, out.Claims = slices.Clone(c.Notes), slices.Clone(c.Offers), slices.Clone(c.Claims)
	out.Answers, out.Subscriptions = slices.Clone(c.Answers), slices.Clone(c.Subscriptions)
	out.Adjustments, out.Referrals = slices.Clone(c.Adjustments), slices.Clone(c.Referrals)
	out.Addresses, out.Absorbed = slices.Clone(c.Addresses), slices.Clone(c.Absorbed)
	return out
}
