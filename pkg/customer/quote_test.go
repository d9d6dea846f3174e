package customer_test

import (
	"fmt"
	"slices"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

// A review may be quoted for as long as the customer agrees: the last one of a product
// counts, and what was withdrawn, or erased, is gone.
func TestWhatMayBeQuoted(t *testing.T) {
	reviewed := func(n int, product, text string, agreed bool) events.Event {
		return at(n, fmt.Sprint("r", n, product), &events.ReviewSubmitted{Customer: ann, Review: events.Review{ProductID: product, Rating: 5, Text: text, QuoteConsent: agreed}})
	}
	withdrawn := func(n int, product string) events.Event {
		return at(n, fmt.Sprint("w", n, product), &events.ReviewWithdrawn{Customer: ann, Review: events.Review{ProductID: product}})
	}
	good := reviewed(5, "tea", "Lovely.", true)
	many := func(from int, make func(n int) events.Event) (out []events.Event) {
		for i := range customer.MaxNotes + 1 {
			out = append(out, make(from+i))
		}
		return out
	}
	for _, c := range []struct {
		name   string
		events []events.Event
		want   bool
	}{
		{"agreed", []events.Event{good}, true},
		{"did not agree", []events.Event{reviewed(5, "tea", "Lovely.", false)}, false},
		{"wrote nothing", []events.Event{reviewed(5, "tea", "", true)}, false},
		{"agreed for another product", []events.Event{reviewed(5, "cup", "Lovely.", true)}, false},
		{"said something else since", []events.Event{good, reviewed(6, "tea", "It broke.", true)}, false},
		{"took the consent back", []events.Event{good, reviewed(6, "tea", "Lovely.", false)}, false},
		{"had another opinion before", []events.Event{reviewed(4, "tea", "It broke.", false), good}, true},
		{"reviewed something else since", []events.Event{good, reviewed(6, "cup", "", false)}, true},
		{"withdrew it", []events.Event{good, withdrawn(6, "tea")}, false},
		{"withdrew an older one", []events.Event{withdrawn(4, "tea"), good}, true},
		{"withdrew another one", []events.Event{good, withdrawn(6, "cup")}, true},
		{"withdrew it, and so many others that it is forgotten", append(many(7, func(n int) events.Event { return withdrawn(n, fmt.Sprint("p", n)) }), good, withdrawn(6, "tea")), false},
		{"reviewed so much since that it is forgotten", append(many(7, func(n int) events.Event { return reviewed(n, fmt.Sprint("p", n), "", false) }), good), false},
		{"was erased", []events.Event{good, at(6, "e", &events.CustomerErased{Customer: ann})}, false},
		{"was erased before", []events.Event{at(4, "e", &events.CustomerErased{Customer: ann}), good}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			backward := slices.Clone(c.events)
			slices.Reverse(backward)
			for _, order := range [][]events.Event{c.events, backward} {
				who := fold(order)
				if got := who.MayQuote("tea", good.Time.UnixMilli()); got != c.want {
					t.Errorf("may be quoted: %v", got)
				}
			}
		})
	}
}
