package customer_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

// town is the records and links that events lead to, as intake makes them.
type town struct {
	id      *customer.Identity
	records map[customer.Key]*customer.Customer
	links   map[customer.Key]map[customer.Key]bool
}

func newTown(id *customer.Identity) *town {
	return &town{id, map[customer.Key]*customer.Customer{}, map[customer.Key]map[customer.Key]bool{}}
}

func (w *town) at(k customer.Key) *customer.Customer {
	if w.records[k] == nil {
		w.records[k] = &customer.Customer{}
	}
	return w.records[k]
}

func (w *town) take(e events.Event) {
	if d, ok := e.Data.(events.AddressData); ok {
		customer.Apply(w.at(w.id.Mailbox("main", *d.Mailed())), e)
		return
	}
	d := e.Data.(events.CustomerData)
	who := *d.Who()
	if who.ID == "" {
		who.ID = w.id.Guest("main", who.Email)
	}
	*d.Who() = who
	k := w.id.Key("main", who.ID)
	if who.Email != "" {
		m := w.id.Mailbox("main", who.Email)
		if w.links[m] == nil {
			w.links[m] = map[customer.Key]bool{}
		}
		w.links[m][k] = true
	}
	if d, ok := e.Data.(*events.CustomerMerged); ok {
		customer.Apply(w.at(w.id.Key("main", d.From)), events.Event{ID: e.ID, Source: e.Source, Type: events.TypePersonMerged, Time: e.Time,
			Data: &events.PersonMerged{Into: who.ID}})
	}
	customer.Apply(w.at(k), e)
}

// person reads a person as projection does, some steps at a time.
func (w *town) person(t interface{ Fatalf(string, ...any) }, a customer.Ask) customer.Person {
	n := customer.NewNeighbourhood(w.id)
	for range 20 {
		records, links := n.Missing(a)
		if len(records)+len(links) == 0 {
			p := n.Person(a)
			u := n.United(a)
			if string(customer.Encode(&u.Customer)) != string(customer.Encode(&p.Customer)) || !slices.EqualFunc(u.Rests, p.Rests, sameKey) ||
				!slices.EqualFunc(u.Members, p.Members, sameKey) || !slices.EqualFunc(u.Mailboxes, p.Mailboxes, sameKey) || len(u.Links) != len(p.Links) {
				t.Fatalf("a person of one record is not what their records say: %s", cmp.Diff(u, p, cmpopts.EquateEmpty()))
			}
			return p
		}
		for _, k := range records {
			r := customer.Record{Key: k}
			if c := w.records[k]; c != nil {
				got, err := customer.Decode(string(customer.Encode(c)))
				if err != nil {
					t.Fatalf("%v", err)
				}
				r.Customer, r.Version = got, "v"
			}
			n.Add([]customer.Record{r})
		}
		for _, k := range links {
			n.AddLinks(k, slices.Collect(maps.Keys(w.links[k])))
		}
	}
	t.Fatalf("a person is still not read after twenty steps")
	return customer.Person{}
}

func sameKey(a, b *customer.Record) bool { return a.Key == b.Key }

func (w *town) of(t interface{ Fatalf(string, ...any) }, id string) customer.Person {
	return w.person(t, customer.Ask{Key: w.id.Key("main", id)})
}

func (w *town) guest(t interface{ Fatalf(string, ...any) }, email string) customer.Person {
	return w.of(t, w.id.Guest("main", email))
}

const (
	shared = "ann@example.com"
	other  = "other@example.com"
)

func who(id, email string) events.Customer { return events.Customer{ID: id, Email: email} }

func purchase(n int, c events.Customer, id string) events.Event {
	return at(n, fmt.Sprint("o", n, id), &events.OrderPlaced{Customer: c, Order: events.Order{ID: id}})
}

func knows(n int, c events.Customer) events.Event {
	return at(n, fmt.Sprint("k", n), &events.CustomerUpdated{Customer: c})
}

func no(n int, c events.Customer) events.Event {
	return at(n, fmt.Sprint("no", n), &events.CustomerUnsubscribed{Customer: c})
}

