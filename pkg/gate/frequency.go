package gate

import (
	"fmt"
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// frequency: no more mails than the caps allow in any stretch of their length.
// Transactional mail counts and is not held.
func frequency(c *Case) touch.Verdict {
	if !c.marketing() {
		return touch.Verdict{}
	}
	var until time.Time
	var why Window
	for _, w := range c.Policy.Frequency {
		if at := roomAt(c.Customer.Claims, w, c.Now, customer.ClaimKey(c.Touch.ID())); at.After(until) {
			until, why = at, w
		}
	}
	if !until.After(c.Now) {
		return touch.Verdict{}
	}
	detail := fmt.Sprintf("%d of %d in %s used", why.Limit, why.Limit, why.Length)
	if end := c.Touch.Due.Add(c.Step.Expires); until.After(end) {
		return touch.DropFor(touch.Expired, detail+"; room again only "+stamp(until)+", too late")
	}
	return touch.HoldUntil(until, touch.FrequencyCap, detail)
}

// roomAt returns the earliest time at which the window has room for one more
// mail: now, or when enough of the mails it holds have left it. claims are
// newest first; a claim of this very touch does not count against it.
func roomAt(claims []customer.Claim, w Window, now time.Time, this uint64) time.Time {
	held := 0
	for _, k := range claims {
		if !k.Spends() || k.Touch == this {
			continue
		}
		leaves := time.UnixMilli(k.At).Add(w.Length)
		if !leaves.After(now) {
			break
		}
		if held++; held == w.Limit {
			return leaves
		}
	}
	return now
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
