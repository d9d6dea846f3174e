package reviewrequest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/reviewrequest"
)

// of makes an order of a day with some products.
func of(order string, d int, products ...string) events.Event {
	e := placed(products...)
	e.ID, e.Time = order, on(d)
	e.Data.(*events.OrderPlaced).Order.ID = order
	return e
}

// came is the delivery of an order.
func came(order string, d int) events.Event {
	e := delivered(d)
	e.ID, e.Data.(*events.OrderDelivered).Order.ID = "came "+order, order
	return e
}

// touchOf is the touch that an order plans.
func touchOf(t *testing.T, e events.Event, step string) touch.Touch {
	t.Helper()
	for _, x := range worker(t, asIs).Plan(workers.Input{Event: e, Key: key, Customer: new(fold(e)), Now: e.Time}) {
		if x.Step == step {
			return x
		}
	}
	t.Fatalf("%s plans no %s", e.ID, step)
	return touch.Touch{}
}

// claims are the outcomes of asks, by order: "sent 20", "bundled 20".
func claims(c *customer.Customer, asks map[string]string) {
	for order, is := range asks {
		var what string
		var d int
		if _, err := fmt.Sscan(is, &what, &d); err != nil {
			panic(err)
		}
		k := customer.Claim{Touch: customer.ClaimKey("review-request.ask." + key.Token + "." + order), At: on(d).UnixMilli(), State: customer.Sent}
		switch what {
		case "open":
			k.State = customer.Open
		case "sent":
		default:
			k.State, k.Why = customer.Dropped, what
		}
		c.SetClaim(k)
	}
}

func names(items []events.Item) (out []string) {
	for _, it := range items {
		out = append(out, it.ProductID)
	}
	return out
}

func TestOrdersOfSomeDaysShareARequest(t *testing.T) {
	a, b, c := of("a", 0, "tea"), of("b", 2, "cup", "tea"), of("c", 4, "pot")
	for _, x := range []struct {
		name  string
		knows []events.Event
		asks  map[string]string
		ask   events.Event
		set   func(c *reviewrequest.Config)
		now   time.Time
		want  reason.Reason // empty: sent
		until time.Time
		items []string
		with  []string
	}{
		{"the first waits until the second is right", []events.Event{a, b}, nil, a, asIs, on(21), reason.NotYet, on(23), nil, nil},
		{"then it asks about both, each product once", []events.Event{a, b}, nil, a, asIs, on(23), "", time.Time{}, []string{"tea", "cup"}, []string{"b"}},
		{"the second waits for the first", []events.Event{a, b}, nil, b, asIs, on(23), reason.NotYet, on(23).Add(5 * time.Minute), nil, nil},
		{"who comes later opens a group of their own", []events.Event{a, b, c}, nil, a, asIs, on(23), "", time.Time{}, []string{"tea", "cup"}, []string{"b"}},
		{"the second group", []events.Event{a, b, c}, map[string]string{"a": "sent 23", "b": "bundled 23"}, c, asIs, on(25), "", time.Time{}, []string{"pot"}, nil},
		{"each has its own", []events.Event{a, of("b", 2, "cup")}, nil, a, func(c *reviewrequest.Config) { c.MergeWithin = 0 }, on(21), "", time.Time{}, []string{"tea"}, nil},
		{"it is the time to ask that counts, not the order", []events.Event{a, c, came("a", 15), came("c", 16)}, nil, a, asIs, on(23), "", time.Time{}, []string{"tea", "pot"}, []string{"c"}},
		{"the second was cancelled", []events.Event{a, b, at(3, &events.OrderCancelled{Order: events.OrderChange{ID: "b"}})}, nil, a, asIs, on(21), "", time.Time{}, []string{"tea"}, nil},
		{"the second is a test", []events.Event{a, at(2, &events.OrderPlaced{Order: events.Order{ID: "b", Test: true}})}, nil, a, asIs, on(21), "", time.Time{}, []string{"tea"}, nil},
		{"the second is complained about", []events.Event{a, of("b", 0, "cup"), complained(3, "b")}, nil, a, asIs, on(21), "", time.Time{}, []string{"tea"}, nil},
		{"the first was dropped", []events.Event{a, b}, map[string]string{"a": "reviewed 21"}, b, asIs, on(23), "", time.Time{}, []string{"cup", "tea"}, nil},
		{"the first is on its way", []events.Event{a, b}, map[string]string{"a": "open 23"}, b, asIs, on(23), reason.NotYet, on(23).Add(5 * time.Minute), nil, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, who := worker(t, x.set), fold(x.knows...)
			claims(&who, x.asks)
			ask, in := touchOf(t, x.ask, "ask"), workers.Input{Customer: &who, Now: x.now}
			v := w.Wanted(ask, in)
			if v.Reason != x.want || !x.until.IsZero() && !v.Until.Equal(x.until) {
				t.Fatalf("verdict %+v, want %q until %v", v, x.want, x.until)
			}
			if x.want != "" {
				return
			}
			for _, g := range w.Gathers(ask, in) {
				for _, e := range x.knows {
					if o, ok := e.Data.(*events.OrderPlaced); ok && o.Order.ID == g.Occasion {
						in.Gathered = append(in.Gathered, touchOf(t, e, "ask"))
					}
				}
			}
			got := w.Compose(ask, in)
			if !slices.Equal(names(got.Items), x.items) || !slices.Equal(got.Also, x.with) || len(got.Bundles) != len(x.with) {
				t.Errorf("asks about %v with %v, want %v with %v", names(got.Items), got.Also, x.items, x.with)
			}
		})
	}
}