func yes(n int, c events.Customer) events.Event {
	c.Consent = &events.Consent{Email: events.Subscribed, At: new(instant(n))}
	return at(n, fmt.Sprint("yes", n), &events.CustomerUpdated{Customer: c})
}

func merged(n int, into, from string) events.Event {
	return at(n, fmt.Sprint("m", n), &events.CustomerMerged{Customer: who(into, ""), From: from})
}

func TestWhoIsOnePerson(t *testing.T) {
	for _, c := range []struct {
		name string
		es   []events.Event
		one  []string // the ids of one person, an address being a guest's
		two  []string // ids that are others
	}{
		{"a guest who makes an account", []events.Event{purchase(1, who("", shared), "1"), purchase(2, who("acc", shared), "2")}, []string{shared, "acc"}, nil},
		{"in any case", []events.Event{purchase(1, who("", "Ann@Example.com"), "1"), knows(2, who("acc", "aNN@example.COM"))}, []string{shared, "acc"}, nil},
		{"two accounts", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared))}, []string{"a", "b"}, nil},
		{"plus tags are not folded", []events.Event{knows(1, who("a", shared)), knows(2, who("b", "ann+x@example.com"))}, []string{"a"}, []string{"b"}},
		{"an order's address joins nobody", []events.Event{knows(1, who("a", shared)), purchase(2, who("a", other), "1"), knows(3, who("b", other))}, []string{"a"}, []string{"b", other}},
		{"an account's second order's address joins nobody", []events.Event{purchase(1, who("a", shared), "1"), purchase(2, who("a", other), "2"), purchase(3, who("", other), "3")}, []string{"a"}, []string{other}},
		{"an address that changes", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared)), knows(3, who("b", other))}, []string{"a"}, []string{"b"}},
		{"and comes back", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared)), knows(3, who("b", other)), knows(4, who("b", shared))}, []string{"a", "b"}, nil},
		{"it takes the id to the person there", []events.Event{knows(1, who("a", shared)), purchase(2, who("", other), "1"), knows(3, who("a", other))}, []string{"a", other}, []string{shared}},
		{"a merge of two addresses", []events.Event{knows(1, who("a", shared)), knows(2, who("b", other)), merged(3, "a", "b")}, []string{"a", "b", shared, other}, nil},
		{"a merge of a chain", []events.Event{knows(1, who("a", shared)), merged(2, "a", "b"), merged(3, "b", "c")}, []string{"a", "b", "c"}, nil},
		{"a merge in a circle", []events.Event{merged(2, "a", "b"), merged(3, "b", "a")}, []string{"a", "b"}, nil},
		{"an id that became another's later", []events.Event{merged(2, "a", "b"), merged(3, "c", "b")}, []string{"b", "c"}, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			permute(c.es, func(es []events.Event) {
				w := newTown(drawer(t))
				for _, e := range es {
					w.take(e)
				}
				key := func(id string) string {
					if customer.SameAddress(id, shared) || id == other {
						id = w.id.Guest("main", id)
					}
					return w.id.Key("main", id).Token
				}
				for _, id := range c.one {
					if w.records[mustKey(w.id, key(id))] == nil {
						continue // no event came under it
					}
					p := w.person(t, customer.Ask{Key: mustKey(w.id, key(id))})
					for _, o := range c.one {
						if has := slices.ContainsFunc(p.Members, func(r *customer.Record) bool { return r.Key.Token == key(o) }); !has && w.records[mustKey(w.id, key(o))] != nil {
							t.Errorf("%s lacks %s", id, o)
						}
					}
					for _, o := range c.two {
						if slices.ContainsFunc(p.Members, func(r *customer.Record) bool { return r.Key.Token == key(o) }) {
							t.Errorf("%s has %s", id, o)
						}
					}
				}
			})
		})
	}
}

func mustKey(_ *customer.Identity, token string) customer.Key {
	k, ok := customer.KeyOfToken("main", token)
	if !ok {
		panic(token)
	}
	return k
}

