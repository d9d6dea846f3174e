package projection_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/projection"
)

func at(n int) time.Time { return time.Date(2025, 3, 1, n, 0, 0, 0, time.UTC) }

// says is an entry of a customer; one without an id is the guest at the address.
func says(t testing.TB, n int, d events.CustomerData) customer.Entry {
	t.Helper()
	who := d.Who()
	if who.ID == "" {
		who.ID = ids(t).Guest("main", who.Email)
	}
	return customer.Entry{Key: ids(t).Key("main", who.ID), Event: events.Event{ID: fmt.Sprint(d.Type(), n, who.ID, who.Email), Source: "/shop",
		Store: "main", Type: d.Type(), Time: at(n), Data: d}}
}

func who(id, email string) events.Customer { return events.Customer{ID: id, Email: email} }

func knows(t testing.TB, n int, id, email string) customer.Entry {
	return says(t, n, &events.CustomerUpdated{Customer: who(id, email)})
}

func buys(t testing.TB, n int, id, email string) customer.Entry {
	return says(t, n, &events.OrderPlaced{Customer: who(id, email), Order: events.Order{ID: fmt.Sprint("o", n, id)}})
}

func erases(t testing.TB, n int, id, email string) customer.Entry {
	return says(t, n, &events.CustomerErased{Customer: who(id, email)})
}

func merges(t testing.TB, n int, into, from string) customer.Entry {
	return says(t, n, &events.CustomerMerged{Customer: who(into, ""), From: from})
}

// Append makes a tape the timeline that ids are introduced to.
func (p *tape) Append(_ context.Context, entries []customer.Entry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range entries {
		if p.fails > 0 {
			if p.fails--; p.fails == 0 {
				return errDown
			}
		}
		entries[i] = p.record(entries[i])
	}
	return nil
}

// facts are the entries of some type on a tape.
func (p *tape) facts(of ...events.Type) (out []customer.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		if slices.Contains(of, e.Event.Type) {
			out = append(out, e)
		}
	}
	return out
}

// desk is a process that takes events in.
type desk struct {
	*projection.Customers
	people *projection.People
	tape   *tape
	trips  int
	mu     sync.Mutex
}

func openDesk(t testing.TB, url string, p *tape) *desk {
	return deskOn(t, homingtest.Redis(t, url), p)
}

func deskOn(t testing.TB, rdb *redis.Client, p *tape) *desk {
	d := &desk{tape: p}
	rdb.AddHook(homingtest.RoundTrips(func([]redis.Cmder) { d.mu.Lock(); d.trips++; d.mu.Unlock() }))
	d.Customers = projection.New(rdb, nil)
	d.IntroduceTo(p, ids(t))
	if p.cluster {
		d.AsOnCluster()
	}
	d.people = projection.NewPeople(d.Customers, ids(t))
	return d
}

// takes takes entries in, as intake does.
func (d *desk) takes(t testing.TB, entries ...customer.Entry) {
	t.Helper()
	if err := d.take(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) take(ctx context.Context, entries []customer.Entry) error {
	entries, epoch := slices.Clone(entries), d.Epoch()
	if err := fold(ctx, d.Customers, entries); err != nil {
		return err
	}
	if err := d.tape.Append(ctx, entries); err != nil {
		return err
	}
	return d.MarkIn(ctx, epoch, entries)
}

func (d *desk) person(t testing.TB, id string) customer.Person {
	t.Helper()
	ps, err := d.people.Read(t.Context(), []customer.Ask{{Key: ids(t).Key("main", id)}})
	if err != nil {
		t.Fatal(err)
	}
	return ps[0]
}

func (d *desk) linked(t testing.TB, email string) []customer.Key {
	t.Helper()
	of, err := d.Links(t.Context(), []customer.Key{ids(t).Mailbox("main", email)})
	if err != nil {
		t.Fatal(err)
	}
	return of[0]
}

func TestLinksAreKeptSmallAndOnce(t *testing.T) {
	lengthy.WithRace(t)
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		d, rdb := openDesk(t, url, &tape{}), homingtest.Redis(t, url)
		var want []customer.Key
		for i := range 130 {
			k := ids(t).Key("main", fmt.Sprint("c", i))
			for range 2 {
				if err := d.Link(t.Context(), []projection.Link{{Mailbox: ids(t).Mailbox("main", "ann@example.com"), ID: k}}); err != nil {
					t.Fatal(err)
				}
			}
			if want = append(want, k); i > customer.MaxPerson {
				want = want[:customer.MaxPerson+1] // enough to know that it is nobody's
			}
			slices.SortFunc(want[:], customer.CompareKeys)
			if i%20 != 0 && i > 8 {
				continue
			}
			if got := d.linked(t, "ann@example.com"); len(got) != len(want) {
				t.Fatalf("%d links after %d, want %d", len(got), i+1, len(want))
			}
		}
		// Thousands of mailboxes, some with as many ids as go into the hash, and more.
		var links []projection.Link
		for i := range 6000 {
			for j := range 1 + i%8 {
				links = append(links, projection.Link{Mailbox: ids(t).Mailbox("main", fmt.Sprint(i, "@example.com")), ID: ids(t).Key("main", fmt.Sprint("c", i, "-", j))})
			}
		}
		if err := d.Link(t.Context(), links); err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{5, 6, 7} {
			if got := d.linked(t, fmt.Sprint(i, "@example.com")); len(got) != 1+i {
				t.Errorf("%d ids, want %d", len(got), 1+i)
			}
		}
		if !isReal(t, url) {
			return
		}
		names, err := homingtest.Admin(t, rdb).Keys(t.Context(), "homing:*:l:*").Result()
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			if enc, err := homingtest.Admin(t, rdb).ObjectEncoding(t.Context(), name).Result(); err != nil || enc != "listpack" {
				t.Fatalf("%s is a %s, %v", name, enc, err)
			}
		}
	})
}

