package homingtest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// lostPerson leaves traces of one person under an account, as a guest, and under an
// older account that was merged; what names them is lost, and these.
var lostPerson = append([]string{"c-old-erasme-12", "old.erasme@example.org"}, lost...)

func leaveTracesOfAPerson(t *testing.T, w *homingtest.World) {
	t.Helper()
	say := publisher(w)
	old := events.Customer{ID: "c-old-erasme-12", Email: "old.erasme@example.org"}
	say(orderOf(old, "5101"))
	say(lostOrder("5102"))
	say(&events.CartAbandoned{Customer: events.Customer{Email: "Annegret.Erasme@example.net"}, Cart: basket("k1", "tea-1")})
	say(&events.CustomerMerged{Customer: events.Customer{ID: lostID}, From: old.ID})
	say(homingtest.Order("bob", "6101"))
	for _, raw := range []string{
		`{"customer":{"id":"c-old-erasme-12","email":"no address"},"order":{"id":"5103"}}`,
		`{"customer":{"email":"OLD.erasme@example.org"},"order":{"id":"5104"}}`,
	} {
		if _, err := w.JS.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced), []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Hour)
}

// Whichever id, address or order a person is erased by, nothing of theirs is pending at
// once, and nothing that names them is left the day after, under any of their ids.
func TestAPersonIsErasedUnderAllTheirIDs(t *testing.T) {
	for name, erase := range map[string]func(w *homingtest.World){
		"by address": func(w *homingtest.World) {
			w.Publish("main", &events.CustomerErased{Customer: events.Customer{Email: lostAddress}})
		},
		"by the id that was merged": func(w *homingtest.World) {
			w.Publish("main", &events.CustomerErased{Customer: events.Customer{ID: "c-old-erasme-12"}})
		},
		"by an order, with the command": func(w *homingtest.World) {
			f, _, err := w.Installation().Only(w.T.Context(), "", "5101")
			if err != nil {
				w.T.Fatal(err)
			}
			for _, e := range f.Erasures(time.Now()) {
				w.PublishEvent(e)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := homingtest.New(t, dir, "")
				w.Start()
				leaveTracesOfAPerson(t, w)
				ids := []string{lostID, "c-old-erasme-12", w.Identity().Guest("main", lostAddress)}
				for _, id := range ids {
					if pendingOf(t, w, id) == 0 {
						t.Fatalf("nothing is pending for %s", id)
					}
				}
				erase(w)
				time.Sleep(5 * time.Second)
				for _, id := range ids {
					if n := pendingOf(t, w, id); n != 0 {
						t.Errorf("%d touches are pending for %s", n, id)
					}
					if c, _ := kept(t, w, id); !c.Gone() || len(c.Claims) != 0 {
						t.Errorf("at once there is left of %s %+v", id, c)
					}
				}
				time.Sleep(day)
				for _, m := range mentions(t, w, lostPerson...) {
					t.Error("the day after ", m)
				}
				if pendingOf(t, w, "bob") == 0 {
					t.Error("what is pending for another went, too")
				}
			})
		})
	}
}

// An address that another customer's order named is theirs as well as the other's: the
// other is not erased with them.
func TestWhoseOrderNamedAnErasedAddressIsNotErased(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		say := publisher(w)
		say(lostOrder("5201"))
		say(&events.CustomerCreated{Customer: events.Customer{ID: "bob", Email: "bob@example.com"}})
		say(orderOf(events.Customer{ID: "bob", Email: lostAddress}, "6201"))
		say(&events.CustomerErased{Customer: events.Customer{Email: lostAddress}})
		time.Sleep(day)
		if c, _ := kept(t, w, "bob"); c.Gone() || c.OrderCount() != 1 || !c.Named(lostAddress) {
			t.Errorf("of bob there is %+v", c)
		}
		if c, _ := kept(t, w, lostID); !c.Gone() {
			t.Errorf("who was erased is %+v", c)
		}
	})
}

// Who has the address of somebody else's order is erased while an email about the order
// is pending: it goes to nobody. About a later order it goes there again.
func TestNoEmailGoesToAnAddressThatWasErasedSinceTheOrder(t *testing.T) {
	for name, gone := range map[string]events.Customer{
		"by the address": by("", "GUS@example.com"),
		"by an id":       by("gus", ""),
	} {
		t.Run(name, func(t *testing.T) {
			story(t, uncapped, func(w *homingtest.World) {
				w.Publish("main", &events.CustomerCreated{Customer: by("ann", "ann@example.com")})
				w.Publish("main", &events.CustomerCreated{Customer: by("gus", "gus@example.com")})
				time.Sleep(time.Minute)
				w.Publish("main", bought(by("ann", "gus@example.com"), "o1", "tea"))
				time.Sleep(time.Minute)
				w.Publish("main", bought(by("ann", "ann@example.com"), "o0", "mug"))
				time.Sleep(time.Minute)
				if n := pendingOf(w.T, w, "ann"); n != 6 {
					t.Fatalf("%d touches are pending, want the thanks, the ask and the reminder of two orders", n)
				}
				w.Publish("main", &events.CustomerErased{Customer: gone})
				time.Sleep(5 * time.Second)
				if n := pendingOf(w.T, w, "ann"); n != 3 {
					t.Errorf("%d touches are pending, want those about the order that went to another address", n)
				}
				everything(w.T, w, func(stream string, seq uint64, raw []byte) {
					if strings.HasPrefix(stream, "SCHEDULE") && strings.Contains(string(raw), "gus@example.com") {
						t.Errorf("%s has the address at %d", stream, seq)
					}
				})
				time.Sleep(time.Hour)
				if got := mailed(w); !slices.Equal(got, []string{"ann@example.com"}) {
					t.Errorf("emailed %v, want ann about her other order; outcomes %v", got, outcomes(w))
				}
				w.Publish("main", bought(by("ann", "gus@example.com"), "o2", "pot"))
				time.Sleep(time.Hour)
				if got := mailed(w); len(got) != 2 {
					t.Errorf("emailed %v, want gus about a later order; outcomes %v", got, outcomes(w))
				}
			})
		})
	}
}
