package delivery_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/gate"
	"homing/pkg/touch"
)

const annsAddress = "ann@example.com"

// guest is the id of who is known by an address alone.
func (r *rig) guest(email string) string { return r.ids.Guest("main", email) }

// ordered has somebody order something, with an address.
func (r *rig) ordered(id, email, order string) {
	r.t.Helper()
	c := events.Customer{ID: id, Email: email}
	if id == r.guest(email) {
		c.ID = ""
	}
	r.happened(id, &events.OrderPlaced{Customer: c, Order: events.Order{ID: order}})
}

// due puts a touch on the schedule of an id.
func (r *rig) due(id, email, occasion string, in time.Duration, s *touch.Snapshot) touch.Touch {
	r.t.Helper()
	at := time.Now().Add(in).UTC()
	t := touch.Touch{Worker: worker, Step: "offer", Customer: r.key(id), Occasion: occasion, Due: at, Wake: at, Caused: time.Now().UTC(),
		Address: r.ids.Address("main", email), Snapshot: s}
	r.put(t)
	return t
}

// meeting has the first two claims meet. Each was judged before the other is written.
type meeting struct {
	delivery.Customers
	*rendezvous
}

type rendezvous struct {
	mu      sync.Mutex
	came    int
	both    chan struct{} // both are about to be written
	written sync.WaitGroup
	gap     time.Duration // between the two
	apart   bool          // as on a cluster: both are written before either looks
}

func newRendezvous(gap time.Duration, apart bool) *rendezvous {
	v := &rendezvous{both: make(chan struct{}), gap: gap, apart: apart}
	v.written.Add(2)
	return v
}

func (m meeting) SaveAgainst(ctx context.Context, r *customer.Record, others []*customer.Record, links []customer.Links) (saved, same bool, err error) {
	m.mu.Lock()
	m.came++
	me := m.came
	m.mu.Unlock()
	if me > 2 {
		return m.Customers.SaveAgainst(ctx, r, others, links)
	}
	if me == 2 {
		close(m.both)
		time.Sleep(m.gap)
	}
	<-m.both
	if !m.apart {
		return m.Customers.SaveAgainst(ctx, r, others, links)
	}
	ok, err := m.Customers.Save(ctx, []*customer.Record{r})
	m.written.Done()
	m.written.Wait()
	if err != nil || !ok[0] {
		return false, false, err
	}
	same = true
	for _, o := range others {
		now, err := m.Customers.Load(ctx, []customer.Key{o.Key})
		if err != nil {
			return true, false, err
		}
		same = same && (o.Key == r.Key || now[0].Version == o.Version)
	}
	return true, same, nil
}

// Two touches of one person, one for an account and one for a guest, fall due at the
// same moment, in two processes. There is room for one.
func TestTwoIdsOfOnePersonShareTheirCaps(t *testing.T) {
	for name, c := range map[string]struct {
		gap   time.Duration
		apart bool
	}{
		"written together":               {0, false},
		"one is written while one waits": {time.Millisecond, false},
		"both are written, then look":    {0, true},
		"both look some time later":      {time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				v := newRendezvous(c.gap, c.apart)
				r.caps, r.batch = []gate.Window{{Limit: 1, Length: 16 * time.Hour}}, 1
				guest := r.guest(annsAddress)
				r.ordered(guest, annsAddress, "1")
				r.ordered("ann", annsAddress, "2")
				r.due(guest, annsAddress, "a", time.Minute, nil)
				r.due("ann", annsAddress, "b", time.Minute, nil)
				meet := func(o *delivery.Options) { o.Customers = meeting{o.Customers, v} }
				r.start(meet)
				r.start(meet)
				time.Sleep(time.Hour)
				if n := len(r.sink.Mails()); n != 1 || v.came < 2 {
					t.Errorf("%d emails after %d claims, want one after two", n, v.came)
				}
				held := r.facts(events.TypeEmailHeld)
				if len(held) != 1 || held[0].Data.(events.Fact).Body().Reason != "frequency_cap" {
					t.Errorf("%d were held: %v", len(held), held)
				}
				time.Sleep(17 * time.Hour)
				if n := len(r.sink.Mails()); n != 2 {
					t.Errorf("%d emails a day later, want two", n)
				}
			})
		})
	}
}

