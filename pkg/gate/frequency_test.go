package gate_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

func anyWindows(t *rapid.T) []gate.Window {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) gate.Window {
		return gate.Window{Limit: rapid.IntRange(1, 4).Draw(t, "limit"), Length: time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour}
	}), 1, 3).Draw(t, "windows")
}

// held counts the emails that are in the stretch of a window's length that ends
// at a time: the model that the rule is checked against.
func held(mails []time.Time, w gate.Window, at time.Time) int {
	n := 0
	for _, m := range mails {
		if m.After(at.Add(-w.Length)) && !m.After(at) {
			n++
		}
	}
	return n
}

func room(mails []time.Time, ws []gate.Window, at time.Time) bool {
	for _, w := range ws {
		if held(mails, w, at) >= w.Limit {
			return false
		}
	}
	return true
}

// onDay counts the emails on the day that a time is of.
func onDay(mails []time.Time, at time.Time, z *time.Location) int {
	n := 0
	for _, m := range mails {
		if m.In(z).Format(time.DateOnly) == at.In(z).Format(time.DateOnly) {
			n++
		}
	}
	return n
}

// A month of touches at any times: each is judged, and sent if the gate lets it.
func TestNoCapIsEverExceededAndNoHoldIsLongerThanItMust(t *testing.T) {
	t.Parallel()
	all := zones(t)
	rapid.Check(t, func(t *rapid.T) {
		ws := anyWindows(t)
		perDay, z := rapid.IntRange(0, 3).Draw(t, "per day"), zone(t, rapid.SampledFrom(all).Draw(t, "zone"))
		free := func(mails []time.Time, at time.Time) bool {
			return room(mails, ws, at) && (perDay == 0 || onDay(mails, at, z) < perDay)
		}
		var mails []time.Time
		var who customer.Customer
		// Near a change of the clocks where there is one.
		at := now
		if _, change := at.In(z).ZoneBounds(); !change.IsZero() {
			at = change.Add(-2 * dayLong).Truncate(time.Minute).UTC()
		}
		for i := range rapid.IntRange(1, 40).Draw(t, "touches") {
			at = at.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "half hours later")) * 30 * time.Minute)
			c := passing()
			c.Touch.Occasion, c.Touch.Due, c.Now = fmt.Sprint(i), at, at
			c.Policy.Frequency, c.Policy.PerDay, c.Policy.Zone = ws, gate.PerDay(perDay), z
			c.Step.Expires = 1000 * dayLong
			c.Customer.Claims = who.Claims
			v := gate.Judge(c)
			if sent := v.Action == touch.Send; sent != free(mails, at) {
				t.Fatalf("touch %d at %v: sent %v, but there is room: %v; emails at %v, caps %v", i, at, sent, !sent, mails, ws)
			}
			if v.Action == touch.Send {
				mails = append(mails, at)
				state := rapid.SampledFrom([]customer.ClaimState{customer.Open, customer.Uncertain, customer.Sent}).Draw(t, "claim")
				who.SetClaim(customer.Claim{Touch: uint64(i), State: state, At: at.UnixMilli()})
				continue
			}
			// All times are whole minutes, so the first with room is, too.
			if first := v.Until.Truncate(time.Minute); free(mails, first.Add(-time.Millisecond)) || !free(mails, first) || !free(mails, v.Until) {
				t.Fatalf("touch %d is held until %v, which is not the first moment with room; emails at %v, caps %v", i, v.Until, mails, ws)
			}
		}
		for _, m := range mails { // the worst stretch of any window ends with an email
			for _, w := range ws {
				if n := held(mails, w, m); n > w.Limit {
					t.Fatalf("%d emails in the %v before %v, allowed are %d", n, w.Length, m, w.Limit)
				}
			}
			if n := onDay(mails, m, z); perDay > 0 && n > perDay {
				t.Fatalf("%d emails on the day of %v, allowed are %d", n, m, perDay)
			}
		}
	})
}

func TestWhatDoesNotCountTowardsTheCaps(t *testing.T) {
	key := passing().Touch.ClaimKey()
	for name, k := range map[string]customer.Claim{
		"a dropped touch":               {Touch: 5, State: customer.Dropped, At: now.UnixMilli()},
		"the claim of this touch":       {Touch: key, State: customer.Open, At: now.UnixMilli()},
		"an email older than all caps":  {Touch: 6, State: customer.Sent, At: now.Add(-31 * dayLong).UnixMilli()},
		"an email at the window's edge": {Touch: 7, State: customer.Sent, At: now.Add(-16 * time.Hour).UnixMilli()},
	} {
		c := passing()
		c.Customer.SetClaim(k)
		if v := gate.Judge(c); v.Action != touch.Send {
			t.Errorf("%s counts: %+v", name, v)
		}
	}
	for _, state := range []customer.ClaimState{customer.Open, customer.Uncertain, customer.Sent} {
		c := passing()
		c.Customer.SetClaim(customer.Claim{Touch: 8, State: state, At: now.UnixMilli()})
		if v := gate.Judge(c); v.Reason != reason.FrequencyCap {
			t.Errorf("a claim of state %d does not count: %+v", state, v)
		}
	}
}
