package customer_test

import (
	"cmp"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

var ann = events.Customer{ID: "ann"}

func at(n int, id string, d events.Data) events.Event {
	return events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: instant(n), Data: d}
}

func placed(n int, id string) events.Event {
	return at(n, id, &events.OrderPlaced{Customer: ann, Order: events.Order{ID: id}})
}

func cancelled(n int, id string) events.Event {
	return at(n, "c"+id, &events.OrderCancelled{Customer: ann, Order: events.OrderChange{ID: id}})
}

func said(n int, status string, explicit int) events.Event {
	who := events.Customer{ID: "ann", Consent: &events.Consent{Email: status}}
	if explicit >= 0 {
		who.Consent.At = new(instant(explicit))
	}
	return at(n, fmt.Sprint("said", n), &events.CustomerUpdated{Customer: who})
}

func stopped(n int, scope string) events.Event {
	return at(n, fmt.Sprint("stop", n), &events.CustomerUnsubscribed{Customer: ann, Scope: scope})
}

func erased(n int) events.Event {
	return at(n, "erased", &events.CustomerErased{Customer: ann})
}

func refunded(n int, id string, products ...string) events.Event {
	c := events.OrderChange{ID: "o1"}
	for _, p := range products {
		c.Items = append(c.Items, events.ChangedItem{ProductID: p, Quantity: 1})
	}
	return at(n, id, &events.OrderRefunded{Customer: ann, Order: c})
}

func TestOnlyAnExplicitLaterConsentLiftsAnUnsubscribe(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []events.Event
		scope  string
		want   bool
	}{
		{"never said no", []events.Event{placed(1, "o1")}, "all", false},
		{"said no", []events.Event{stopped(1, "")}, "all", true},
		{"a snapshot in a later order says subscribed", []events.Event{stopped(1, ""), said(2, "subscribed", -1)}, "all", true},
		{"an explicit consent that is older", []events.Event{stopped(2, ""), said(3, "subscribed", 1)}, "all", true},
		{"an explicit consent of the same instant", []events.Event{stopped(2, ""), said(3, "subscribed", 2)}, "all", true},
		{"an explicit later consent", []events.Event{stopped(1, ""), said(3, "subscribed", 2)}, "all", false},
		{"an explicit later consent, and a later no", []events.Event{stopped(1, ""), said(3, "subscribed", 2), stopped(4, "all")}, "all", true},
		{"a snapshot that says unsubscribed", []events.Event{said(1, "unsubscribed", -1)}, "all", true},
		{"an old no, repeated after an explicit consent", []events.Event{said(3, "subscribed", 2), said(4, "unsubscribed", 1)}, "all", false},
		{"unknown is no opinion", []events.Event{stopped(1, ""), said(3, "subscribed", 2), said(4, "unknown", 4)}, "all", false},
		{"a consent from the future of its event", []events.Event{stopped(3, ""), said(2, "subscribed", 9)}, "all", true},
		{"no to one worker is no to that worker", []events.Event{stopped(1, "win-back")}, "win-back", true},
		{"no to one worker is not no to all", []events.Event{stopped(1, "win-back")}, "all", false},
		{"a no from before the erasure, repeated since", []events.Event{erased(5), said(6, "unsubscribed", 1)}, "all", true},
		{"a yes from before the erasure does not lift it", []events.Event{erased(5), said(6, "unsubscribed", 1), said(7, "subscribed", 4)}, "all", true},
		{"a no from before the erasure, and a yes since", []events.Event{erased(5), said(6, "unsubscribed", 1), said(7, "subscribed", 6)}, "all", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			forwards := fold(c.events)
			slices.Reverse(c.events)
			backwards := fold(c.events)
			if got := forwards.Unsubscribed(c.scope); got != c.want {
				t.Errorf("unsubscribed from %s: %v, want %v", c.scope, got, c.want)
			}
			if d := diff(forwards, backwards); d != "" {
				t.Errorf("backwards is not the same:\n%s", d)
			}
		})
	}
}

// A cart service that does not know about consent says so with every cart.
func TestAConsentThatIsUnknownTakesNothingAway(t *testing.T) {
	for _, explicit := range []int{-1, 3} {
		c := fold([]events.Event{said(1, events.Subscribed, 1)})
		e := said(4, events.ConsentUnknown, explicit)
		customer.Apply(&c, e)
		if c.Consent.Value != events.Subscribed || c.Consent.Stamp.Time() != instant(1) {
			t.Errorf("after unknown (at %d) the consent is %q of %v", explicit, c.Consent.Value, c.Consent.Stamp.Time())
		}
	}
	c := fold([]events.Event{said(4, events.ConsentUnknown, 3)})
	if c.Consent.Value != "" || c.Opinion != (customer.Opinion{}) || len(c.Stops) > 0 {
		t.Errorf("unknown alone says %q, %v, %v", c.Consent.Value, c.Opinion, c.Stops)
	}
}