func TestARefusalCountsForThePerson(t *testing.T) {
	account, guest := who("acc", shared), who("", shared)
	for _, c := range []struct {
		name string
		es   []events.Event
		id   string
		want bool
	}{
		{"said as a guest", []events.Event{purchase(1, guest, "1"), no(2, guest), purchase(3, account, "2")}, "acc", true},
		{"said under the other account", []events.Event{knows(1, account), knows(2, who("b", shared)), no(3, who("b", ""))}, "acc", true},
		{"said by address alone", []events.Event{knows(1, account), no(2, guest)}, "acc", true},
		{"lifted by a later yes under another id", []events.Event{knows(1, account), no(2, guest), yes(3, who("b", shared))}, "acc", false},
		{"an earlier yes lifts nothing", []events.Event{knows(1, account), yes(2, who("b", shared)), no(3, guest)}, "acc", true},
		{"it goes along with the id", []events.Event{knows(1, account), no(2, guest), knows(3, who("acc", other))}, "acc", true},
		{"it stays with the mailbox", []events.Event{knows(1, account), knows(1, who("b", shared)), no(2, who("b", "")), knows(3, who("b", other))}, "acc", true},
		{"what was said after the parting doesn't", []events.Event{knows(1, account), knows(1, who("b", shared)), knows(3, who("b", other)), no(4, who("b", ""))}, "acc", false},
		{"nor what was said before the two met", []events.Event{knows(1, account), knows(1, who("b", other)), no(2, who("b", "")), purchase(3, who("b", shared), "1")}, "acc", false},
		{"a merge brings it", []events.Event{knows(1, account), knows(1, who("b", other)), no(2, who("b", "")), merged(3, "acc", "b")}, "acc", true},
		{"also what the mailbox of the other said", []events.Event{knows(1, account), knows(1, who("b", other)), no(2, who("", other)), merged(3, "acc", "b")}, "acc", true},
		{"of who was merged into one that left", []events.Event{knows(1, account), knows(1, who("b", shared)), knows(1, who("c", other)), merged(2, "b", "c"), no(3, who("c", "")), knows(4, who("b", other))}, "acc", true},
		{"of who was merged into another since", []events.Event{knows(1, account), knows(1, who("b", other)), merged(2, "acc", "b"), no(3, who("b", "")), merged(4, "c", "b")}, "acc", true},
		{"nor who was sent a present before they came", []events.Event{knows(1, who("acc", other)), purchase(2, account, "1"), no(3, who("b", shared)), knows(4, who("b", "b@example.com")), knows(5, account), knows(6, who("acc", other))}, "acc", false},
		{"one order's address does not", []events.Event{knows(1, account), purchase(2, who("acc", other), "1"), no(3, who("", other))}, "acc", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			permute(c.es, func(es []events.Event) {
				w := newTown(drawer(t))
				for _, e := range es {
					w.take(e)
				}
				p := w.of(t, c.id)
				if got := p.Customer.Unsubscribed(events.ScopeAll); got != c.want {
					t.Errorf("unsubscribed: %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestPreferencesAreThePersons(t *testing.T) {
	account, guest := who("acc", shared), who("", shared)
	chose := func(n int, c events.Customer, birthday bool, window string) events.Event {
		d := &events.CustomerPreferences{Customer: c, Kinds: map[string]bool{"birthday": birthday}}
		if window != "" {
			d.AtMost = &events.AtMost{Limit: 1, Window: window}
		}
		return at(n, fmt.Sprint("chose", n), d)
	}
	for _, c := range []struct {
		name   string
		es     []events.Event
		id     string
		window string
		off    bool
	}{
		{"chosen as a guest", []events.Event{knows(1, account), chose(2, guest, false, "7d")}, "acc", "7d", true},
		{"the last word of all ids", []events.Event{knows(1, account), chose(2, guest, false, "7d"), chose(3, account, true, "30d")}, "acc", "30d", false},
		{"of each field", []events.Event{knows(1, account), chose(2, guest, true, "7d"), chose(3, account, false, "")}, "acc", "7d", true},
		{"a merge brings it", []events.Event{knows(1, account), knows(1, who("b", other)), chose(2, who("b", ""), false, "7d"), merged(3, "acc", "b")}, "acc", "7d", true},
		{"after a parting each has their own, and a no stays with both",
			[]events.Event{knows(1, account), knows(1, who("b", shared)), chose(2, who("b", ""), false, "7d"), knows(3, who("b", other))}, "acc", "", true},
		{"a yes of who left is theirs alone",
			[]events.Event{knows(1, account), knows(1, who("b", shared)), chose(2, account, false, ""), chose(3, who("b", ""), true, ""), knows(4, who("b", other))}, "acc", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			permute(c.es, func(es []events.Event) {
				w := newTown(drawer(t))
				for _, e := range es {
					w.take(e)
				}
				p := w.of(t, c.id)
				if got := p.Customer.Unsubscribed("birthday"); got != c.off || p.Customer.AtMost().Window != c.window {
					t.Errorf("off: %v, %v", got, p.Customer.AtMost())
				}
			})
		})
	}
	// By the link of an email about somebody else's order: what was chosen is kept with the
	// mailbox.
	w := newTown(drawer(t))
	w.take(knows(1, account))
	mailbox := w.at(w.id.Mailbox("main", shared))
	customer.Apply(mailbox, chose(2, events.Customer{}, false, "7d"))
	if p := w.of(t, "acc"); !p.Customer.Unsubscribed("birthday") || p.Customer.AtMost().Window != "7d" {
		t.Errorf("at the mailbox: %v", p.Customer.AtMost())
	}
	customer.Apply(mailbox, chose(3, events.Customer{}, true, ""))
	if p := w.of(t, "acc"); p.Customer.Unsubscribed("birthday") {
		t.Error("and chosen again there")
	}
}

func TestAnErasureConcernsAllWhoWereThePersonThen(t *testing.T) {
	gone := func(n int, c events.Customer) events.Event {
		return at(n, fmt.Sprint("gone", n), &events.CustomerErased{Customer: c})
	}
	w := newTown(drawer(t))
	for _, e := range []events.Event{
		purchase(1, who("acc", shared), "1"), knows(1, who("late", other)), purchase(2, who("late", ""), "2"),
		gone(5, who("", shared)), knows(6, who("late", shared)),
	} {
		w.take(e)
	}
	if p := w.of(t, "acc"); !p.Customer.Gone() && p.Customer.OrderCount() != 0 {
		t.Errorf("erased by address, and the account still has %d orders", p.Customer.OrderCount())
	}
	if p := w.of(t, "late"); p.Customer.OrderCount() != 1 {
		t.Errorf("%d orders of the account that came later, want its one", p.Customer.OrderCount())
	}
}

// Who had a present sent to a friend, and has the friend's address since they were
// erased, is not erased with them.
func TestWhereAPresentWentWasNoHome(t *testing.T) {
	permute([]events.Event{
		knows(1, who("ann", other)), purchase(2, who("ann", shared), "1"),
		at(5, "gone", &events.CustomerErased{Customer: who("", shared)}), knows(7, who("ann", shared)),
	}, func(es []events.Event) {
		w := newTown(drawer(t))
		for _, e := range es {
			w.take(e)
		}
		p := w.of(t, "ann")
		if n := p.Customer.OrderCount(); n != 1 {
			t.Fatalf("%d orders of who sent a present to somebody who was erased, want 1", n)
		}
	})
}

// Whatever the order in which events come, and however often, the persons are the
// same.
func TestPersonsDoNotDependOnTheOrderOfEvents(t *testing.T) {
	id := drawer(t)
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SampledFrom([]string{"", "a", "b", "c"})
		mails := rapid.SampledFrom([]string{"", shared, other, "third@example.com", "ANN@example.com"})
		es := make([]events.Event, rapid.IntRange(1, 12).Draw(t, "events"))
		for i := range es {
			n := rapid.IntRange(1, 6).Draw(t, "time")
			c := who(ids.Draw(t, "id"), mails.Draw(t, "email"))
			if c.ID == "" && c.Email == "" {
				c.ID = "a"
			}
			name := fmt.Sprint("e", i)
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1:
				es[i] = at(n, name, &events.OrderPlaced{Customer: c, Order: events.Order{ID: fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "order"))}})
			case 2, 3:
				es[i] = at(n, name, &events.CustomerUpdated{Customer: c})
			case 4:
				es[i] = at(n, name, &events.CustomerUnsubscribed{Customer: c})
			case 5:
				c.ID = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "into")
				es[i] = at(n, name, &events.CustomerMerged{Customer: c, From: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "from")})
			default:
				e := yes(n, c)
				e.ID = name
				es[i] = e
			}
		}
		live := func(es []events.Event) *town {
			w := newTown(id)
			for _, e := range es {
				w.take(e)
			}
			return w
		}
		once := live(es)
		again := append(rapid.Permutation(es).Draw(t, "permutation"), rapid.Permutation(es).Draw(t, "repeated")...)
		twice := live(again)
		for _, x := range []string{"a", "b", "c"} {
			compare(t, x, once.of(t, x), twice.of(t, x))
		}
		for _, m := range []string{shared, other, "third@example.com"} {
			compare(t, m, once.guest(t, m), twice.guest(t, m))
			a := id.AskMailbox("main", m)
			compare(t, "mailbox "+m, once.person(t, a), twice.person(t, a))
		}
		// Membership is mutual.
		for _, x := range []string{"a", "b", "c"} {
			for _, r := range once.of(t, x).Members {
				p := once.person(t, customer.Ask{Key: r.Key})
				if len(p.Members) != len(once.of(t, x).Members) {
					t.Fatalf("%s sees %d members, and one of them %d", x, len(once.of(t, x).Members), len(p.Members))
				}
			}
		}
	})
}