func TestAProductIsAskedAboutOnceInSomeTime(t *testing.T) {
	first := of("a", 0, "tea")
	for _, x := range []struct {
		name  string
		ask   events.Event
		knows []events.Event
		asks  map[string]string
		set   func(c *reviewrequest.Config)
		now   int
		want  reason.Reason // empty: sent
		items []string
	}{
		{"bought again", of("b", 30, "tea"), nil, map[string]string{"a": "sent 21"}, asIs, 51, reason.Bundled, nil},
		{"something else is new", of("b", 30, "tea", "cup"), nil, map[string]string{"a": "sent 21"}, asIs, 51, "", []string{"cup"}},
		{"bought again after that time", of("b", 90, "tea"), nil, map[string]string{"a": "sent 21"}, asIs, 111, "", []string{"tea"}},
		{"a day before", of("b", 89, "tea"), nil, map[string]string{"a": "sent 21"}, asIs, 110, reason.Bundled, nil},
		{"a time of one's own", of("b", 30, "tea"), nil, map[string]string{"a": "sent 21"}, func(c *reviewrequest.Config) { c.AskAgainAfter = 30 * day }, 51, "", []string{"tea"}},
		{"with each order", of("b", 30, "tea"), nil, map[string]string{"a": "sent 50"}, func(c *reviewrequest.Config) { c.AskAgainAfter = 0 }, 51, "", []string{"tea"}},
		{"asked in the email of another order", of("b", 30, "tea"), []events.Event{of("c", 0, "pot")}, map[string]string{"a": "bundled 21", "c": "sent 21"}, asIs, 51, reason.Bundled, nil},
		{"not asked: that was dropped for another reason", of("b", 30, "tea"), nil, map[string]string{"a": "complaint_open 21"}, asIs, 51, "", []string{"tea"}},
		{"not asked: that order's question had been asked by another", of("b", 100, "tea"), []events.Event{of("c", 2, "tea", "pot")}, map[string]string{"a": "sent 21", "c": "sent 60"}, asIs, 121, "", []string{"tea"}},
		{"asked about an order that was cancelled later", of("b", 30, "tea"), []events.Event{at(25, &events.OrderCancelled{Order: events.OrderChange{ID: "a"}})}, map[string]string{"a": "sent 21"}, asIs, 51, reason.Bundled, nil},
		{"it had not left when that order was asked about", of("b", 30, "tea"), []events.Event{of("c", 0, "tea", "pot"), at(3, &events.OrderFulfilled{Order: events.OrderChange{ID: "c", Items: []events.ChangedItem{{ProductID: "pot"}}}})},
			map[string]string{"c": "sent 21", "a": "cancelled 2"}, asIs, 51, "", []string{"tea"}},
		{"being asked", of("b", 30, "tea"), nil, map[string]string{"a": "open 51"}, asIs, 51, reason.NotYet, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, who := worker(t, x.set), fold(append(x.knows, first, x.ask)...)
			claims(&who, x.asks)
			ask, in := touchOf(t, x.ask, "ask"), workers.Input{Customer: &who, Now: on(x.now)}
			v := w.Wanted(ask, in)
			if v.Reason != x.want {
				t.Fatalf("verdict %+v, want %q", v, x.want)
			}
			if got := names(w.Compose(ask, in).Items); x.want == "" && !slices.Equal(got, x.items) {
				t.Errorf("asks about %v, want %v", got, x.items)
			}
		})
	}
}