func TestLinksThatAreMadeAtOnceAreAllThere(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		d := openDesk(t, url, &tape{})
		var wg sync.WaitGroup
		for w := range 8 {
			s := projection.New(homingtest.Redis(t, url), nil)
			for i := range 5 {
				wg.Go(func() {
					l := projection.Link{Mailbox: ids(t).Mailbox("main", "ann@example.com"), ID: ids(t).Key("main", fmt.Sprint("c", w, "-", i%3))}
					if err := s.Link(t.Context(), []projection.Link{l}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if got := d.linked(t, "ann@example.com"); len(got) != 24 {
			t.Errorf("%d links, want 24", len(got))
		}
	})
}

func TestPersonsAreReadInFewRoundTrips(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		d := openDesk(t, url, &tape{})
		d.takes(t, knows(t, 1, "ann", "ann@example.com"), buys(t, 2, "bob", "bob@example.com"))
		d.takes(t, knows(t, 1, "two", "two@example.com"), buys(t, 2, "", "two@example.com"))
		ann, mailbox := customer.Ask{Key: ids(t).Key("main", "ann")}, ids(t).Mailbox("main", "ann@example.com")
		for _, c := range []struct {
			name string
			asks []customer.Ask
			near []customer.Key
			want int
		}{
			{"one id", []customer.Ask{ann}, nil, 2},
			{"one id whose mailbox is told", []customer.Ask{ann}, []customer.Key{mailbox}, 1},
			{"nobody", []customer.Ask{{Key: ids(t).Key("main", "nobody")}}, nil, 1},
			{"several", []customer.Ask{ann, {Key: ids(t).Key("main", "bob")}}, nil, 2},
			{"an account and a guest", []customer.Ask{{Key: ids(t).Key("main", "two")}}, nil, 3},
			{"a mailbox", []customer.Ask{ids(t).AskMailbox("main", "ann@example.com")}, nil, 2},
		} {
			d.trips = 0
			if _, err := d.people.Read(t.Context(), c.asks, c.near...); err != nil {
				t.Fatal(err)
			}
			if d.trips != c.want {
				t.Errorf("%s: %d round trips, want %d", c.name, d.trips, c.want)
			}
		}
	})
}

// Two claim at the same time, each on another record of one person.
func TestOfTwoWhoClaimAtOnceOneSeesTheOther(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		d := openDesk(t, url, &tape{})
		d.takes(t, knows(t, 1, "a", "ann@example.com"), knows(t, 1, "b", "ann@example.com"))
		for n := range 60 {
			var saw [2]bool
			var read, wg sync.WaitGroup
			read.Add(2)
			for i, id := range []string{"a", "b"} {
				s := projection.New(homingtest.Redis(t, url), nil)
				wg.Go(func() {
					p, err := projection.NewPeople(s, ids(t)).Read(t.Context(), []customer.Ask{{Key: ids(t).Key("main", id)}})
					read.Done()
					read.Wait()
					if err != nil {
						t.Error(err)
						return
					}
					mine := *p[0].Members[slices.IndexFunc(p[0].Members, func(r *customer.Record) bool { return r.Key == ids(t).Key("main", id) })]
					mine.Customer.SetClaim(customer.Claim{Touch: uint64(n + 1), State: customer.Open, Lease: 1})
					saved, same, err := s.SaveAgainst(t.Context(), &mine, p[0].Rests, p[0].Links)
					if err != nil || !saved {
						t.Errorf("saved %v, %v", saved, err)
					}
					saw[i] = !same
				})
			}
			wg.Wait()
			if !saw[0] && !saw[1] {
				t.Fatal("both claimed, and neither saw the other")
			}
		}
	})
}

func TestAClaimSeesThatAnIdCameToTheMailbox(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		d := openDesk(t, url, &tape{})
		d.takes(t, knows(t, 1, "a", "ann@example.com"))
		p := d.person(t, "a")
		d.takes(t, knows(t, 2, "b", "ann@example.com"))
		mine := *p.Members[0]
		mine.Customer.SetClaim(customer.Claim{Touch: 7, State: customer.Open, Lease: 1})
		if saved, same, err := d.SaveAgainst(t.Context(), &mine, p.Rests, p.Links); err != nil || !saved || same {
			t.Errorf("saved %v, same %v, %v", saved, same, err)
		}
	})
}

func members(p customer.Person) string {
	var out []string
	for _, r := range p.Members {
		out = append(out, r.Key.Token)
	}
	return strings.Join(out, " ")
}