// What is said after the gate let a touch pass, and before it is claimed.
func TestWhatIsSaidForAnotherIdBeforeTheClaimCounts(t *testing.T) {
	no := func(id, email string) func(r *rig) {
		return func(r *rig) {
			r.happened(id, &events.CustomerUnsubscribed{Customer: events.Customer{ID: id, Email: email}})
		}
	}
	for _, c := range []struct {
		name    string
		before  func(r *rig)
		between func(r *rig)
		want    string
	}{
		{"nothing", func(*rig) {}, func(*rig) {}, "sent"},
		{"a no of an account with the address", func(r *rig) { r.ordered("ann", annsAddress, "2") }, no("ann", ""), "unsubscribed"},
		{"an account names the address, and says no", func(*rig) {}, no("ann", annsAddress), "unsubscribed"},
		{"an account names the address, which said no before", no("ann", "other@example.com"), func(r *rig) {
			r.happened("ann", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: annsAddress}})
		}, "unsubscribed"},
		{"two accounts name the address, and one says no", func(*rig) {}, func(r *rig) {
			r.ordered("first", annsAddress, "3")
			no("second", annsAddress)(r)
		}, "unsubscribed"},
		{"an account names the address", func(*rig) {}, func(r *rig) { r.ordered("ann", annsAddress, "2") }, "sent"},
		{"a no of somebody else", func(r *rig) { r.ordered("bob", "bob@example.com", "2") }, no("bob", ""), "sent"},
	} {
		for _, lost := range []bool{false, true} { // the answer to the claim
			t.Run(c.name, func(t *testing.T) {
				bubble(t, &series{}, func(r *rig) {
					guest := r.guest(annsAddress)
					r.ordered(guest, annsAddress, "1")
					c.before(r)
					r.due(guest, annsAddress, "a", time.Minute, nil)
					told := false
					r.fault = func(op string) error {
						switch {
						case op == "save" && !told:
							told = true
							c.between(r)
						case op == "saved" && lost:
							lost = false
							return errFault
						}
						return nil
					}
					r.start()
					time.Sleep(time.Hour)
					if d := cmp.Diff(map[string]string{"a": c.want}, r.outcomes()); d != "" || !told {
						t.Errorf("told: %v; outcomes (-want +got):\n%s", told, d)
					}
				})
			})
		}
	}
}

// The process ends when its claim is written, and before it knows whether anything
// else changed. Nobody knows whether the email left, and the other id's must not.
func TestAClaimThatNobodyLookedAfterCountsForThePerson(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.caps, r.batch = []gate.Window{{Limit: 1, Length: 16 * time.Hour}}, 1
		guest := r.guest(annsAddress)
		r.ordered(guest, annsAddress, "1")
		r.ordered("ann", annsAddress, "2")
		r.due(guest, annsAddress, "a", time.Minute, nil)
		r.setFault(dieAt("saved", 1))
		p := r.start()
		time.Sleep(2 * time.Minute)
		p.stop()
		r.setFault(nil)
		r.due("ann", annsAddress, "b", time.Second, nil)
		r.start()
		time.Sleep(time.Hour)
		if d := cmp.Diff(map[string]string{"a": "uncertain"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if n := len(r.facts(events.TypeEmailHeld)); n != 1 {
			t.Errorf("%d were held, want the other id's", n)
		}
	})
}

// One occasion was planned under two ids before they were known to be one person.
func TestATouchThatAnotherIdHasAlreadyIsBundled(t *testing.T) {
	for _, together := range []bool{false, true} {
		bubble(t, &series{}, func(r *rig) {
			guest := r.guest(annsAddress)
			r.ordered(guest, annsAddress, "1")
			r.ordered("ann", annsAddress, "1")
			in := 10 * time.Minute
			if together {
				in = time.Minute
				r.sink.Answer = func(command, _ string) string {
					if command == "." {
						time.Sleep(4 * time.Second)
					}
					return ""
				}
			}
			a := r.due(guest, annsAddress, "a", time.Minute, nil)
			b := r.due("ann", annsAddress, "a", in, nil)
			r.start()
			r.start()
			time.Sleep(time.Hour)
			if n := len(r.sink.Mails()); n != 1 {
				t.Errorf("%d emails", n)
			}
			var got []string
			for _, f := range r.facts(events.OutcomeTypes(events.ActionSent, events.ActionDropped)...) {
				body := f.Data.(events.Fact).Body()
				got = append(got, body.Touch+" "+body.Reason)
			}
			want := []string{a.ID() + " sent", b.ID() + " bundled"}
			if slices.Contains(got, b.ID()+" sent") && together {
				want = []string{b.ID() + " sent", a.ID() + " bundled"}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("outcomes (-want +got):\n%s", d)
			}
		})
	}
}