// The reminder asks again what its email asked, and nothing else.
func TestAReminderIsAboutWhatWasAsked(t *testing.T) {
	a, b := of("a", 0, "tea"), of("b", 2, "cup", "tea")
	for _, x := range []struct {
		name  string
		knows []events.Event
		asks  map[string]string
		of    events.Event
		now   time.Time
		want  reason.Reason // empty: sent
		items []string
		with  []string
	}{
		{"of both orders", nil, map[string]string{"a": "sent 23", "b": "bundled 23"}, a, on(30), "", []string{"tea", "cup"}, []string{"b"}},
		{"the other waits for it", nil, map[string]string{"a": "sent 23", "b": "bundled 23"}, b, on(30), reason.NotYet, nil, nil},
		{"the first has nothing left, and the other reminds", []events.Event{reviewed(25, "tea")}, map[string]string{"a": "sent 23", "b": "bundled 23"}, b, on(30).Add(time.Hour), "", []string{"cup"}, nil},
		{"two emails: the second did not ask about the tea", nil, map[string]string{"a": "sent 21", "b": "sent 25"}, b, on(32), "", []string{"cup"}, nil},
		{"and the first reminds of it", nil, map[string]string{"a": "sent 21", "b": "sent 25"}, a, on(28), "", []string{"tea"}, nil},
		{"not asked: the tea was asked about with another order", nil, map[string]string{"a": "bundled 23", "b": "complaint_open 23"}, a, on(30), reason.Bundled, nil, nil},
		{"its order was cancelled when it was due, and stands again", nil, map[string]string{"a": "cancelled 21"}, a, on(28), reason.NotYet, nil, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, who := worker(t, asIs), fold(append(x.knows, a, b)...)
			claims(&who, x.asks)
			reminder, in := touchOf(t, x.of, "reminder"), workers.Input{Customer: &who, Now: x.now}
			v := w.Wanted(reminder, in)
			if v.Reason != x.want {
				t.Fatalf("verdict %+v, want %q", v, x.want)
			}
			if x.want != "" {
				return
			}
			if len(w.Gathers(reminder, in)) > 0 {
				in.Gathered = []touch.Touch{touchOf(t, b, "reminder")}
				if x.of.ID == "b" {
					in.Gathered = []touch.Touch{touchOf(t, a, "reminder")}
				}
			}
			if got := w.Compose(reminder, in); !slices.Equal(names(got.Items), x.items) || !slices.Equal(got.Also, x.with) {
				t.Errorf("asks about %v with %v, want %v with %v", names(got.Items), got.Also, x.items, x.with)
			}
		})
	}
}

// An email of an id that is one person with this one counts.
func TestWhatWasAskedUnderAnotherIdOfThePersonCounts(t *testing.T) {
	a, b := of("a", 0, "tea"), of("b", 30, "tea")
	who := fold(a, b)
	other := customer.Key{Store: key.Store, Token: "othertokenothert"}
	x := touchOf(t, a, "ask")
	x.Customer = other
	who.SetClaim(customer.Claim{Touch: x.ClaimKey(), State: customer.Sent, At: on(21).UnixMilli()})
	in := workers.Input{Customer: &who, Now: on(51)}
	if v := worker(t, asIs).Wanted(touchOf(t, b, "ask"), in); v.Action != touch.Send {
		t.Fatalf("another customer's email counts: %+v", v)
	}
	in.Customer.Tokens = []string{other.Token, key.Token}
	if v := worker(t, asIs).Wanted(touchOf(t, b, "ask"), in); v.Reason != reason.Bundled {
		t.Errorf("verdict %+v, want bundled", v)
	}
}

// A company's buyers share an account, and each order comes with the buyer's address.
func TestEachBuyerOfAnAccountIsAsked(t *testing.T) {
	a, b := of("a", 0, "tea"), of("b", 30, "tea")
	ask := func(token string) uint64 { return customer.ClaimKey("review-request.ask." + token + ".a") }
	const bob, carl = "bobsmailboxtoken", "carlsmailboxtoke"
	for _, c := range []struct {
		name      string
		went, now string // the token of the mailbox where the first went, and of that where this one goes
		state     customer.ClaimState
		want      reason.Reason
	}{
		{"both at home", "", "", customer.Sent, reason.Bundled},
		{"the first at another mailbox", bob, "", customer.Sent, ""},
		{"the second at another mailbox", "", bob, customer.Sent, ""},
		{"both at one other mailbox", bob, bob, customer.Sent, reason.Bundled},
		{"at two other mailboxes", bob, carl, customer.Sent, ""},
		{"both at one, at this moment", bob, bob, customer.Open, reason.NotYet},
		{"at two, at this moment", bob, carl, customer.Open, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := fold(a, b)
			who.SetClaim(customer.Claim{Touch: ask(key.Token), State: c.state, At: on(21).UnixMilli(), To: c.went, Elsewhere: c.went != ""})
			in := workers.Input{Customer: &who, Now: on(51), To: c.now}
			if c.now != "" {
				in.Recipient = &customer.Customer{}
			}
			if v := worker(t, asIs).Wanted(touchOf(t, b, "ask"), in); v.Reason != c.want {
				t.Errorf("verdict %+v, want %q", v, c.want)
			}
		})
	}
	// The buyer was asked about the same product after an order of their own.
	for state, want := range map[customer.ClaimState]reason.Reason{customer.Sent: reason.Bundled, customer.Open: reason.NotYet, customer.Dropped: ""} {
		own := fold(a)
		own.Tokens = []string{"bobstokentokento"}
		own.SetClaim(customer.Claim{Touch: ask(own.Tokens[0]), State: state, At: on(21).UnixMilli()})
		in := workers.Input{Customer: new(fold(b)), Now: on(51), To: bob, Recipient: &own}
		if v := worker(t, asIs).Wanted(touchOf(t, b, "ask"), in); v.Reason != want {
			t.Errorf("asked about an order of their own, in state %d: verdict %+v, want %q", state, v, want)
		}
	}
}
