package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/timeline"
)

// A relay that does not know us refuses every recipient. That is one hold, whatever it
// says; nothing is dropped, and all of it leaves when it knows us.
func TestARelayThatRefusesUsLosesNothing(t *testing.T) {
	lengthy.WithRace(t)
	for _, words := range []string{"550 relay not permitted", "550 Invalid recipient", "554 5.7.1 Relay access denied"} {
		t.Run(words, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				var knows atomic.Bool
				var tries atomic.Int32
				r.sink.Answer = func(command, _ string) string {
					if command == "RCPT" && !knows.Load() {
						tries.Add(1)
						return words
					}
					return ""
				}
				const n = 30
				for i := range n {
					id := fmt.Sprintf("c%d", i)
					r.known(id)
					r.touch(id, "offer", "l1", time.Minute, nil)
				}
				r.start(r.withHolds("main"))
				time.Sleep(20 * time.Minute)
				_, said, _ := strings.Cut(words, " ")
				held := r.transitions("main")
				if len(held) != 1 || !strings.HasPrefix(held[0], "main held smtp_down ") || !strings.Contains(held[0], strings.TrimPrefix(said, "5.7.1 ")) {
					t.Errorf("holds: %q", held)
				}
				facts := len(r.facts(events.TypeEmailHeld))
				t.Logf("%d tries, %d facts", tries.Load(), facts)
				if tries.Load() > 50 || facts > 20 {
					t.Errorf("%d tries and %d facts of single emails in twenty minutes", tries.Load(), facts)
				}
				if d := cmp.Diff([]events.Event(nil), r.facts(events.TypeEmailDropped)); d != "" {
					t.Errorf("dropped: %s", d)
				}
				knows.Store(true)
				time.Sleep(30 * time.Minute)
				if got := len(r.sink.Mails()); got != n {
					t.Errorf("%d emails of %d", got, n)
				}
				if got := r.transitions("main"); len(got) != 2 || !strings.HasPrefix(got[1], "main resumed smtp_down ") {
					t.Errorf("holds: %q", got)
				}
			})
		})
	}
}

// A relay that takes sixty emails a minute gets them all, and few facts are written.
func TestARelayThatHasHadEnoughIsNoHoldForEachEmail(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		var mu sync.Mutex
		var window time.Time
		var taken int
		r.sink.Answer = func(command, _ string) string {
			if command != "MAIL" {
				return ""
			}
			mu.Lock()
			defer mu.Unlock()
			if time.Since(window) > time.Minute {
				window, taken = time.Now(), 0
			}
			if taken++; taken > 60 {
				return "450 4.7.1 Error: too much mail from 10.0.0.1"
			}
			return ""
		}
		const n = 300
		for i := range n {
			id := fmt.Sprintf("c%d", i)
			r.known(id)
			r.touch(id, "offer", "l1", time.Minute, nil)
		}
		r.start(r.withHolds("main"))
		time.Sleep(20 * time.Minute)
		if got := len(r.sink.Mails()); got != n {
			t.Errorf("%d emails of %d", got, n)
		}
		if held := r.facts(events.TypeEmailHeld); len(held) != 0 {
			t.Errorf("%d facts of single emails", len(held))
		}
		t.Logf("%q", r.transitions("main"))
	})
}

// The words of a refusal are in the fact, without the address.
func TestTheFactHasTheRelaysWords(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.sink.Answer = func(command, arg string) string {
			if command == "RCPT" {
				return "450 4.2.0 <ann@example.com>: Recipient address rejected: Greylisted, ask ann"
			}
			return ""
		}
		r.known("ann")
		r.touch("ann", "offer", "l1", time.Minute, nil)
		r.start()
		time.Sleep(90 * time.Second)
		held := r.facts(events.TypeEmailHeld)
		want := "the relay answered 450 4.2.0 to rcpt: <address> Recipient address rejected: Greylisted, ask <address>"
		if len(held) != 1 || held[0].Data.(events.Fact).Body().Detail != want {
			t.Errorf("%+v", held)
		}
	})
}

// A mistyped domain is not found until the email is too late: that is a bounce, while
// the relay takes others.
func TestADomainThatIsNeverFoundIsABounce(t *testing.T) {
	lengthy.WithRace(t)
	for name, others := range map[string]bool{"others are accepted": true, "nothing is": false} {
		t.Run(name, func(t *testing.T) {
			if !others {
				lengthy.Always(t)
			}
			bubble(t, &series{}, func(r *rig) {
				r.sink.Answer = func(command, arg string) string {
					if command == "RCPT" && (strings.Contains(arg, "ann") || !others) {
						return "450 4.1.2 Domain not found"
					}
					return ""
				}
				r.known("ann", "bob")
				r.touch("ann", "offer", "l1", time.Minute, nil)
				r.touch("bob", "offer", "l1", time.Hour, nil)
				r.start(r.toldOfAddresses)
				time.Sleep(16 * day)
				dropped := r.facts(events.TypeEmailDropped)
				want := "expired"
				if others {
					want = "bounced"
				}
				if len(dropped) == 0 || dropped[0].Data.(events.Fact).Body().Reason != want {
					t.Errorf("want %s: %+v", want, dropped)
				}
			})
		})
	}
}

// toldOfAddresses has what is found out about addresses on the timeline, too.
func (r *rig) toldOfAddresses(o *delivery.Options) {
	o.Take = func(ctx context.Context, es []customer.Entry) error {
		return errors.Join(r.store.Fold(ctx, es), timeline.New(r.js).Append(ctx, es))
	}
}

// A relay without enhanced codes refuses an address in words that may mean anything.
// The email is dropped once the relay took another; the address is given up after
// days of that.
func TestAnAddressThatIsRefusedInDoubtForDaysIsGivenUp(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		asked := 0
		r.sink.Answer = func(command, arg string) string {
			if command == "RCPT" && strings.Contains(arg, "ann") {
				asked++
				return "550 Invalid recipient"
			}
			return ""
		}
		r.known("ann", "bob")
		for n := range 7 {
			in := time.Duration(n)*day + time.Hour
			r.touch("ann", "offer", fmt.Sprint("l", n), in, nil)
			r.touch("bob", "offer", fmt.Sprint("l", n), in+30*time.Second, nil)
		}
		r.start(r.toldOfAddresses)
		time.Sleep(8 * day)
		var reasons []string
		for _, f := range r.facts(events.TypeEmailDropped) {
			reasons = append(reasons, f.Data.(events.Fact).Body().Reason)
		}
		const refused, bounced = "rejected_by_server", "bounced"
		if d := cmp.Diff([]string{refused, refused, refused, refused, refused, bounced, bounced}, reasons); d != "" {
			t.Errorf("dropped (-want +got):\n%s", d)
		}
		if got := len(r.sink.Mails()); got != 7 || asked > 8 {
			t.Errorf("%d emails to others, and asked %d times", got, asked)
		}
	})
}

// One recipient among others is refused by a policy, which may take days to be put right:
// the tries, each of which is a fact, grow rarer.
func TestAPolicyAgainstOneRecipientIsTriedMoreAndMoreRarely(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.sink.Answer = func(command, _ string) string {
			if command == "RCPT" {
				return "550 5.7.1 blocked by policy"
			}
			return ""
		}
		r.known("ann")
		r.touch("ann", "offer", "l1", time.Minute, nil)
		r.start()
		time.Sleep(20 * time.Hour)
		if held := len(r.facts(events.TypeEmailHeld)); held < 4 || held > 8 {
			t.Errorf("%d facts in 20 hours, want about seven", held)
		}
	})
}
