package gate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Share is a part of all customers, 0 to 1, written "5%".
type Share float64

// String returns the share as it is written in the configuration.
func (s Share) String() string { return strconv.FormatFloat(float64(s)*100, 'g', 6, 64) + "%" }

// MarshalText returns what String returns.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "5%". A number without the sign is refused, because it
// could mean either a share or a fraction.
func (s *Share) UnmarshalText(text []byte) error {
	number, sign := strings.CutSuffix(string(text), "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(f) || !sign {
		return fmt.Errorf("%q is not a percentage; write for example 10%%", text)
	}
	if f < 0 || f > 100 {
		return fmt.Errorf("%q is not between 0%% and 100%%", text)
	}
	*s = Share(f / 100)
	return nil
}

// holdout: the control groups, of all marketing and of this worker, get nothing
// that they would otherwise have got. Every rule that drops an email comes before
// this one, and every rule that only delays it after.
func holdout(c *Case) touch.Verdict {
	all, own := c.Policy.Installation.Holdout, c.Policy.Own.Holdout
	switch {
	case !c.marketing():
	case all > 0 && c.Policy.Draw(c.drawn(), "") < float64(all):
		return touch.DropFor(reason.Holdout, "one of the "+all.String()+" who get no marketing email")
	case own > 0 && c.Policy.Draw(c.drawn(), c.Touch.Worker) < float64(own):
		return touch.DropFor(reason.Holdout, "one of the "+own.String()+" who get no email of "+c.Touch.Worker)
	case c.ownHoldout() > 0 && c.Policy.Draw(c.drawn(), c.Touch.Worker+"."+c.Touch.Occasion) < c.ownHoldout():
		return touch.DropFor(reason.Holdout, "one of the "+Share(c.ownHoldout()).String()+" who do not get "+c.Touch.Occasion)
	}
	return touch.Verdict{}
}

// ownHoldout is the share of those who do not get what the one occasion is about.
func (c *Case) ownHoldout() float64 {
	if c.Touch.Own == nil {
		return 0
	}
	return c.Touch.Own.Holdout
}

// drawn is whose number counts: of the ids of a person the first, in the order of their
// tokens, whichever the email was planned for.
func (c *Case) drawn() customer.Key {
	if tokens := c.Customer.Tokens; len(tokens) > 0 {
		return c.Touch.Under(tokens[0]).Customer
	}
	return c.Touch.Customer
}
