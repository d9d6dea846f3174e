package customer_test

import (
	"testing"

	"homing/events"
)

// Two ids were merged, and then the other way round: the shop goes on with the one that
// it named last.
func TestOfARingTheShopGoesOnWithTheIDThatItNamedLast(t *testing.T) {
	for _, c := range []struct {
		name string
		es   []events.Event
		want string
	}{
		{"of two", []events.Event{merged(2, "b", "a"), merged(3, "a", "b")}, "a@example.com"},
		{"of two, the other way", []events.Event{merged(3, "b", "a"), merged(2, "a", "b")}, "b@example.com"},
		{"of three", []events.Event{merged(2, "b", "a"), merged(3, "c", "b"), merged(4, "a", "c")}, "a@example.com"},
		{"of three, closed in the middle", []events.Event{merged(2, "b", "a"), merged(4, "c", "b"), merged(3, "a", "c")}, "c@example.com"},
		{"no ring", []events.Event{merged(2, "b", "a"), merged(3, "c", "b")}, "c@example.com"},
		{"with itself", []events.Event{merged(2, "a", "a"), merged(3, "a", "b"), merged(4, "a", "c")}, "a@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			es := []events.Event{knows(1, who("a", "a@example.com")), knows(1, who("b", "b@example.com")), knows(1, who("c", "c@example.com"))}
			permute(append(es, c.es...), func(es []events.Event) {
				w := newTown(drawer(t))
				for _, e := range es {
					w.take(e)
				}
				for _, id := range []string{"a", "b", "c"} {
					p := w.of(t, id)
					if len(p.Members) > 1 && p.Customer.Account() != c.want {
						t.Fatalf("email to %s goes to %s, want %s", id, p.Customer.Account(), c.want)
					}
				}
			})
		})
	}
}
