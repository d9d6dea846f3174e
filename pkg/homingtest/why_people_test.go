package homingtest_test

import (
	"errors"
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

// published returns a function that publishes and lets a moment go by.
func publisher(w *homingtest.World) func(events.Data) {
	return func(d events.Data) {
		w.Publish("main", d)
		time.Sleep(time.Minute)
	}
}

func orderOf(who events.Customer, id string) *events.OrderPlaced {
	o := homingtest.Order(who.ID, id)
	o.Customer = who
	return o
}

// hasLine reports whether the story has a line with a text in it.
func hasLine(r why.Report, text string) bool {
	return slices.ContainsFunc(r.Story, func(l why.Line) bool { return strings.Contains(l.Text, text) })
}

// Jo left a cart as a guest, ordered under an account, and has an older account that was
// merged: asked for in any way, why tells of one person.
func TestWhyTellsOfAPersonHoweverTheyAreAskedFor(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		say := publisher(w)
		say(&events.CartAbandoned{Customer: events.Customer{Email: "Jo@example.com"}, Cart: basket("k1", "tea-1")})
		say(orderOf(events.Customer{ID: "old-jo", Email: "jo@other.example"}, "20001"))
		say(&events.CustomerCreated{Customer: events.Customer{ID: "jo", Email: "jo@example.com", FirstName: "Jo"}})
		say(orderOf(events.Customer{ID: "jo", Email: "jo@example.com"}, "20002"))
		say(&events.CustomerMerged{Customer: events.Customer{ID: "jo"}, From: "old-jo"})
		say(&events.CustomerUnsubscribed{Customer: events.Customer{ID: "old-jo"}, Scope: "win-back"})
		if _, err := w.JS.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced),
			[]byte(`{"customer":{"email":"JO@example.com"},"order":{"id":"20003"}}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		l := w.Installation()
		r, text, _ := ask(t, l, "jo")
		for who, is := range map[string]string{"jo@EXAMPLE.com": why.IsAddress, "jo@other.example": why.IsAddress, "20002": why.IsOrder, "20001": why.IsOrder, "old-jo": why.IsID} {
			found, err := l.Find(t.Context(), "", who)
			if err != nil || len(found) != 1 || !slices.Equal(found[0].Is, []string{is}) {
				t.Errorf("%s: %+v, %v; want one, as %s", who, found, err, is)
				continue
			}
			if got := found[0].Match().Customer; who != "old-jo" && got != "jo" && who != "20001" {
				t.Errorf("%s: told under %s, want jo", who, got)
			}
			x, _, _ := ask(t, l, who)
			if len(x.Story) != len(r.Story) || len(x.Pending) != len(r.Pending) || len(x.Person.IDs) != 3 || x.Person.Group != r.Person.Group {
				t.Errorf("%s: %d lines, %d pending, %d ids; as jo %d, %d and 3", who, len(x.Story), len(x.Pending), len(x.Person.IDs), len(r.Story), len(r.Pending))
			}
		}
		var addresses []string
		for _, a := range r.Person.Addresses {
			addresses = append(addresses, a.Use+" "+a.Email)
		}
		if !slices.Equal(addresses, []string{"account jo@example.com", "account jo@other.example"}) {
			t.Errorf("addresses: %q", addresses)
		}
		for _, want := range []string{"left cart k1: 1 item, £1.00 (as a guest)", "ordered 20001: 1 item, £12.95 (as old-jo)", "ordered 20002: 1 item, £12.95",
			"turned out to be the same as old-jo", "unsubscribed from win-back (as old-jo)"} {
			if !hasLine(r, want) {
				t.Errorf("the story has no %q:\n%s", want, text)
			}
		}
		if r.Profile.Orders != 2 || len(r.Standing.Stops) != 1 || r.Profile.Email != "jo@example.com" {
			t.Errorf("profile %+v, stops %+v", r.Profile, r.Standing.Stops)
		}
		if len(r.Rejected) != 1 || r.Rejected[0].Type != "order.placed" || !strings.Contains(string(text), "homing rejected show 1") {
			t.Errorf("rejected: %+v", r.Rejected)
		}
		seen := map[string]bool{}
		for _, p := range r.Pending {
			seen[strings.Split(p.ID, ".")[2]] = true
		}
		if len(seen) < 2 {
			t.Errorf("pending touches under %d tokens, want those of both accounts: %+v", len(seen), r.Pending)
		}
		held, err := l.Export(t.Context(), "", "20001")
		if err != nil || len(held.Records) != 3 || len(held.Person.IDs) != 3 || len(held.Pending) != len(r.Pending) {
			t.Errorf("exported %d records, %+v, %d pending: %v", len(held.Records), held.Person, len(held.Pending), err)
		}
		old, _, _ := ask(t, l, "old-jo")
		if old.Customer != "old-jo" || old.Profile.Became != "jo" {
			t.Errorf("old-jo is told as %s, became %q", old.Customer, old.Profile.Became)
		}
	})
}

// An address that only an order of somebody's named is not theirs: that somebody is
// listed, and neither exported nor erased by it.
func TestAnOrdersAddressFindsWhoNamedItAndIsNotThem(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		say := publisher(w)
		say(&events.CustomerCreated{Customer: events.Customer{ID: "ann", Email: "ann@example.com"}})
		say(orderOf(events.Customer{ID: "ann", Email: "gift@example.com"}, "20011"))
		l := w.Installation()
		is := func(who string, want ...string) []installation.Found {
			t.Helper()
			found, err := l.Find(t.Context(), "", who)
			var got []string
			for _, f := range found {
				got = append(got, f.Match().Customer+" "+strings.Join(f.Is, "+"))
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q, %v; want %q", who, got, err, want)
			}
			return found
		}
		is("gift@example.com", "ann "+why.IsNamed)
		var several *installation.SeveralError
		if _, err := l.Export(t.Context(), "", "gift@example.com"); !errors.As(err, &several) {
			t.Errorf("ann is exported to whom it was sent: %v", err)
		}
		say(orderOf(events.Customer{Email: "gift@example.com"}, "20012"))
		say(&events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "ann@new.example"}})
		guest := w.Identity().Guest("main", "gift@example.com")
		is("gift@example.com", guest+" "+why.IsAddress, "ann "+why.IsNamed)
		is("ann@example.com", "ann "+why.IsEarlier)
		if held, err := l.Export(t.Context(), "", "gift@example.com"); err != nil || held.Token != w.Identity().Key("main", guest).Token {
			t.Errorf("exported %s: %v", held.Token, err)
		}
		say(&events.AddressBounced{Email: "void@example.com"})
		box := is("void@example.com", " "+why.IsBox)
		if len(box) == 1 {
			if r, _, _ := ask(t, l, "void@example.com"); r.Standing.Marketing.Reason != "bounced" || len(r.Story) != 1 {
				t.Errorf("of an address that nobody has: %+v, story %+v", r.Standing, r.Story)
			}
		}
		say(&events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		is("ann@new.example", " "+why.IsErased)
		is("gift@example.com", guest+" "+why.IsAddress) // nothing says any more that ann named it
	})
}

// Who did what is not known, and what they are called stands in a rejected event alone:
// that is said.
func TestNobodyIsKnownButARejectedEventNamesThem(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		for _, body := range []string{`{"customer":{"email":"lee@example.com"},"order":{"id":"20021"}}`, `{"customer":{"email":"someone@example.com"},"order":{"id":"20022"}}`} {
			if _, err := w.JS.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced), []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		_, err := w.Installation().Why(t.Context(), "", "Lee@example.com", installation.WhyOptions{})
		if !errors.Is(err, installation.ErrUnknown) || !strings.Contains(err.Error(), "homing rejected show 1") {
			t.Errorf("got %v", err)
		}
		if strings.Contains(strings.ToLower(err.Error()), "lee@") {
			t.Errorf("the error has the address: %v", err)
		}
	})
}

// An email about an order that came with somebody else's address is judged as delivery
// will: by what that somebody refused, too.
func TestWhyJudgesAnOrdersEmailByWhoAnswersToItsAddress(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, oneMailInSixteenHours)
		w.Start()
		say := publisher(w)
		say(&events.CustomerCreated{Customer: events.Customer{ID: "acme", Email: "office@example.com"}})
		say(orderOf(events.Customer{ID: "acme", Email: "alice@example.com"}, "20031"))
		time.Sleep(4 * day) // or the two orders share a request
		say(orderOf(events.Customer{ID: "acme", Email: "bob@example.com"}, "20032"))
		say(&events.CustomerUnsubscribed{Customer: events.Customer{Email: "bob@example.com"}})
		r, text, _ := ask(t, w.Installation(), "acme")
		got := map[string]string{}
		for _, p := range r.Pending {
			if p.Worker == "review-request" && p.Step == "ask" {
				got[p.To] = p.Then.Action + " " + p.Then.Reason
			}
		}
		if len(got) != 2 || got["alice@example.com"] != "send " || got["bob@example.com"] != "drop unsubscribed" {
			t.Errorf("what would become of them: %v\n%s", got, text)
		}
	})
}
