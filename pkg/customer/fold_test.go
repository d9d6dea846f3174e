package customer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

// day is the length of the test's world: few instants, so that many are equal.
const day = 12

func instant(n int) time.Time { return time.UnixMilli(1_750_000_000_000 + int64(n)*1000).UTC() }

//go:fix inline
var kinds = append(events.Types(), events.FactTypes()...)

// anyEvent draws an event about one customer. Ids are few, so that events of one
// id and one instant say different things, as shops' events do; and no more than
// are kept of one instant. A copy may have another place, or none.
func anyEvent() *rapid.Generator[events.Event] {
	return rapid.Custom(func(t *rapid.T) events.Event {
		d := anyData(t)
		return events.Event{
			Historical: rapid.IntRange(0, 3).Draw(t, "historical") == 0, Received: instant(rapid.IntRange(0, day).Draw(t, "received")),
			ID: fmt.Sprintf("e%d", rapid.IntRange(1, customer.MaxRivals).Draw(t, "id")), Source: "/shop", Store: "main",
			Place: rapid.Uint64Range(0, 4).Draw(t, "place"),
			Type:  d.Type(), Time: instant(rapid.IntRange(0, day).Draw(t, "at")), Data: d,
		}
	})
}

func anyData(t *rapid.T) events.Data {
	who := anyCustomer(t)
	switch k := rapid.SampledFrom(kinds).Draw(t, "type"); k {
	case events.TypeOrderPlaced:
		return &events.OrderPlaced{Customer: who, Order: anyOrder(t)}
	case events.TypeOrderUpdated:
		return &events.OrderUpdated{Customer: who, Order: anyOrder(t)}
	case events.TypeOrderFulfilled:
		return &events.OrderFulfilled{Customer: who, Order: change(t)}
	case events.TypeOrderDelivered:
		return &events.OrderDelivered{Customer: who, Order: change(t)}
	case events.TypeOrderCancelled:
		return &events.OrderCancelled{Customer: who, Order: change(t)}
	case events.TypeOrderRefunded:
		return &events.OrderRefunded{Customer: who, Order: change(t)}
	case events.TypeOrderReturned:
		return &events.OrderReturned{Customer: who, Order: change(t)}
	case events.TypeCartUpdated:
		return &events.CartUpdated{Customer: who, Cart: events.Cart{ID: pick(t, "k1", "k2"), Items: items(t)}}
	case events.TypeCartAbandoned:
		return &events.CartAbandoned{Customer: who, Cart: events.Cart{ID: pick(t, "k1", "k2"), Items: items(t)}}
	case events.TypeCustomerUnsubscribed:
		return &events.CustomerUnsubscribed{Customer: who, Scope: pick(t, "", "all", "everything", "win-back")}
	case events.TypeCustomerPreferences:
		return anyPreferences(t, who)
	case events.TypeCustomerMerged:
		return &events.CustomerMerged{Customer: who, From: "other"}
	case events.TypeCustomerErased:
		return &events.CustomerErased{Customer: who}
	case events.TypeCustomerCreated:
		return &events.CustomerCreated{Customer: who}
	case events.TypeCustomerLapsed:
		last := instant(rapid.IntRange(0, 9).Draw(t, "last order"))
		return &events.CustomerLapsed{Customer: who, LastOrderAt: &last}
	case events.TypeCustomerBirthday:
		return &events.CustomerBirthday{Customer: who, Year: 2025}
	case events.TypeReviewSubmitted:
		return &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: pick(t, "p1", "p2"), Text: pick(t, "", "Lovely."), QuoteConsent: rapid.Bool().Draw(t, "may be quoted")}}
	case events.TypeReviewWithdrawn:
		return &events.ReviewWithdrawn{Customer: who, Review: events.Review{ProductID: pick(t, "p1", "p2")}}
	case events.TypeCustomerAnswered:
		if rapid.Bool().Draw(t, "scored") {
			return &events.CustomerAnswered{Customer: who, Survey: pick(t, "", "shop"), Question: pick(t, "happy", "recommend"), Kind: events.AnswerScale,
				Scale: pick(t, "", events.CSAT, events.NPS), Score: new(rapid.IntRange(1, 5).Draw(t, "score")), OrderID: pick(t, "", "1001")}
		}
		return &events.CustomerAnswered{Customer: who, Question: "why_left", Answer: pick(t, "other", "too-expensive")}
	case events.TypeComplaintOpened:
		return &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "c1", OrderID: pick(t, "", "o1")}}
	case events.TypeComplaintClosed:
		return &events.ComplaintClosed{Customer: who, Complaint: events.Complaint{ID: "c1", OrderID: pick(t, "", "o1")}}
	case events.TypeSubscriptionStarted:
		return &events.SubscriptionStarted{Customer: who, Subscription: anySubscription(t)}
	case events.TypeSubscriptionUpdated:
		return &events.SubscriptionUpdated{Customer: who, Subscription: anySubscription(t)}
	case events.TypeSubscriptionRenewing:
		return &events.SubscriptionRenewing{Customer: who, Subscription: anySubscription(t)}
	case events.TypeSubscriptionRenewed:
		return &events.SubscriptionRenewed{Customer: who, Subscription: anySubscription(t)}
	case events.TypeSubscriptionPaused:
		return &events.SubscriptionPaused{Customer: who, Subscription: anySubscription(t)}
	case events.TypeSubscriptionResumed:
		return &events.SubscriptionResumed{Customer: who, Subscription: anySubscription(t)}
	case events.TypeSubscriptionCancelled:
		d := &events.SubscriptionCancelled{Customer: who, Subscription: anySubscription(t), Reason: pick(t, "", events.CancelRequested, events.CancelFraud)}
		if rapid.Bool().Draw(t, "goes on") {
			d.EndsAt = new(instant(rapid.IntRange(0, 99).Draw(t, "ends")))
		}
		return d
	case events.TypeSubscriptionPaymentFailed:
		return &events.SubscriptionPaymentFailed{Customer: who, Subscription: anySubscription(t)}
	case events.TypePointsAdjusted:
		return &events.PointsAdjusted{Customer: who, Adjustment: events.Adjustment{ID: pick(t, "a1", "a2"), Points: rapid.IntRange(-2, 2).Draw(t, "points")}}
	case events.TypeRewardsJoined:
		return &events.RewardsJoined{Customer: who}
	case events.TypeReferralRedeemed:
		return &events.ReferralRedeemed{Customer: who, Referral: events.Referral{Code: "A", OrderID: order(t)}}
	case events.TypeReferralNoted:
		return &events.ReferralNoted{Side: pick(t, events.SideFriend, events.SideReferrer), Other: pick(t, "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"), Order: order(t),
			Mailbox: pick(t, "", "m"), State: rapid.SampledFrom(events.ReferralStates).Draw(t, "state"), PlacedAt: new(instant(rapid.IntRange(0, 99).Draw(t, "placed"))),
			GoneAt: new(instant(rapid.IntRange(0, 99).Draw(t, "gone")))}
	case events.TypeOfferIssued:
		return &events.OfferIssued{Touch: fact(t, "").Touch, Code: pick(t, "A", "B"), Percent: 10, ExpiresAt: new(instant(99)), Points: rapid.IntRange(0, 2).Draw(t, "points")}
	case events.TypeProductUpdated:
		return &events.ProductUpdated{Product: events.Product{ID: "p1"}}
	case events.TypeWorkerHeld:
		return &events.WorkerHeld{WorkerHold: events.WorkerHold{Worker: "thank-you", Reason: "paused"}}
	case events.TypeWorkerResumed:
		return &events.WorkerResumed{WorkerHold: events.WorkerHold{Worker: "thank-you", Reason: "paused"}}
	case events.TypeTemplatesPublished:
		return &events.TemplatesPublished{Version: 3, Author: "Ann"}
	case events.TypeEmailSent:
		return &events.EmailSent{Email: fact(t, "sent")}
	case events.TypeEmailHeld:
		return &events.EmailHeld{Email: fact(t, pick(t, "quiet_hours", "yields"))}
	case events.TypeEmailUncertain:
		return &events.EmailUncertain{Email: fact(t, "uncertain")}
	case events.TypeEmailDropped:
		e := fact(t, pick(t, "bounced", "expired", "cancelled"))
		e.Bounced = pick(t, "", "hash1", "hash2")
		return &events.EmailDropped{Email: e}
	default:
		return &events.CustomerUpdated{Customer: who}
	}
}

