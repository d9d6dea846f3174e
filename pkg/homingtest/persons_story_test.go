package homingtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// plain is a shop without quiet hours; the rest of its pacing is each story's.
const plain = `
pacing: {%FREQUENCY%, look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  win-back: {status: "off"}
  birthday: {status: "off"}
  replenishment: {status: "off"}
`

const (
	uncapped = "frequency: []"
	daily    = "frequency: [{limit: 1, window: 16h}]"
)

// story tells a story in a world of one store.
func story(t *testing.T, pacing string, tell func(w *homingtest.World)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", pacing, 1))
		w.Start()
		tell(w)
	})
}

// mailed lists who got an email of which worker, sorted, as far as the sink knows.
func mailed(w *homingtest.World) []string {
	out := []string{}
	for _, m := range w.Sink.Mails() {
		out = append(out, m.To)
	}
	slices.Sort(out)
	return out
}

func by(id, email string) events.Customer { return events.Customer{ID: id, Email: email} }

func bought(c events.Customer, order, what string) *events.OrderPlaced {
	items := goods(what)
	return &events.OrderPlaced{Customer: c, Order: events.Order{ID: order, Items: items, Total: pounds(int64(len(items)))}}
}

func leftCart(c events.Customer, cart string) *events.CartAbandoned {
	at := time.Now().Add(-24 * time.Hour).UTC()
	c.Consent = &events.Consent{Email: events.Subscribed, At: &at}
	return &events.CartAbandoned{Customer: c, Cart: basket(cart, "tea")}
}

// A cart and its order come under two ids of one person, in any of the ways in which
// shops have that. Nobody is reminded of what they bought.
func TestNobodyIsRemindedOfWhatTheyBoughtUnderAnotherId(t *testing.T) {
	cases := []struct {
		name        string // as whom they bought it
		cart, order events.Customer
		merged      bool
		want        int // reminders
	}{
		{"as a guest, then with an account", by("", "ann@example.com"), by("ann", "ann@example.com"), false, 0},
		{"with an account, then as a guest", by("bea", "bea@example.com"), by("", "BEA@example.com"), false, 0},
		{"with two accounts", by("cat-1", "cat@example.com"), by("cat-2", "cat@example.com"), false, 0},
		{"with two accounts that were merged", by("dan-1", "dan@example.com"), by("dan-2", "dan@work.example"), true, 0},
		{"with one account", by("eve", "eve@example.com"), by("eve", "eve@example.com"), false, 0},
		{"somebody else", by("fay", "fay@example.com"), by("joe", "joe@example.com"), false, 1},
		{"with an address that only looks alike", by("gus", "gus@example.com"), by("kim", "gus+tea@example.com"), false, 1},
	}
	story(t, uncapped, func(w *homingtest.World) {
		for i, c := range cases {
			w.Publish("main", leftCart(c.cart, fmt.Sprint("k", i)))
		}
		time.Sleep(10 * time.Minute)
		for i, c := range cases {
			w.Publish("main", bought(c.order, fmt.Sprint("o", i), "tea"))
			if c.merged {
				w.Publish("main", &events.CustomerMerged{Customer: by(c.order.ID, ""), From: c.cart.ID})
			}
		}
		time.Sleep(5 * time.Hour)
		got := map[string]int{}
		for _, f := range w.Facts() {
			if b := f.Data.(events.Fact).Body(); f.Type == events.TypeEmailSent && b.Worker == "cart-recovery" {
				got[b.Occasion[:2]]++ // the cart, and then some
			}
		}
		for i, c := range cases {
			if n := got[fmt.Sprint("k", i)]; n != c.want {
				t.Errorf("%s: %d reminders, want %d; outcomes %v", c.name, n, c.want, outcomes(w))
			}
		}
	})
}