func compare(t *rapid.T, whose string, a, b customer.Person) {
	tokens := func(p customer.Person) (out []string) {
		for _, r := range p.Members {
			out = append(out, r.Key.Token)
		}
		return out
	}
	if d := cmp.Diff(tokens(a), tokens(b)); d != "" {
		t.Fatalf("%s: members differ: %s", whose, d)
	}
	if d := cmp.Diff(customer.Encode(&a.Customer), customer.Encode(&b.Customer)); d != "" {
		t.Fatalf("%s: the person differs: %s\n%+v\n%+v", whose, d, a.Customer, b.Customer)
	}
}

// An email about somebody else's order has a link for the mailbox it went to.
func TestANoThatIsSaidAtAMailboxCountsForWhoAnswersToIt(t *testing.T) {
	w := newTown(drawer(t))
	for _, e := range []events.Event{
		knows(1, who("alice", "alice@example.com")), purchase(2, who("alice", shared), "o1"), knows(3, who("bob", "bob@example.com")),
		knows(4, who("moved", shared)), knows(20, who("moved", other)),
	} {
		w.take(e)
	}
	e := no(10, events.Customer{})
	customer.Apply(w.at(w.id.Mailbox("main", shared)), e)
	w.take(purchase(11, who("ann", shared), "o2"))
	for id, want := range map[string]bool{"ann": true, "alice": false, "bob": false, "moved": true} {
		if c := w.of(t, id).Customer; c.Unsubscribed(events.ScopeAll) != want {
			t.Errorf("%s unsubscribed: %v, want %v", id, !want, want)
		}
	}
	p := w.person(t, w.id.AskMailbox("main", shared))
	if !p.Customer.Unsubscribed(events.ScopeAll) {
		t.Error("the mailbox does not know")
	}
	w.take(yes(12, who("ann", shared)))
	if c := w.of(t, "ann").Customer; c.Unsubscribed(events.ScopeAll) {
		t.Error("a later yes does not count")
	}
}