func anyPreferences(t *rapid.T, who events.Customer) *events.CustomerPreferences {
	d := &events.CustomerPreferences{Customer: who, Birthday: pick(t, "", "--03-01"), Locale: pick(t, "", "fr", "de"), TimeZone: pick(t, "", "Europe/Paris")}
	for _, worker := range []string{"win-back", "birthday"} {
		if w := pick(t, "", "on", "off"); w != "" {
			if d.Kinds == nil {
				d.Kinds = map[string]bool{}
			}
			d.Kinds[worker] = w == "on"
		}
	}
	if rapid.Bool().Draw(t, "cap") {
		d.AtMost = &events.AtMost{}
		if rapid.Bool().Draw(t, "set") {
			*d.AtMost = events.AtMost{Limit: 1, Window: pick(t, "7d", "30d")}
		}
	}
	if rapid.Bool().Draw(t, "pause") {
		d.PauseUntil = new(instant(rapid.IntRange(0, 99).Draw(t, "until")))
	}
	return d
}

func anySubscription(t *rapid.T) events.Subscription {
	s := events.Subscription{ID: pick(t, "s1", "s2"), Items: items(t), Interval: pick(t, "", events.EveryWeek, events.EveryMonth)}
	if rapid.Bool().Draw(t, "renews") {
		s.NextRenewalAt = new(instant(rapid.IntRange(0, 99).Draw(t, "renews at")))
	}
	return s
}

