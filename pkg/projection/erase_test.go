package projection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/projection"
)

const (
	shared = "ann@example.com"
	other  = "other@example.com"
)

// orders counts what the records themselves have of some customers: an address is a guest's.
func (d *desk) orders(t testing.TB, of ...string) string {
	t.Helper()
	var out []string
	for _, id := range of {
		if strings.Contains(id, "@") {
			id = ids(t).Guest("main", id)
		}
		r := load(t, d.Customers, ids(t).Key("main", id))
		out = append(out, fmt.Sprint(r.Customer.OrderCount()))
	}
	return strings.Join(out, " ")
}

// erasureCases say whom an erasure concerns: what is left of whose orders.
var erasureCases = []struct {
	name string
	es   func(t testing.TB) []customer.Entry
	of   []string
	left string
	not  string // the id of an event without which it could not be known: it comes before the erasure
}{
	{"by address, of an account", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "a", ""), erases(t, 5, "", shared)}
	}, []string{"a"}, "0", ""},
	{"by id, of the guest", func(t testing.TB) []customer.Entry {
		return []customer.Entry{buys(t, 2, "", shared), knows(t, 3, "a", shared), erases(t, 5, "a", "")}
	}, []string{"a", shared}, "0 0", ""},
	{"by id, of another account", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "a", ""), knows(t, 1, "b", shared), buys(t, 2, "b", ""), erases(t, 5, "a", "")}
	}, []string{"a", "b"}, "0 0", ""},
	{"of a merged one", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "a", ""), knows(t, 1, "b", other), buys(t, 2, "b", ""), merges(t, 3, "a", "b"), erases(t, 5, "b", "")}
	}, []string{"a", "b"}, "0 0", ""},
	{"through a merge and a mailbox", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), knows(t, 1, "b", other), buys(t, 2, "", other), merges(t, 3, "a", "b"), erases(t, 5, "a", "")}
	}, []string{other}, "0", ""},
	{"not of one who came later", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "a", ""), knows(t, 1, "b", other), buys(t, 2, "b", ""), erases(t, 5, "a", ""), knows(t, 6, "b", shared)}
	}, []string{"a", "b"}, "0 1", ""},
	{"of one who left since", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), knows(t, 1, "b", shared), buys(t, 2, "b", ""), buys(t, 8, "b", ""), erases(t, 5, "a", ""), knows(t, 7, "b", other)}
	}, []string{"b"}, "1", ""},
	{"not of one who had left", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), knows(t, 1, "b", shared), buys(t, 2, "b", ""), knows(t, 3, "b", other), erases(t, 5, "a", "")}
	}, []string{"b"}, "1", "customer.updated3b" + other},
	{"not of those to whom an order went", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "a", other), knows(t, 1, "b", other), buys(t, 2, "b", ""), erases(t, 5, "a", "")}
	}, []string{"a", "b", other}, "0 1 0", "customer.updated1a" + shared},
	{"what comes after stays", func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "a", ""), knows(t, 1, "b", shared), erases(t, 5, "a", ""), buys(t, 6, "b", ""), buys(t, 7, "a", "")}
	}, []string{"a", "b"}, "1 1", ""},
}

// In whatever order the events come: one that comes late is told of the erasure where
// it leads.
func TestAnErasureReachesThePerson(t *testing.T) {
	lengthy.WithRace(t)
	url := miniRedis(t)
	for _, c := range erasureCases {
		t.Run(c.name, func(t *testing.T) {
			n, rdb := 0, homingtest.Redis(t, url)
			permutations(c.es(t), func(es []customer.Entry) {
				if n++; len(es) > 5 && n%7 != 1 || c.not != "" && after(es, c.not) {
					return
				}
				if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				d := deskOn(t, rdb, &tape{})
				for _, e := range es {
					d.takes(t, e)
				}
				if got := d.orders(t, c.of...); got != c.left {
					t.Errorf("%v have %s orders, want %s, after %s", c.of, got, c.left, told(es))
				}
			})
		})
	}
}

// after reports whether an event comes after the erasure.
func after(es []customer.Entry, id string) bool {
	of := func(is func(e customer.Entry) bool) int { return slices.IndexFunc(es, is) }
	return of(func(e customer.Entry) bool { return e.Event.ID == id }) > of(func(e customer.Entry) bool { return e.Event.Type == events.TypeCustomerErased })
}

func told(es []customer.Entry) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Event.ID)
	}
	return strings.Join(out, ", ")
}

func permutations(es []customer.Entry, fn func([]customer.Entry)) {
	if len(es) > 7 {
		panic("too many")
	}
	var next func(done, left []customer.Entry)
	next = func(done, left []customer.Entry) {
		if len(left) == 0 {
			fn(append([]customer.Entry(nil), done...))
			return
		}
		for i := range left {
			rest := append(append([]customer.Entry(nil), left[:i]...), left[i+1:]...)
			next(append(done[:len(done):len(done)], left[i]), rest)
		}
	}
	next(nil, es)
}

