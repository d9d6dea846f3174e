package homingtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
)

// everything calls fn with each message of each stream there is, as its bytes.
func everything(t *testing.T, w *homingtest.World, fn func(stream string, seq uint64, raw []byte)) {
	t.Helper()
	names := w.JS.StreamNames(t.Context())
	for name := range names.Name() {
		s, err := w.JS.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		state := s.CachedInfo().State
		for seq := max(1, state.FirstSeq); seq <= state.LastSeq; seq++ {
			m, err := s.GetMsg(t.Context(), seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			fn(name, seq, fmt.Appendf(nil, "%s %v %s", m.Subject, m.Header, m.Data))
		}
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
}

// mentions lists where the streams and Redis still have one of some words.
func mentions(t *testing.T, w *homingtest.World, words ...string) (out []string) {
	t.Helper()
	everything(t, w, func(stream string, seq uint64, raw []byte) {
		for _, word := range words {
			if bytes.Contains(bytes.ToLower(raw), []byte(strings.ToLower(word))) {
				out = append(out, fmt.Sprintf("%s %d says %q: %s", stream, seq, word, raw))
			}
		}
	})
	dump := strings.ToLower(w.Redis.Mini().Dump())
	for _, word := range words {
		if strings.Contains(dump, strings.ToLower(word)) {
			out = append(out, "Redis says "+word)
		}
	}
	return out
}

// kept returns what Redis keeps about a customer.
func kept(t *testing.T, w *homingtest.World, id string) (customer.Customer, string) {
	t.Helper()
	identity, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	k := identity.Key("main", id)
	data := w.Redis.Mini().HGet(fmt.Sprintf("homing:{main.%d}:c:%s", k.Bucket, k.Token), "d")
	c, err := customer.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return c, data
}

const (
	lostID      = "c-erasme-77"
	lostAddress = "annegret.erasme@example.net"
)

// lost is what names the customer who is erased, lostID and lostAddress apart.
var lost = []string{lostID, lostAddress, "annegret", "erasme"}

func lostOrder(order string) *events.OrderPlaced {
	o := homingtest.Order(lostID, order)
	o.Customer.Email, o.Customer.FirstName, o.Customer.LastName = lostAddress, "Annegret", "Erasme"
	o.Customer.Birthday = "1980-06-01"
	return o
}

// leaveTraces lets the customer to be erased, and another, leave traces everywhere.
func leaveTraces(t *testing.T, w *homingtest.World) {
	t.Helper()
	w.Publish("main", lostOrder("5001"))
	w.Publish("main", homingtest.Order("bob", "6001"))
	for _, raw := range []string{
		`{"customer":{"id":"` + lostID + `","email":"no address"},"order":{"id":"5002"}}`,
		`{"customer":{"email":"Annegret.Erasme@example.net"},"order":{"id":"5003"}}`,
		`{"customer":{"id":"` + lostID + `","first_name":"Annegret"`,
		`{"customer":{"id":"bob","email":"no address"},"order":{"id":"6002"}}`,
	} {
		if _, err := w.JS.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced), []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	// And what is warned about: the warnings have an id that the shop made of the
	// customer's, and quote what is wrong.
	for who, field := range map[string]string{lostID: `"time_zone":"Annegret's"`, "bob": `"locale":"Bob's"`} {
		raw := fmt.Sprintf(`{"specversion":"1.0","id":"updated-%s-1","source":"/shop","type":"customer.updated","time":%q,"data":{"customer":{"id":%q,%s}}}`,
			who, time.Now().UTC().Format(time.RFC3339), who, field)
		if _, err := w.JS.Publish(t.Context(), events.Subject("main", events.TypeCustomerUpdated), []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Hour) // both are thanked; reviews and reorders are pending
	if n := warningsOf(t, w, "updated-"); n != 2 {
		t.Fatalf("%d warnings, want 2", n)
	}
	if n := len(w.Sink.Mails()); n != 2 {
		t.Fatalf("%d emails, want 2", n)
	}
}

// warningsOf counts the warnings that have a word in them.
func warningsOf(t *testing.T, w *homingtest.World, word string) (n int) {
	t.Helper()
	everything(t, w, func(_ string, _ uint64, raw []byte) {
		if bytes.HasPrefix(raw, []byte("warned.")) && bytes.Contains(raw, []byte(word)) {
			n++
		}
	})
	return n
}

func pendingOf(t *testing.T, w *homingtest.World, id string) (n int) {
	t.Helper()
	identity, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	token := identity.Key("main", id).Token
	everything(t, w, func(stream string, _ uint64, raw []byte) {
		if strings.HasPrefix(stream, "SCHEDULE-") && bytes.Contains(raw, []byte(token)) {
			n++
		}
	})
	return n
}

// An erased customer is nowhere after the night. What is left in Redis is the same
// tombstone, even after Redis lost everything; events from before that come again do
// not pass, and leave no trace; and a customer who comes back is a new one.
func TestAnErasedCustomerIsNowhereTheDayAfter(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		began := time.Now().UTC().Truncate(time.Millisecond)
		leaveTraces(t, w)
		if pendingOf(t, w, lostID) == 0 || pendingOf(t, w, "bob") == 0 || len(mentions(t, w, lost...)) < 6 {
			t.Fatal("there is nothing to erase")
		}
		erasure := events.Event{ID: "erase-" + lostID, Source: "/shop", Type: events.TypeCustomerErased, Store: "main",
			Time: time.Now().UTC().Truncate(time.Millisecond), Data: &events.CustomerErased{Customer: events.Customer{ID: lostID, Email: lostAddress}}}
		w.PublishEvent(erasure)
		time.Sleep(5 * time.Second)
		if n := pendingOf(t, w, lostID); n != 0 {
			t.Errorf("%d touches are pending for the erased customer", n)
		}
		if c, _ := kept(t, w, lostID); !c.Gone() || len(c.Claims) != 0 {
			t.Errorf("at once there is left %+v", c)
		}
		others := len(mentions(t, w, "bob"))

		time.Sleep(day)
		for _, m := range mentions(t, w, lost...) {
			t.Error("the day after ", m)
		}
		if n := len(mentions(t, w, "bob")); n < others || pendingOf(t, w, "bob") == 0 {
			t.Errorf("another customer is mentioned %d times, and was %d times", n, others)
		}
		if n := warningsOf(t, w, "updated-bob-1"); n != 1 {
			t.Errorf("%d warnings about another customer, want 1", n)
		}
		tombstone := func(when string) string {
			c, data := kept(t, w, lostID)
			if !c.Gone() || c.Erased.At != erasure.Time.UnixMilli() || len(c.Orders) != 0 || len(c.Claims) != 0 {
				t.Errorf("%s there is left %+v", when, c)
			}
			return data
		}
		before := tombstone("after the night")
		w.Stop()
		w.Redis.Mini().FlushAll()
		w.Start()
		if after := tombstone("after a rebuild"); after != before {
			t.Errorf("a rebuild gives %x, and there was %x", after, before)
		}

		late := lostOrder("5001")
		late.Order.Items[0].URL = "https://evil.example/tea"
		w.PublishEvent(events.Event{ID: "late-" + lostID, Source: "/shop", Type: late.Type(), Store: "main", Time: began, Data: late})
		time.Sleep(2 * day)
		if after := tombstone("after an old event"); after != before {
			t.Errorf("an old event made %x of %x", after, before)
		}
		for _, m := range mentions(t, w, lost...) {
			t.Error("two days after an old event ", m)
		}
		mails := len(w.Sink.Mails())

		w.Publish("main", lostOrder("5009"))
		time.Sleep(2 * day)
		if c, _ := kept(t, w, lostID); c.ID.Value != lostID || c.OrderCount() != 1 {
			t.Errorf("the customer who came back is %+v", c)
		}
		if n := len(w.Sink.Mails()) - mails; n != 1 || pendingOf(t, w, lostID) == 0 {
			t.Errorf("the customer who came back got %d emails, %d touches are pending", n, pendingOf(t, w, lostID))
		}
	})
}

// A customer who orders again at once keeps what was planned for the new order.
func TestAnErasureKeepsWhatIsPlannedForACustomerWhoComesBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start("intake", "thank-you")
		w.Publish("main", lostOrder("5001"))
		time.Sleep(time.Second)
		w.Publish("main", &events.CustomerErased{Customer: events.Customer{ID: lostID}})
		time.Sleep(time.Millisecond)
		w.Publish("main", lostOrder("5002"))
		time.Sleep(time.Minute)
		if n := pendingOf(t, w, lostID); n != 1 {
			t.Errorf("%d touches are pending, want that of the new order", n)
		}
		time.Sleep(time.Hour)
		if mails := w.Sink.Mails(); len(mails) != 1 {
			t.Errorf("%d emails", len(mails))
		}
	})
}

// Who is erased under one id is erased under the other, with what was sent: the copy is
// on the timeline before the record is erased.
func TestWhatWasSentUnderAnotherIdIsForgotten(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		for _, id := range []string{"ann", "ann-2"} {
			d := homingtest.Order(id, "o-"+id)
			d.Email = "ann@example.com"
			w.Publish("main", d)
		}
		time.Sleep(2 * time.Hour)
		w.Publish("main", &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		time.Sleep(time.Minute)
		for _, id := range []string{"ann", "ann-2"} {
			if c, _ := kept(t, w, id); !c.Gone() || len(c.Claims) > 0 {
				t.Errorf("%s: gone %v, %d claims", id, c.Gone(), len(c.Claims))
			}
		}
	})
}