// Email goes to the id that the shop goes on with. If that has no address, it goes where
// it went before.
func TestWhereEmailGoesAfterAMerge(t *testing.T) {
	const third = "third@example.com"
	for _, c := range []struct {
		name string
		es   []events.Event
		ask  []string
		want string
	}{
		{"to the one that goes on", []events.Event{knows(1, who("a", shared)), knows(2, who("b", other)), merged(3, "a", "b")}, []string{"a", "b"}, shared},
		{"it has no address", []events.Event{knows(2, who("b", other)), merged(3, "a", "b")}, []string{"a", "b"}, other},
		{"it gets one later", []events.Event{knows(2, who("b", other)), merged(3, "a", "b"), knows(4, who("a", shared))}, []string{"a", "b"}, shared},
		{"two were merged into it", []events.Event{knows(1, who("b", other)), knows(2, who("c", third)), merged(3, "a", "b"), merged(4, "a", "c")}, []string{"a", "b", "c"}, third},
		{"the last has none either", []events.Event{knows(1, who("b", other)), merged(3, "a", "b"), merged(4, "a", "c")}, []string{"a", "b", "c"}, other},
		{"a chain", []events.Event{knows(1, who("c", other)), merged(3, "a", "b"), merged(4, "b", "c")}, []string{"a", "b", "c"}, other},
		{"a ring", []events.Event{knows(1, who("a", shared)), merged(3, "a", "b"), merged(4, "b", "a")}, []string{"a", "b"}, shared},
		{"nobody has one", []events.Event{merged(3, "a", "b")}, []string{"a"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			permute(c.es, func(es []events.Event) {
				w := newTown(drawer(t))
				for _, e := range es {
					w.take(e)
				}
				for _, id := range c.ask {
					if p := w.of(t, id); p.Customer.Account() != c.want {
						t.Errorf("email for %s goes to %q, want %q", id, p.Customer.Account(), c.want)
					}
				}
			})
		})
	}
}