// A process that stops after any step leaves what the next one needs, and a refold
// has what the live ones had.
func TestAnErasureThatIsInterruptedReachesThePersonAllTheSame(t *testing.T) {
	lengthy.WithRace(t)
	for _, c := range erasureCases {
		t.Run(c.name, func(t *testing.T) {
			for stop := 1; ; stop++ {
				url := miniRedis(t)
				p := &tape{}
				d := openDesk(t, url, p)
				stopped := false
				for _, e := range c.es(t) {
					f := openFaulty(t, url, p)
					f.stopAfter(stop)
					err := f.take(t.Context(), []customer.Entry{e})
					if stopped = stopped || f.stopped(); err != nil {
						d.takes(t, e) // it comes again
					}
				}
				if got := d.orders(t, c.of...); got != c.left {
					t.Errorf("stopped after step %d: %v have %s orders, want %s", stop, c.of, got, c.left)
				}
				live := bodies(t, homingtest.Redis(t, url))
				if err := homingtest.Admin(t, homingtest.Redis(t, url)).FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				if err := introducing(t, url, p).Prove(t.Context()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(live, bodies(t, homingtest.Redis(t, url))); diff != "" {
					t.Errorf("stopped after step %d: a refold differs (-live +refolded):\n%s", stop, diff)
				}
				if !stopped {
					break
				}
			}
		})
	}
}

// An erasure, and an event from before it that makes two ids one, are taken in by two
// processes at the same moment.
func TestAnErasureAndWhoMeetsItAtTheSameMoment(t *testing.T) {
	url := miniRedis(t)
	for n := range 60 {
		if err := homingtest.Admin(t, homingtest.Redis(t, url)).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		p := &tape{}
		d := openDesk(t, url, p)
		d.takes(t, knows(t, 1, "a", shared), buys(t, 2, "a", ""), buys(t, 2, "b", ""), knows(t, 2, "c", other), buys(t, 2, "c", ""))
		var wg sync.WaitGroup
		for _, e := range []customer.Entry{erases(t, 5, "a", ""), knows(t, 3, "b", shared), merges(t, 4, "b", "c")} {
			f := openDesk(t, url, p)
			wg.Go(func() {
				for errors.Is(f.take(t.Context(), []customer.Entry{e}), projection.ErrContended) {
				}
			})
		}
		wg.Wait()
		if got := d.orders(t, "a", "b", "c"); got != "0 0 0" {
			t.Fatalf("round %d: %s orders are left, want none", n, got)
		}
	}
}

func TestCopiesOfAnErasureSayThatTheyAreCopies(t *testing.T) {
	url, p := miniRedis(t), &tape{}
	d := openDesk(t, url, p)
	d.takes(t, knows(t, 1, "a", shared), knows(t, 1, "b", shared), erases(t, 5, "a", ""))
	copies := 0
	for _, e := range p.facts(events.TypeCustomerErased) {
		if e.Event.Copy {
			copies++
			if who := e.Event.Data.(*events.CustomerErased).Customer; who != (events.Customer{}) || strings.Contains(e.Event.ID, "@") {
				t.Errorf("a copy names %+v, %s", who, e.Event.ID)
			}
		}
	}
	if copies != 2 { // of b, and of the guest at the address
		t.Errorf("%d copies, want 2", copies)
	}
}

// What goes to an erased address is deleted once it shows that it was erased: a planner
// that puts a plan later than that sees it.
func TestWhatGoesToAnErasedAddressIsDeletedOnceItIsErased(t *testing.T) {
	for name, e := range map[string]customer.Entry{"a guest": erases(t, 5, "", shared), "an account": erases(t, 5, "b", "")} {
		t.Run(name, func(t *testing.T) {
			d := deskOn(t, homingtest.Redis(t, miniRedis(t)), &tape{})
			d.takes(t, knows(t, 1, "a", other))
			d.takes(t, buys(t, 2, "a", shared))
			if name == "a guest" {
				d.takes(t, buys(t, 2, "", shared))
			} else {
				d.takes(t, knows(t, 2, "b", shared))
			}
			seen := false
			d.ForgetWith(func(_ context.Context, of []customer.Key, email string, _ time.Time) error {
				guest := load(t, d.Customers, ids(t).Key("main", ids(t).Guest("main", shared)))
				seen = guest.Customer.Erased.At != 0
				if !slices.Contains(of, ids(t).Key("main", "a")) || email != shared {
					t.Errorf("%v are asked about %s", of, email)
				}
				return nil
			})
			d.takes(t, e)
			if !seen {
				t.Error("the last time, it didn't show yet that the address was erased")
			}
		})
	}
}