func TestWhatAnErasureStandsBetween(t *testing.T) {
	sent := func(n int) events.Event {
		return at(n, "fact", &events.EmailSent{Email: events.Email{Touch: "a.b.c.d"}})
	}
	cart := func(id, product string) events.Event {
		return at(3, id, &events.CartUpdated{Customer: ann, Cart: events.Cart{ID: "k", Items: []events.Item{{ProductID: product, Quantity: 1}}}})
	}
	for _, c := range []struct {
		name   string
		events []events.Event
	}{
		{"two partial refunds", []events.Event{refunded(1, "r1", "p1"), erased(2), refunded(3, "r2", "p2")}},
		{"a partial refund and a whole one", []events.Event{refunded(1, "r1", "p1"), erased(2), refunded(3, "r2", "p2"), refunded(4, "r3")}},
		{"a whole refund, then a partial one", []events.Event{refunded(1, "r1"), erased(2), refunded(3, "r2", "p2")}},
		{"two facts about one touch", []events.Event{sent(1), erased(2), sent(3)}},
		{"a no, repeated", []events.Event{said(1, "unsubscribed", 1), erased(2), said(3, "unsubscribed", 1)}},
		{"one event id, one instant, two carts", []events.Event{cart("e", "p1"), cart("e", "p2")}},
		{"one event id, one instant, two orders", []events.Event{placed(1, "o1"), at(1, "o1", &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "o1", CartID: "k"}})}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := fold(c.events)
			permute(c.events, func(es []events.Event) {
				if d := diff(want, fold(es)); d != "" {
					t.Errorf("the order matters:\n%s", d)
				}
			})
		})
	}
}

// permute calls f with every order of es.
func permute(es []events.Event, f func([]events.Event)) {
	var walk func(done, left []events.Event)
	walk = func(done, left []events.Event) {
		if len(left) == 0 {
			f(done)
		}
		for i := range left {
			rest := append(slices.Clone(left[:i]), left[i+1:]...)
			walk(append(slices.Clone(done), left[i]), rest)
		}
	}
	walk(nil, es)
}

func TestTheOrdinalIsThePlaceAmongTheOrdersThatStand(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type fate struct {
			at        int
			cancelled bool
		}
		n := rapid.IntRange(1, 15).Draw(t, "orders")
		model, es := map[string]fate{}, []events.Event{}
		for i := range n {
			id, f := fmt.Sprintf("o%d", i), fate{at: rapid.IntRange(0, 8).Draw(t, "at"), cancelled: rapid.IntRange(0, 3).Draw(t, "fate") == 0}
			model[id] = f
			es = append(es, placed(f.at, id))
			if f.cancelled {
				es = append(es, cancelled(9, id))
			}
		}
		c := fold(shuffled(t, es))
		count := 0
		for id, f := range model {
			want := 1
			for other, g := range model {
				if other != id && !g.cancelled && cmp.Or(cmp.Compare(g.at, f.at), cmp.Compare(other, id)) < 0 {
					want++
				}
			}
			if got := c.Ordinal(id); got != want {
				t.Fatalf("%s is order %d of the customer's, want %d; %v", id, got, want, model)
			}
			if !f.cancelled {
				count++
			}
		}
		if got := c.OrderCount(); got != count {
			t.Fatalf("%d orders, want %d", got, count)
		}
		if got := c.Ordinal("never placed"); got != 0 {
			t.Fatalf("an order that was never placed is number %d", got)
		}
	})
}

func TestOrdersAreCountedBeyondThoseWhoseDetailsAreKept(t *testing.T) {
	const n = 3 * customer.MaxOrders
	var es []events.Event
	for i := range n {
		es = append(es, placed(i, fmt.Sprintf("o%03d", i)))
	}
	forwards := fold(es)
	slices.Reverse(es)
	c := fold(es)
	if d := diff(forwards, c); d != "" {
		t.Errorf("the order of %d orders matters:\n%s", n, d)
	}
	if got := c.OrderCount(); got != n {
		t.Errorf("%d orders counted, want %d", got, n)
	}
	if got := len(c.Orders); got != customer.MaxOrders {
		t.Errorf("details of %d orders, want %d", got, customer.MaxOrders)
	}
	if got := c.Ordinal(fmt.Sprintf("o%03d", n-1)); got != n {
		t.Errorf("the last order is number %d, want %d", got, n)
	}
	if got := c.Ordinal("o000"); got != 0 {
		t.Errorf("an order without details is number %d, want 0: its place is not known", got)
	}
	if got, want := c.LastOrderAt(), instant(n-1); !got.Equal(want) {
		t.Errorf("last order %v, want %v", got, want)
	}
}