// What a mailbox got before an id left it counts in its caps, and in those of the id.
func TestWhatWasSentBeforeAPartingCountsForBoth(t *testing.T) {
	sent := func(w *town, id string, n int, to string) {
		w.at(w.id.Key("main", id)).SetClaim(customer.Claim{Touch: uint64(n), State: customer.Sent, At: instant(n).UnixMilli(), To: to})
	}
	for _, c := range []struct {
		name string
		es   []events.Event
		sent map[string]int // id → when
		to   string         // the address of an order
		want map[string]int // id → emails that count
	}{
		{"it left after the email", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared)), knows(9, who("b", other))}, map[string]int{"b": 5}, "", map[string]int{"a": 1, "b": 1}},
		{"it had left before", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared)), knows(4, who("b", other))}, map[string]int{"b": 5}, "", map[string]int{"a": 0, "b": 1}},
		{"the email went elsewhere", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared)), knows(9, who("b", other))}, map[string]int{"b": 5}, "friend@example.com", map[string]int{"a": 0, "b": 0}},
		{"the other's, who stayed", []events.Event{knows(1, who("a", shared)), knows(2, who("b", shared)), knows(9, who("b", other))}, map[string]int{"a": 5}, "", map[string]int{"a": 1, "b": 0}},
		{"it was merged with another since", []events.Event{knows(1, who("a", shared)), merged(2, "a", "b"), knows(3, who("c", other)), merged(9, "c", "b")}, map[string]int{"b": 5}, "", map[string]int{"a": 1, "c": 1}},
		{"and the email came later", []events.Event{knows(1, who("a", shared)), merged(2, "a", "b"), knows(3, who("c", other)), merged(9, "c", "b")}, map[string]int{"b": 10}, "", map[string]int{"a": 0, "c": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(drawer(t))
			for _, e := range c.es {
				w.take(e)
			}
			to := ""
			if c.to != "" {
				to = w.id.Mailbox("main", c.to).Token
			}
			for id, n := range c.sent {
				sent(w, id, n, to)
			}
			for id, want := range c.want {
				n := 0
				for _, k := range w.of(t, id).Customer.Claims {
					if k.Spends() {
						n++
					}
				}
				if n != want {
					t.Errorf("%d emails count for %s, want %d", n, id, want)
				}
			}
		})
	}
}
