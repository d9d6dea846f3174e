package workers

import (
	"fmt"
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// HalfYear names the half of a year that a time is in: "2026-1". It is the occasion of what
// is sent every so many months, whatever leads to it.
func HalfYear(at time.Time) string {
	at = at.UTC()
	return fmt.Sprintf("%d-%d", at.Year(), 1+(int(at.Month())-1)/6)
}

// LastOfHalves returns when the step of a touch, whose occasion is a half of a year, last
// left in another half; the zero time: not within three years.
func LastOfHalves(t touch.Touch, in Input) (last time.Time) {
	c, own := in.Customer, t.Occasion
	if len(c.Claims) == 0 {
		return last
	}
	for year := in.Now.UTC().Year() - 3; year <= in.Now.UTC().Year()+1; year++ {
		for h := 1; h <= 2; h++ {
			if t.Occasion = fmt.Sprintf("%d-%d", year, h); t.Occasion == own {
				continue
			}
			if k, ok := t.ClaimIn(c); ok && k.State != customer.Dropped {
				if at := time.UnixMilli(k.At).UTC(); at.After(last) {
					last = at
				}
			}
		}
	}
	return last
}