// A no counts for the person, under whichever id it came, live and after Redis lost
// everything. A later yes lifts it, from whichever id.
func TestANoUnderAnotherIdCounts(t *testing.T) {
	lengthy.Always(t)
	for name, c := range map[string]struct {
		no, cart events.Customer
		yes      string // the id that said yes since
		want     int
	}{
		"as a guest":                    {by("", "finn@example.com"), by("finn", "finn@example.com"), "", 0},
		"with an account":               {by("finn", "finn@example.com"), by("", "finn@example.com"), "", 0},
		"with an older account":         {by("old", "Finn@example.com"), by("new", "finn@example.com"), "", 0},
		"a later yes of a third":        {by("old", "finn@example.com"), by("new", "finn@example.com"), "third", 1},
		"of somebody else":              {by("old", "fay@example.com"), by("new", "finn@example.com"), "", 1},
		"as a guest of another store's": {by("", "fin@example.com"), by("new", "finn@example.com"), "", 1},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				story(t, uncapped, func(w *homingtest.World) {
					w.Publish("main", &events.CustomerUnsubscribed{Customer: c.no})
					time.Sleep(time.Minute)
					if c.yes != "" {
						now := time.Now().UTC()
						who := by(c.yes, c.cart.Email)
						who.Consent = &events.Consent{Email: events.Subscribed, At: &now}
						w.Publish("main", &events.CustomerUpdated{Customer: who})
					}
					if lost {
						time.Sleep(time.Minute)
						w.Stop()
						w.Redis.Mini().FlushAll()
						w.Start()
					}
					w.Publish("main", leftCart(c.cart, "k1"))
					time.Sleep(3 * time.Hour)
					if n := len(mailed(w)); n != c.want {
						t.Errorf("lost %v: %d emails, want %d: %v", lost, n, c.want, outcomes(w))
					}
				})
			})
		}
	}
}

// Several buyers order with the account of their company, each with an address of their
// own. What is about an order goes to the address that came with it, and greets who
// ordered; all else goes to the account's.
func TestAnEmailAboutAnOrderGoesToTheAddressThatCameWithIt(t *testing.T) {
	for _, lost := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", uncapped, 1)+"  review-request: {after_order: 2d, reminder_after: 3d}\n")
			w.Start()
			alice, bob := by("corp", "alice@corp.example"), by("corp", "bob@corp.example")
			alice.FirstName, bob.FirstName = "Alice", "Bob"
			// Bob's order is told first, and was placed later.
			at := time.Now().UTC().Truncate(time.Millisecond)
			for i, o := range []*events.OrderPlaced{bought(bob, "o-2", "pens"), bought(alice, "o-1", "ring")} {
				w.PublishEvent(events.Event{ID: o.Order.ID, Source: "/test", Type: o.Type(), Store: "main", Time: at.Add(-time.Duration(i) * time.Minute), Data: o})
				time.Sleep(time.Second)
			}
			w.Publish("main", leftCart(by("corp", ""), "k1"))
			if lost {
				time.Sleep(time.Minute)
				w.Stop()
				w.Redis.Mini().FlushAll()
				w.Start()
			}
			time.Sleep(8 * 24 * time.Hour)
			got := map[string][]string{}
			for _, m := range w.Sink.Mails() {
				got[m.To] = append(got[m.To], m.Subject)
				for who, other := range map[string]string{"alice@corp.example": "Bob", "bob@corp.example": "Alice"} {
					if m.To == who && strings.Contains(m.Raw, other) {
						t.Errorf("an email to %s names %s", who, other)
					}
				}
			}
			if len(got["bob@corp.example"]) < 2 || len(got) != 2 {
				t.Errorf("lost %v: want a thank-you and a review request for Bob, and the rest for Alice: %v", lost, got)
			}
			for _, f := range w.Facts() {
				b := f.Data.(events.Fact).Body()
				if about := b.Occasion == "o-2"; f.Type == events.TypeEmailSent && about != (b.To != "") {
					t.Errorf("%s: to %q", b.Touch, b.To)
				}
			}
		})
	}
}

// A present is sent to somebody else's address: one order moves nothing else there. An
// event about the customer does.
func TestOneOrdersAddressIsNotTheAccounts(t *testing.T) {
	story(t, uncapped, func(w *homingtest.World) {
		w.Publish("main", &events.CustomerCreated{Customer: by("carl", "carl@home.example")})
		time.Sleep(time.Minute)
		w.Publish("main", bought(by("carl", "aunt@other.example"), "o-1", "watch"))
		time.Sleep(2 * time.Hour)
		w.Publish("main", leftCart(by("carl", ""), "k1"))
		time.Sleep(3 * time.Hour)
		if d := cmp.Diff([]string{"aunt@other.example", "carl@home.example"}, mailed(w)); d != "" {
			t.Errorf("mailed (-want +got):\n%s", d)
		}
		// Carl moves while the thanks for his next order wait.
		w.Publish("main", bought(by("carl", "carl@home.example"), "o-2", "mug"))
		time.Sleep(time.Minute)
		w.Publish("main", &events.CustomerUpdated{Customer: by("carl", "carl@new.example")})
		time.Sleep(2 * time.Hour)
		if d := cmp.Diff([]string{"aunt@other.example", "carl@home.example", "carl@new.example"}, mailed(w)); d != "" {
			t.Errorf("mailed (-want +got):\n%s", d)
		}
	})
}

