package delivery_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// A Redis takes over while the relay has the whole of an email and has not answered yet.
// Its claim is written to that one, as often as it takes; once there is an outcome, or
// nothing left, it isn't.
func TestAClaimUnderWhichAnEmailMayHaveLeftIsWrittenToTheNextRedis(t *testing.T) {
	for name, answer := range map[string]string{"accepted": "", "refused for now": "451 later"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				t := r.t
				r.known("ann")
				var well atomic.Bool
				r.sink.Answer = func(command, _ string) string {
					if command == "." && !well.Load() {
						time.Sleep(8 * time.Second)
						return answer
					}
					return ""
				}
				r.start()
				touch := r.touch("ann", "offer", "a", time.Minute, nil)
				next := projection.New(homingtest.RedisInProcess(t), nil)
				claimed := func() bool {
					t.Helper()
					if err := r.running[0].Reclaim(t.Context(), next); err != nil {
						t.Fatal(err)
					}
					got, err := next.Load(t.Context(), []customer.Key{r.key("ann")})
					if err != nil {
						t.Fatal(err)
					}
					k, ok := got[0].Customer.Claimed(touch.ClaimKey())
					return ok && k.State == customer.Open
				}
				if claimed() {
					t.Error("a touch that is not due has a claim")
				}
				time.Sleep(time.Minute + time.Second)
				for range 2 {
					if !claimed() {
						t.Error("a touch that may have left has no claim in the next Redis")
					}
				}
				time.Sleep(20 * time.Second)
				next = projection.New(homingtest.RedisInProcess(t), nil)
				if claimed() {
					t.Error("a touch that is not on its way has a claim in the next Redis")
				}
				well.Store(true)
				time.Sleep(time.Hour)
				if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
			})
		})
	}
}

// A claim was written and its answer lost, and Redis is away when it is to be released: the
// next Redis has it. It is released there before anybody works with that, and nobody
// calls the touch uncertain.
func TestAClaimUnderWhichNothingLeftIsReleasedInTheNextRedis(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.setFault(either(failing("saved", 1), failing("save", 2, 3, 4, 5, 6, 7, 8, 9)))
		r.start()
		touch := r.touch("ann", "offer", "a", time.Minute, nil)
		open := func() bool {
			r.t.Helper()
			got, err := r.store.Load(r.t.Context(), []customer.Key{r.key("ann")})
			if err != nil {
				r.t.Fatal(err)
			}
			k, ok := got[0].Customer.Claimed(touch.ClaimKey())
			return ok && k.State == customer.Open
		}
		time.Sleep(time.Minute + time.Second)
		if !open() {
			r.t.Fatal("there is no claim whose answer was lost")
		}
		if err := r.running[0].Reclaim(r.t.Context(), r.store); err != nil {
			r.t.Fatal(err)
		}
		if open() {
			r.t.Error("a claim under which nothing left is not released")
		}
		time.Sleep(time.Hour)
		if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
			r.t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}

// away are customers in a Redis that a process cannot write to for a while.
type away struct {
	delivery.Customers
	is *atomic.Bool
}

var errAway = errors.New("no Redis")

func (c away) Save(ctx context.Context, records []*customer.Record) ([]bool, error) {
	if c.is.Load() {
		return nil, errAway
	}
	return c.Customers.Save(ctx, records)
}

// The relay has accepted an email when Redis goes away, and the process that knows it has to
// hand its touches back: it may not send while it does not know what is paused. Another
// process has the touch by then. The first one says what became of it as soon as it can, and
// nobody calls the touch uncertain.
func TestAnOutcomeIsRecordedEvenWhenTheTouchHasGoneToAnotherProcess(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		var is atomic.Bool
		r.sink.Answer = func(command, _ string) string {
			if command == "." {
				is.Store(true)
			}
			return ""
		}
		first := r.start(func(o *delivery.Options) { o.Customers = away{o.Customers, &is} })
		r.touch("ann", "offer", "a", time.Minute, nil)
		time.Sleep(time.Minute + time.Second)
		if !is.Load() {
			r.t.Fatal("nothing left")
		}
		first.pause()
		r.start()
		time.Sleep(9 * time.Second)
		is.Store(false)
		time.Sleep(time.Hour)
		if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
			r.t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if n := len(r.sink.Mails()); n != 1 {
			r.t.Errorf("%d emails left, want 1", n)
		}
		if n := r.running[0].Remembered(); n != 0 {
			r.t.Errorf("the first process still remembers %d touches", n)
		}
	})
}

// counted are customers in a Redis that is given up when a test says so.
type counted struct {
	delivery.Customers
	epoch *atomic.Uint64
}

func (c counted) Epoch() uint64 { return c.epoch.Load() }

func (c counted) MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error {
	if epoch != c.epoch.Load() {
		return projection.ErrRebuilding
	}
	return c.Customers.MarkIn(ctx, c.Customers.Epoch(), entries)
}

// Redis is given up after the claim and before the relay has the whole of the email:
// others may not see the claim. The email does not leave under it, and leaves later.
func TestNothingLeavesUnderAClaimInARedisThatWasGivenUp(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		var epoch atomic.Uint64
		var given atomic.Int64
		r.sink.Answer = func(command, _ string) string {
			if command == "DATA" && given.CompareAndSwap(0, time.Now().UnixNano()) {
				epoch.Add(1)
			}
			return ""
		}
		r.start(func(o *delivery.Options) { o.Customers = counted{o.Customers, &epoch} })
		r.touch("ann", "offer", "a", time.Minute, nil)
		time.Sleep(time.Hour)
		if given.Load() == 0 {
			t.Fatal("Redis was not given up")
		}
		if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if n := len(r.sink.Mails()); n != 1 {
			t.Errorf("%d emails left, want 1", n)
		}
		f, err := r.store.Load(context.Background(), []customer.Key{r.key("ann")})
		if err != nil {
			t.Fatal(err)
		}
		if k := f[0].Customer.Claims[0]; k.At < time.Unix(0, given.Load()).Add(10*time.Second).UnixMilli() {
			t.Errorf("the email left under the claim of before: settled %v", time.UnixMilli(k.At))
		}
	})
}
