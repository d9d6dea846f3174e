package homingtest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
	"homing/pkg/why"
)

// The shop's customer 10042 is not who ordered 10042, long ago. Nobody is exported or
// erased for the other, and why says where it did not look.
func TestANumberThatIsAnIDIsLookedForAmongAllOrders(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start("intake")
		say := publisher(w)
		say(orderOf(events.Customer{ID: "ann", Email: "ann@example.com"}, "10042"))
		say(&events.OrderUpdated{Customer: events.Customer{ID: "eve", Email: "eve@example.com"}, Order: homingtest.Order("eve", "10043").Order})
		say(&events.CustomerCreated{Customer: events.Customer{ID: "10042", Email: "bob@example.com"}})
		l := w.Installation()
		is := func(who string, o installation.WhyOptions) (got []string, r why.Report) {
			t.Helper()
			r, err := l.Why(t.Context(), "", who, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range r.Matches {
				got = append(got, m.Customer+" "+strings.Join(m.Is, "+"))
			}
			return got, r
		}
		both := []string{"10042 " + why.IsID, "ann " + why.IsOrder}
		if got, r := is("10042", installation.WhyOptions{}); !slices.Equal(got, both) || len(r.Notes) > 0 {
			t.Errorf("soon after: %q, notes %q", got, r.Notes)
		}
		if found, err := l.Find(t.Context(), "", "10043"); err != nil || len(found) != 1 || found[0].Match().Customer != "eve" {
			t.Errorf("an order that was only told as changed: %+v, %v", found, err)
		}

		for n := range 2_050 { // of which no email comes
			body := fmt.Sprintf(`{"product":{"id":"p-%d"}}`, n)
			if _, err := w.JS.PublishAsync(events.Subject("main", events.TypeProductUpdated), []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		<-w.JS.PublishAsyncComplete()
		time.Sleep(time.Minute)
		got, r := is("10042", installation.WhyOptions{})
		if len(got) > 0 || r.Customer != "10042" {
			t.Errorf("among the latest: %q, %s", got, r.Customer)
		}
		if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "--all") {
			t.Errorf("it does not say that there are older orders: %q", r.Notes)
		}
		if got, r := is("10042", installation.WhyOptions{All: true}); !slices.Equal(got, both) || len(r.Notes) > 0 {
			t.Errorf("with all: %q, notes %q", got, r.Notes)
		}
		if _, r := is(r.Token, installation.WhyOptions{}); r.Customer != "10042" || len(r.Notes) > 0 {
			t.Errorf("by the token: %s, notes %q", r.Customer, r.Notes)
		}
		var several *installation.SeveralError
		if _, _, err := l.Only(t.Context(), "", "10042"); !errors.As(err, &several) || len(several.Found) != 2 {
			t.Errorf("one is erased, without a word of the other: %v", err)
		}
		if _, err := l.Export(t.Context(), "", "10042"); !errors.As(err, &several) {
			t.Errorf("one is exported, without a word of the other: %v", err)
		}
		if held, err := l.Export(t.Context(), "", r.Token); err != nil || held.Token != r.Token {
			t.Errorf("exported by the token: %s, %v", held.Token, err)
		}
	})
}

// A shop that numbers no orders means nobody by it.
func TestANumberOfTooManyOrdersNamesNobody(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start("intake")
		for n := range 102 {
			w.Publish("main", orderOf(events.Customer{Email: fmt.Sprintf("c%d@example.com", n)}, "web-1"))
		}
		time.Sleep(time.Minute)
		if _, err := w.Installation().Find(t.Context(), "", "web-1"); err == nil || !strings.Contains(err.Error(), "more than 100 customers") {
			t.Errorf("got %v", err)
		}
	})
}