func TestMoreClaimsThanAreKeptChangeNothingWhenTheyComeAgain(t *testing.T) {
	var c customer.Customer
	sent := func(n int) events.Event {
		return at(n, fmt.Sprint("f", n), &events.EmailSent{Email: events.Email{Touch: fmt.Sprintf("a.b.c.%d", n)}})
	}
	for n := range customer.MaxClaims + 5 {
		if !customer.Apply(&c, sent(n)) {
			t.Fatalf("the newest fact, %d, changed nothing", n)
		}
	}
	if got := len(c.Claims); got != customer.MaxClaims {
		t.Fatalf("%d claims kept, want %d", got, customer.MaxClaims)
	}
	if customer.Apply(&c, sent(0)) {
		t.Error("a fact older than all claims kept is said to change something")
	}
}

func TestClaims(t *testing.T) {
	open := customer.Claim{Touch: 1, State: customer.Open, At: 100, Owner: 7, Lease: 200}
	dropped := customer.Claim{Touch: 1, State: customer.Dropped, At: 300, Why: "expired"}
	uncertain := customer.Claim{Touch: 1, State: customer.Uncertain, At: 300}
	sent := customer.Claim{Touch: 1, State: customer.Sent, At: 300}
	earlier := customer.Claim{Touch: 1, State: customer.Sent, At: 250}
	for _, c := range []struct {
		name       string
		held, next customer.Claim
		wins       bool
	}{
		{"settled beats open", open, dropped, true},
		{"open does not come back over settled", dropped, open, false},
		{"uncertain beats dropped", dropped, uncertain, true},
		{"sent beats uncertain", uncertain, sent, true},
		{"uncertain does not beat sent", sent, uncertain, false},
		{"of two equal outcomes the earlier stays", earlier, sent, false},
		{"of two equal outcomes the earlier wins", sent, earlier, true},
		{"the same again", sent, sent, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got customer.Customer
			got.SetClaim(c.held)
			if wins := got.Settle(c.next); wins != c.wins {
				t.Errorf("Settle said %v, want %v", wins, c.wins)
			}
			want := c.held
			if c.wins {
				want = c.next
			}
			if k, _ := got.Claimed(1); k != want || len(got.Claims) != 1 {
				t.Errorf("held now %+v (%d claims), want %+v", k, len(got.Claims), want)
			}
		})
	}
	if dropped.Spends() || !open.Spends() || !uncertain.Spends() || !sent.Spends() {
		t.Error("all but dropped touches take a place in the caps")
	}
}

func TestGone(t *testing.T) {
	c := fold([]events.Event{placed(1, "o1"), erased(2)})
	if !c.Gone() {
		t.Error("after the erasure the customer is not gone")
	}
	customer.Apply(&c, placed(1, "o1"))
	if !c.Gone() || c.OrderCount() != 0 {
		t.Error("an old event, replayed, brought the customer back")
	}
	customer.Apply(&c, placed(3, "o2"))
	if c.Gone() || c.OrderCount() != 1 {
		t.Error("a new order did not bring the customer back")
	}
	var nobody customer.Customer
	if nobody.Gone() {
		t.Error("a customer never heard of is neither gone nor there")
	}
}

// rich is a customer with something in every field.
func rich() customer.Customer {
	item := func(p string, n int) events.Item { return events.Item{ProductID: p, Quantity: n} }
	who := events.Customer{ID: "C-1007", Email: "ann@shop.example", FirstName: "Ann", LastName: "Ray", Birthday: "--02-29", TimeZone: "Europe/London",
		Locale: "en-GB", Country: "GB", Consent: &events.Consent{Email: events.Subscribed, At: new(instant(2))}}
	c := fold([]events.Event{
		erased(0),
		at(1, "e1", &events.CustomerUnsubscribed{Customer: who, Scope: "win-back"}),
		at(3, "e2", &events.OrderPlaced{Customer: who, Order: events.Order{ID: "1001", CartID: "k1", Items: []events.Item{item("tea-1", 2), item("pot", 1)}}}),
		at(4, "e3", &events.OrderRefunded{Customer: who, Order: events.OrderChange{ID: "1001", Items: []events.ChangedItem{{ProductID: "pot"}}}}),
		at(5, "e4", &events.OrderDelivered{Customer: who, Order: events.OrderChange{ID: "1001"}}),
		at(6, "e5", &events.CartUpdated{Customer: who, Cart: events.Cart{ID: "k2", Items: []events.Item{item("cup", 4)}}}),
		at(7, "f1", &events.EmailSent{Email: events.Email{Touch: "thank-you.thanks.abc.1001"}}),
		at(8, "f2", &events.EmailDropped{Email: events.Email{Touch: "thank-you.thanks.abc.1002", Reason: "bounced", Bounced: "hash"}}),
		at(9, "f3", &events.EmailUncertain{Email: events.Email{Touch: "thank-you.thanks.abc.1003"}}),
	})
	c.SetClaim(customer.Claim{Touch: 42, State: customer.Open, At: instant(10).UnixMilli(), Owner: 43, Lease: instant(11).UnixMilli()})
	return c
}

