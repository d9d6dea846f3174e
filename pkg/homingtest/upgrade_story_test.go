package homingtest_test

import (
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
)

// asFirstFormat has an installation that is stopped be as the first format left it:
// records that say nothing of addresses, no links, and nobody introduced.
func asFirstFormat(w *homingtest.World) {
	w.T.Helper()
	text, err := os.ReadFile("../customer/testdata/record-v1.hex")
	if err != nil {
		w.T.Fatal(err)
	}
	record, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		w.T.Fatal(err)
	}
	r := w.Redis.Mini()
	for _, name := range r.Keys() {
		switch {
		case strings.Contains(name, "}:c:"):
			r.HSet(name, "d", string(record))
		case strings.Contains(name, "}:l"):
			r.Del(name)
		case strings.HasSuffix(name, "{main}:timeline"):
			id, err := r.Get(name)
			if err == nil {
				err = r.Set(name, strings.TrimPrefix(id, "2 "))
			}
			if err != nil || !strings.HasPrefix(id, "2 ") {
				w.T.Fatalf("Redis is of %q: %v", id, err)
			}
		}
	}
	everything(w.T, w, func(stream string, seq uint64, raw []byte) {
		if !slices.Contains(bus.PartitionsOf(w.JS).Timelines(), stream) || !strings.Contains(string(raw), string(events.TypePersonLinked)) {
			return
		}
		s, err := w.JS.Stream(w.T.Context(), stream)
		if err == nil {
			err = s.DeleteMsg(w.T.Context(), seq)
		}
		if err != nil {
			w.T.Fatal(err)
		}
	})
}

// links counts the mailboxes of which it is known who named them.
func links(w *homingtest.World) (n int) {
	r := w.Redis.Mini()
	for _, name := range r.Keys() {
		if strings.Contains(name, "}:l:") {
			fields, err := r.HKeys(name)
			if err != nil {
				w.T.Fatal(err)
			}
			n += len(fields)
		}
	}
	return n
}

// An installation of the first format is started by this version: its pending emails
// leave, once, what it knew of claims stays, and who is one person is known.
func TestAnInstallationOfTheFirstFormatGoesOn(t *testing.T) {
	story(t, uncapped, func(w *homingtest.World) {
		w.Publish("main", bought(by("", "finn@example.com"), "o1", "tea"))
		w.Publish("main", bought(by("finn", "Finn@example.com"), "o2", "pot"))
		w.Publish("main", &events.CustomerUnsubscribed{Customer: by("", "fay@example.com")})
		w.Publish("main", &events.CustomerCreated{Customer: by("fay", "fay@example.com")})
		time.Sleep(10 * time.Minute) // NATS no longer knows the ids of what is deleted here
		before := links(w)
		w.Stop()
		asFirstFormat(w)
		if links(w) != 0 || before == 0 {
			t.Fatalf("%d links, and there were %d", links(w), before)
		}
		w.Start()
		if n := links(w); n != before {
			t.Errorf("%d mailboxes have links, want %d", n, before)
		}
		c, _ := kept(w.T, w, "finn")
		if _, sent := c.Claimed(customer.ClaimKey("thank-you.thanks.abc.1001")); !sent || c.OrderCount() != 1 {
			t.Errorf("of finn there is %+v", c)
		}
		w.Publish("main", leftCart(by("fay", "fay@example.com"), "k1")) // with a yes of before the no
		w.Publish("main", leftCart(by("finn", ""), "k2"))
		time.Sleep(time.Minute)
		w.Publish("main", bought(by("", "finn@example.com"), "o3", "tea"))
		time.Sleep(5 * time.Hour)
		if d := cmp.Diff([]string{"Finn@example.com", "finn@example.com", "finn@example.com"}, mailed(w)); d != "" {
			t.Errorf("mailed (-want +got), for three orders, and nobody for a cart:\n%s\n%v", d, outcomes(w))
		}
		// And the next start has nothing to do.
		w.Stop()
		w.Start()
		if n := links(w); n != before {
			t.Errorf("%d links after another start, want %d", n, before)
		}
	})
}