func anyCustomer(t *rapid.T) events.Customer {
	c := events.Customer{
		ID: "ann", Email: pick(t, "", "a@x.example", "b@x.example"), FirstName: pick(t, "", "Ann", "Anna"),
		LastName: pick(t, "", "Ray"), Birthday: pick(t, "", "--02-29"), TimeZone: pick(t, "", "Europe/London"),
		Locale: pick(t, "", "en"), Country: pick(t, "", "GB"),
	}
	if rapid.Bool().Draw(t, "consent") {
		c.Consent = &events.Consent{Email: pick(t, events.Unsubscribed, events.Subscribed, events.ConsentRequested, events.ConsentUnknown)}
		if rapid.Bool().Draw(t, "explicit") {
			c.Consent.At = new(instant(rapid.IntRange(0, day).Draw(t, "consented")))
		}
	}
	return c
}

func anyOrder(t *rapid.T) events.Order {
	o := events.Order{ID: order(t), CartID: pick(t, "", "k1"), Items: items(t),
		Coupons: rapid.SliceOfN(rapid.SampledFrom([]string{"A", "b", "C"}), 0, 2).Draw(t, "coupons"),
		Test:    rapid.IntRange(0, 5).Draw(t, "test") == 0}
	if rapid.Bool().Draw(t, "says what it costs") {
		o.Total = events.Money{Minor: rapid.Int64Range(0, 3).Draw(t, "cost"), Currency: pick(t, "EUR", "CHF")}
	}
	if rapid.IntRange(0, 3).Draw(t, "says when") == 0 {
		o.PlacedAt = new(instant(rapid.IntRange(0, day).Draw(t, "placed at")))
	}
	return o
}

func fact(t *rapid.T, reason string) events.Email {
	e := events.Email{Touch: "thank-you.thanks.tok." + order(t), Reason: reason}
	if rapid.Bool().Draw(t, "more") {
		e.Bundles, e.Sunset = []string{"thank-you.thanks.tok." + order(t)}, true
	}
	return e
}

func order(t *rapid.T) string { return pick(t, "o1", "o2", "o3") }

func pick(t *rapid.T, from ...string) string { return rapid.SampledFrom(from).Draw(t, "pick") }

func items(t *rapid.T) []events.Item {
	var out []events.Item
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		out = append(out, events.Item{ProductID: pick(t, "p1", "p2"), Quantity: rapid.IntRange(1, 3).Draw(t, "quantity"),
			SupplyDays: rapid.IntRange(0, 2).Draw(t, "supply"), Subscription: rapid.Bool().Draw(t, "subscription")})
	}
	return out
}

func change(t *rapid.T) events.OrderChange {
	name := events.Reference{ID: pick(t, "", "", "x1", "x2")}
	c := events.OrderChange{ID: order(t), Refund: name, Return: name, Amount: events.Money{Minor: rapid.Int64Range(0, 2).Draw(t, "amount"), Currency: "EUR"}}
	for range rapid.IntRange(0, 2).Draw(t, "items") {
		c.Items = append(c.Items, events.ChangedItem{ProductID: pick(t, "p1", "p2"), Quantity: rapid.IntRange(0, 2).Draw(t, "quantity")})
	}
	return c
}

func fold(es []events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func diff(a, b customer.Customer) string { return cmp.Diff(a, b, cmpopts.EquateEmpty()) }

// shuffled is es in another order, with some of them repeated.
func shuffled(t *rapid.T, es []events.Event) []events.Event {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	out := append([]events.Event(nil), es...)
	for range len(es) / 2 {
		out = append(out, es[r.IntN(len(es))])
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestAnyOrderWithAnyRepetitionsGivesTheSameCustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		es := rapid.SliceOfN(anyEvent(), 1, 25).Draw(t, "events")
		want := fold(es)
		for range 6 {
			other := shuffled(t, es)
			if d := diff(want, fold(other)); d != "" {
				t.Fatalf("another order gives another customer (-first +other):\n%s\nother order: %v", d, other)
			}
		}
	})
}

func TestApplySaysWhetherAnythingChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c customer.Customer
		for i, e := range rapid.SliceOfN(anyEvent(), 1, 25).Draw(t, "events") {
			before := clone(t, c)
			changed := customer.Apply(&c, e)
			if d := diff(before, c); changed != (d != "") {
				t.Fatalf("event %d: Apply said %v, and the change was:\n%s", i, changed, d)
			}
			if customer.Apply(&c, e) {
				t.Fatalf("event %d changed something when it came again", i)
			}
		}
	})
}

// clone is a deep copy, by way of the record: which also shows that nothing is
// lost in it.
func clone(t interface{ Fatal(...any) }, c customer.Customer) customer.Customer {
	out, err := customer.Decode(string(customer.Encode(&c)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestARecordHoldsAllOfACustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := fold(rapid.SliceOfN(anyEvent(), 0, 25).Draw(t, "events"))
		if rapid.Bool().Draw(t, "claimed") {
			c.SetClaim(customer.Claim{Touch: 7, State: customer.Open, At: instant(3).UnixMilli(), Owner: 9, Lease: instant(4).UnixMilli()})
		}
		if d := diff(c, clone(t, c)); d != "" {
			t.Fatalf("what was decoded is not what was encoded:\n%s", d)
		}
	})
}

func TestNothingSaidBeforeAnErasureComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		es := rapid.SliceOfN(anyEvent(), 1, 20).Draw(t, "events")
		at := rapid.IntRange(0, day).Draw(t, "erased at")
		erasure := events.Event{ID: "gone", Source: "/shop", Type: events.TypeCustomerErased, Store: "main", Time: instant(at),
			Data: &events.CustomerErased{Customer: events.Customer{ID: "ann"}}}
		newer, told := []events.Event{erasure}, map[string]bool{}
		for _, e := range es {
			if _, ours := e.Data.(events.Fact); ours || e.Time.After(erasure.Time) {
				newer = append(newer, e)
			}
			if id := orderOf(e.Data); id != "" && !firstTold(e).After(erasure.Time) {
				told[id] = true
			}
		}
		got, want := fold(shuffled(t, append(es, erasure))), fold(newer)
		for id := range told { // all that is kept of an order of before is that there is to be no such order
			customer.Strike(&want, id)
		}
		if d := diff(want, got); d != "" {
			t.Fatalf("older events left a trace (-without them +with them):\n%s", d)
		}
	})
}

// firstTold returns since when an order is known, as far as an event tells.
func firstTold(e events.Event) time.Time {
	var o events.Order
	switch d := e.Data.(type) {
	case *events.OrderPlaced:
		o = d.Order
	case *events.OrderUpdated:
		o = d.Order
	}
	if o.PlacedAt != nil && o.PlacedAt.Before(e.Time) {
		return *o.PlacedAt
	}
	return e.Time
}

// orderOf returns which order something is told about.
func orderOf(d events.Data) string {
	switch d := d.(type) {
	case *events.OrderPlaced:
		return d.Order.ID
	case *events.OrderUpdated:
		return d.Order.ID
	case *events.OrderFulfilled:
		return d.Order.ID
	case *events.OrderDelivered:
		return d.Order.ID
	case *events.OrderCancelled:
		return d.Order.ID
	case *events.OrderRefunded:
		return d.Order.ID
	case *events.OrderReturned:
		return d.Order.ID
	}
	return ""
}

func TestJoiningIsIdempotentAndGoesWithApplyInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mine := rapid.SliceOfN(anyEvent(), 1, 12).Draw(t, "mine")
		from := fold(rapid.SliceOfN(anyEvent(), 1, 12).Draw(t, "from"))
		cut := rapid.IntRange(0, len(mine)).Draw(t, "joined after")

		late := fold(mine)
		customer.Join(&late, from)
		early := fold(mine[:cut])
		customer.Join(&early, from)
		for _, e := range mine[cut:] {
			customer.Apply(&early, e)
		}
		if d := diff(late, early); d != "" {
			t.Fatalf("joining after %d of %d events is not joining after all (-after all +early):\n%s", cut, len(mine), d)
		}
		before := clone(t, late)
		if customer.Join(&late, from) || diff(before, late) != "" {
			t.Fatalf("joining again changed something:\n%s", diff(before, late))
		}
	})
}

func TestWhatIsSaidAboutACustomerOrAnAddressIsFolded(t *testing.T) {
	for _, r := range events.Rows() {
		about := false
		switch r.New().(type) {
		case events.CustomerData, events.AddressData, events.Fact, *events.OfferIssued, *events.PersonMerged, *events.ReferralNoted:
			about = true
		}
		if customer.Folds(r.Type) != about {
			t.Errorf("%s is about a customer or an address: %v; it is folded: %v", r.Type, about, !about)
		}
	}
}