// The record of the first version, written by Encode of rich() as it was then. Of it
// the claims must be read for as long as there is a Redis that has one.
const fixture = "testdata/record-v1.hex"

// written reads a record that a file has, in hexadecimal.
func written(t *testing.T, file string) (data []byte, c customer.Customer) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if data, err = hex.DecodeString(strings.TrimSpace(string(text))); err != nil {
		t.Fatal(err)
	}
	if c, err = customer.Decode(string(data)); err != nil {
		t.Fatal(err)
	}
	return data, c
}

func TestTheClaimsOfRecordsOfTheFirstVersionAreReadForEver(t *testing.T) {
	_, got := written(t, fixture)
	if d := diff(customer.Customer{Claims: rich().Claims}, got); d != "" {
		t.Errorf("the old record says something else now (-folded +decoded):\n%s", d)
	}
}

func TestARecordWithFewerFieldsThanThereAreNowIsRead(t *testing.T) {
	if _, err := customer.Decode("\x16\x01\x00"); err != nil { // one text, which is empty
		t.Error(err)
	}
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	for name, data := range map[string]string{
		"a tag alone":                 "16",
		"cut short":                   "190700",
		"orders by half":              "170201aa",
		"claims by half":              "0501aa",
		"more fields than this knows": "6300",
		"orders as they were once":    "160100030100",
		"a stamp that is not there":   "1604016109",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(data, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := customer.Decode(string(b)); err == nil {
			t.Errorf("%s: decoded", name)
		} else if !strings.Contains(err.Error(), customer.ErrRecord.Error()) {
			t.Errorf("%s: %v, want ErrRecord", name, err)
		}
	}
}

func TestTokensTellNobodyApartFromOutsideAndNeverChange(t *testing.T) {
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	other, err := customer.NewIdentity("another secret, of 32 bytes or more")
	if err != nil {
		t.Fatal(err)
	}
	shape := regexp.MustCompile(`^[a-z2-7]{16}$`)
	seen := map[string]string{}
	for name, token := range map[string]string{
		"main ann": id.Key("main", "ann").Token, "main bob": id.Key("main", "bob").Token,
		"outlet ann": id.Key("outlet", "ann").Token, "other secret": other.Key("main", "ann").Token,
		"store and id run together": id.Key("mainann", "").Token,
		"address":                   id.Address("main", "ann"), "address in another store": id.Address("outlet", "ann"),
	} {
		if !shape.MatchString(token) {
			t.Errorf("%s: %q does not match %v", name, token, shape)
		}
		if twin, ok := seen[token]; ok {
			t.Errorf("%s and %s have the same token %s", name, twin, token)
		}
		seen[token] = name
	}
	if a, b := id.Address("main", "Ann@Shop.example"), id.Address("main", "ann@shop.EXAMPLE"); a != b {
		t.Errorf("the case of an address changes its hash: %s, %s", a, b)
	}
	if got, want := id.Guest("main", "ann@shop.example"), "guest:"+id.Address("main", "ann@shop.example"); got != want {
		t.Errorf("guest %s, want %s", got, want)
	}
}

// Golden values: everything stored under a token is lost if one of them changes.
func TestGoldenTokens(t *testing.T) {
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		store, id string
		want      customer.Key
	}{
		{"main", "ann", customer.Key{Store: "main", Bucket: 224, Token: "4cem66rc5bo77niw"}},
		{"outlet", "ann", customer.Key{Store: "outlet", Bucket: 106, Token: "njq6ttj5rfhqbpy7"}},
		{"main", "", customer.Key{Store: "main", Bucket: 180, Token: "wrahxdgess5o4ci5"}},
		{"main", "Zoë 🫖", customer.Key{Store: "main", Bucket: 181, Token: "wu743jtfwkzp7atw"}},
	} {
		if got := id.Key(c.store, c.id); got != c.want {
			t.Errorf("%s %q: %+v, want %+v", c.store, c.id, got, c.want)
		}
		if sum, err := base32.StdEncoding.DecodeString(strings.ToUpper(c.want.Token)); err != nil || sum[0] != c.want.Bucket {
			t.Errorf("%s %q: the bucket is not the first byte of the hash that the token is made of", c.store, c.id)
		}
	}
	if got, want := id.Address("main", "ann@shop.example"), "rpdtgd3sy2ec5ty4"; got != want {
		t.Errorf("address: %s, want %s", got, want)
	}
	if got, want := customer.ClaimKey("thank-you.thanks.abcdefghijklmnop.1001"), uint64(1794625870200862082); got != want {
		t.Errorf("claim: %d, want %d", got, want)
	}
}
