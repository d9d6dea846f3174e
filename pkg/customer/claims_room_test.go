package customer_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

// outcome is the fact of the nth touch.
func outcome(n int, sent bool) events.Event {
	b := events.Email{Touch: fmt.Sprintf("a.b.c.%d", n), Reason: "expired"}
	if sent {
		return at(n, fmt.Sprint("f", n), &events.EmailSent{Email: b})
	}
	return at(n, fmt.Sprint("f", n), &events.EmailDropped{Email: b})
}

func (k kept) of(c customer.Customer) kept {
	for _, x := range c.Claims {
		if x.Spends() {
			k.sent++
		} else {
			k.dropped++
		}
	}
	return k
}

type kept struct{ sent, dropped int }

func TestWhatWasDroppedPushesNothingOutThatTheCapsCount(t *testing.T) {
	var c customer.Customer
	for n := range 8 {
		customer.Apply(&c, outcome(n, true))
	}
	for n := range 3 * customer.MaxClaims {
		customer.Apply(&c, outcome(8+n, false))
	}
	if got, want := (kept{}).of(c), (kept{8, customer.MaxClaims}); got != want {
		t.Errorf("kept %+v, want %+v", got, want)
	}
}

func TestWhatWasSentPushesNoDropOut(t *testing.T) {
	var c customer.Customer
	customer.Apply(&c, outcome(0, false))
	for n := range 3 * customer.MaxClaims {
		customer.Apply(&c, outcome(1+n, true))
	}
	if got, want := (kept{}).of(c), (kept{customer.MaxClaims, 1}); got != want {
		t.Errorf("kept %+v, want %+v", got, want)
	}
	if d := diff(c, clone(t, c)); d != "" {
		t.Errorf("what was decoded is not what was encoded:\n%s", d)
	}
}

func TestMoreOutcomesThanAreKeptGiveTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var es []events.Event
		for n := range rapid.IntRange(1, 3*customer.MaxClaims).Draw(t, "outcomes") {
			es = append(es, outcome(n, rapid.Bool().Draw(t, "sent")))
		}
		want := fold(es)
		for range 3 {
			if d := diff(want, fold(shuffled(t, es))); d != "" {
				t.Fatalf("another order gives another customer:\n%s", d)
			}
		}
	})
}