// Who clicks in an email that came to their address stops what comes to that address,
// and not what goes to the account's; and what they got is within their own caps.
func TestALinkInAnEmailAboutAnOrderStopsWhatGoesToItsAddress(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", uncapped, 1)+"  thank-you: {class: marketing}\n  review-request: {status: \"off\"}\n")
		w.Start()
		alice, bob := by("corp", "alice@corp.example"), by("corp", "bob@corp.example")
		w.Publish("main", bought(alice, "o-1", "ring"))
		time.Sleep(time.Minute)
		w.Publish("main", bought(bob, "o-2", "pens"))
		time.Sleep(2 * time.Hour)
		var way string
		for _, m := range w.Sink.Mails() {
			if m.To == "bob@corp.example" {
				way = homingtest.Unsubscribe(m.Raw)
			}
		}
		if code, _, _ := w.Request("POST", way, oneClick); code != 200 {
			t.Fatalf("%q: %d", way, code)
		}
		again := func(n string) {
			w.Publish("main", bought(alice, "o-3"+n, "ring"))
			w.Publish("main", bought(bob, "o-4"+n, "pens"))
			w.Publish("main", leftCart(by("bob", "bob@corp.example"), "k"+n)) // an account of his own
			time.Sleep(3 * time.Hour)
		}
		again("a")
		w.Stop()
		w.Redis.Mini().FlushAll()
		w.Start()
		again("b")
		want := []string{"alice@corp.example", "alice@corp.example", "alice@corp.example", "bob@corp.example"}
		if d := cmp.Diff(want, mailed(w)); d != "" {
			t.Errorf("mailed (-want +got):\n%s\n%v", d, outcomes(w))
		}
	})
}

// An email to the address of an order takes a place in the caps of who answers there.
func TestAnEmailToTheAddressOfAnOrderIsInTheCapsOfWhoHasIt(t *testing.T) {
	for _, lost := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", daily, 1)+"  thank-you: {class: marketing}\n  review-request: {status: \"off\"}\n")
			w.Start()
			w.Publish("main", bought(by("corp", "alice@corp.example"), "o-1", "ring"))
			time.Sleep(17 * time.Hour)
			w.Publish("main", bought(by("corp", "bob@corp.example"), "o-2", "pens"))
			time.Sleep(time.Hour)
			if lost {
				w.Stop()
				w.Redis.Mini().FlushAll()
				w.Start()
			}
			w.Publish("main", leftCart(by("bob", "bob@corp.example"), "k1"))
			w.Publish("main", leftCart(by("corp", "alice@corp.example"), "k2"))
			time.Sleep(4 * time.Hour)
			want := []string{"alice@corp.example", "alice@corp.example", "bob@corp.example"}
			if d := cmp.Diff(want, mailed(w)); d != "" {
				t.Errorf("lost %v: mailed (-want +got):\n%s\n%v", lost, d, outcomes(w))
			}
		})
	}
}

// Orders that share an email share its address: what came with another is sent by
// itself. One person's orders share an email under whichever ids they were placed.
func TestOrdersShareAnEmailOfOneAddress(t *testing.T) {
	for name, c := range map[string]struct {
		first, second events.Customer
		want          []string
		bundled       int
	}{
		"two buyers, one account": {by("corp", "alice@corp.example"), by("corp", "bob@corp.example"), []string{"alice@corp.example", "bob@corp.example"}, 0},
		"one buyer, two ids":      {by("", "alice@corp.example"), by("alice", "alice@corp.example"), []string{"alice@corp.example"}, 1},
		"two people":              {by("", "alice@corp.example"), by("bob", "bob@corp.example"), []string{"alice@corp.example", "bob@corp.example"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, strings.Replace(plain, "%FREQUENCY%", uncapped, 1)+"  thank-you: {merge_within: 1h}\n  review-request: {status: \"off\"}\n")
				w.Start()
				w.Publish("main", bought(c.first, "o-1", "ring"))
				time.Sleep(10 * time.Minute)
				w.Publish("main", bought(c.second, "o-2", "pens"))
				time.Sleep(5 * time.Hour)
				if d := cmp.Diff(c.want, mailed(w)); d != "" {
					t.Errorf("mailed (-want +got):\n%s\n%v", d, outcomes(w))
				}
				bundled := 0
				for _, o := range outcomes(w) {
					if o == "bundled" {
						bundled++
					}
				}
				if bundled != c.bundled {
					t.Errorf("%d were bundled, want %d", bundled, c.bundled)
				}
				for _, m := range w.Sink.Mails() {
					if strings.Contains(m.Raw, "The ring") != (m.To == "alice@corp.example") || strings.Contains(m.Raw, "The pens") != (len(c.want) == 1 || m.To == "bob@corp.example") {
						t.Errorf("an email to %s shows what it must not, or not all", m.To)
					}
				}
			})
		})
	}
}
