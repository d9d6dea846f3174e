package customer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
)

func TestOneMailbox(t *testing.T) {
	for _, c := range []struct {
		a, b string
		one  bool
	}{
		{"ann@example.com", "Ann+tea@Example.com", true},
		{"a.nn@gmail.com", "ann+x@googlemail.com", true},
		{"a.nn@example.com", "ann@example.com", false},
		{"+ann@example.com", "@example.com", false},
		{"ann@example.com", "ann@example.org", false},
	} {
		if got := customer.OneMailbox(c.a) == customer.OneMailbox(c.b); got != c.one {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func TestAnAddressAsProvidersReadIt(t *testing.T) {
	for address, want := range map[string]string{
		"ann@example.com":           "ann@example.com",
		"Ann+Shop@Example.COM":      "ann@example.com",
		"ann+a+b@example.com":       "ann@example.com",
		"a.n.n@example.com":         "a.n.n@example.com",
		"a.n.n+x@gmail.com":         "ann@gmail.com",
		"ann@GoogleMail.com":        "ann@gmail.com",
		"+ann@example.com":          "+ann@example.com",
		".@gmail.com":               ".@gmail.com",
		`"ann+@home"@example.com`:   `"ann@example.com`,
		"ann-shop@example.com":      "ann-shop@example.com",
		"ann@gmail.com.example.com": "ann@gmail.com.example.com",
		"nothing":                   "nothing",
		"":                          "",
	} {
		if got := customer.OneMailbox(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// What the referrer is told of a friend's order is what became of it, in whatever sequence
// the friend's events come; and each telling is the same whichever process makes it.
func TestWhoRecommendedTheShopIsToldWhatBecameOfTheOrder(t *testing.T) {
	friend := customer.Key{Store: "main", Token: "mmmmmmmmmmmmmmmm", Bucket: 99}
	lee := events.Customer{ID: "lee"}
	referred := func(day int, by, order, state string) events.Event {
		return at(day, "r"+by+order, &events.ReferralNoted{Side: events.SideFriend, Other: by, Order: order, Mailbox: "mailbox", State: state})
	}
	placed := func(day int, id string) events.Event {
		return at(day, "p"+id, &events.OrderPlaced{Customer: lee, Order: events.Order{ID: id, Items: []events.Item{{ProductID: "tea", Quantity: 1}}}})
	}
	cancelled := func(day int, id string) events.Event {
		return at(day, "c"+id, &events.OrderCancelled{Customer: lee, Order: events.OrderChange{ID: id}})
	}
	const ann, bob = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
	for _, c := range []struct {
		name string
		es   []events.Event
		want map[string][]string // of each referrer the states of the orders, oldest first
	}{
		{"it stands", []events.Event{placed(1, "1"), referred(1, ann, "1", "unknown")}, map[string][]string{ann: {"stands"}}},
		{"it was never told", []events.Event{referred(1, ann, "1", "unknown")}, map[string][]string{ann: {"unknown"}}},
		{"cancelled", []events.Event{placed(1, "1"), referred(2, ann, "1", "unknown"), cancelled(3, "1")}, map[string][]string{ann: {"cancelled"}}},
		{"placed again", []events.Event{placed(1, "1"), referred(2, ann, "1", "unknown"), cancelled(3, "1"), placed(5, "1")}, map[string][]string{ann: {"stands"}}},
		{"to themselves", []events.Event{placed(1, "1"), referred(2, ann, "1", "self")}, map[string][]string{ann: {"self"}}},
		{"two who recommended it", []events.Event{placed(1, "1"), referred(1, ann, "1", "unknown"), placed(5, "2"), referred(5, bob, "2", "unknown")},
			map[string][]string{ann: {"stands"}, bob: {"again"}}},
		{"two, of which the first order came to nothing", []events.Event{placed(1, "1"), referred(1, ann, "1", "unknown"), placed(5, "2"), referred(5, bob, "2", "unknown"), cancelled(8, "1")},
			map[string][]string{ann: {"cancelled"}, bob: {"stands"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			each := func(es []events.Event) {
				var of customer.Customer
				told := map[string][]customer.Entry{}
				for _, e := range es {
					entry := customer.Entry{Key: friend, Event: e}
					_, tell := customer.ApplyTelling(&of, &entry)
					for _, x := range tell {
						told[x.Key.Token] = append(told[x.Key.Token], x)
					}
				}
				got := map[string][]string{}
				for token, all := range told {
					var who customer.Customer
					for _, x := range slices.Backward(all) { // in no order, and twice
						customer.Apply(&who, x.Event)
						customer.Apply(&who, x.Event)
					}
					for _, r := range who.ReferralsOf(true) {
						got[token] = append(got[token], r.State.String())
					}
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Fatalf("%v: (-want +got):\n%s", ids(es), d)
				}
			}
			permute(c.es, each)
		})
	}
}

func ids(es []events.Event) (out []string) {
	for _, e := range es {
		out = append(out, e.ID)
	}
	return out
}

func TestOfTooManyReferralsTheOldestGo(t *testing.T) {
	var c customer.Customer
	for i := range customer.MaxReferrals + 5 {
		d := &events.ReferralNoted{Side: events.SideReferrer, Other: "aaaaaaaaaaaaaaaa", Order: fmt.Sprint(i), State: "stands"}
		customer.Apply(&c, at(i, "r", d))
	}
	all := c.ReferralsOf(true)
	if len(all) != customer.MaxReferrals || all[0].Order != "5" || all[0].Holds(time.Hour) != customer.ReferralStands {
		t.Errorf("%d, the oldest of order %s", len(all), all[0].Order)
	}
}
