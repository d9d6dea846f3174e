package projection_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// journal remembers what a Redis was told.
type journal struct {
	mu   sync.Mutex
	told [][]any
}

func (j *journal) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (j *journal) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		j.note(c)
		return next(ctx, c)
	}
}

func (j *journal) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, c := range cmds {
			j.note(c)
		}
		return next(ctx, cmds)
	}
}

func (j *journal) note(c redis.Cmder) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch c.Name() {
	case "set", "setnx", "del", "eval", "evalsha":
		args := slices.Clone(c.Args())
		for i, a := range args {
			if b, ok := a.([]byte); ok { // which is used again
				args[i] = string(b)
			}
		}
		j.told = append(j.told, args)
	}
}

// upTo makes a Redis what it was after some of what it was told.
func (j *journal) upTo(t testing.TB, rdb *redis.Client, n int) {
	t.Helper()
	if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	pipe := rdb.Pipeline()
	for _, args := range j.told[:n] {
		pipe.Do(t.Context(), args...)
	}
	_, _ = pipe.Exec(t.Context()) // a script that is not known yet is told whole next
}

// A process stops after any step, and Redis loses any part of what it was told last. The
// timeline is folded, the events come again, and all is as if neither had happened: with
// the links of mailboxes, of which one Redis has no facts. An older version, which works
// as on a cluster, may have taken the events in, or fold.
func TestWhateverRedisLosesOfTheEndIsThereAgain(t *testing.T) {
	for _, takes := range []bool{false, true} {
		for _, folds := range []bool{false, true} {
			if takes && folds || testing.Short() && (takes || folds) {
				continue
			}
			t.Run(fmt.Sprintf("taken in as on a cluster %v, folded so %v", takes, folds), func(t *testing.T) { losing(t, takes, folds) })
		}
	}
}

func losing(t *testing.T, takes, folds bool) {
	es := func(t testing.TB) []customer.Entry {
		return []customer.Entry{knows(t, 1, "a", shared), buys(t, 2, "", shared), buys(t, 3, "b", other), merges(t, 4, "a", "b"), buys(t, 5, "a", other)}
	}
	url := miniRedis(t)
	openDesk(t, url, &tape{}).takes(t, es(t)...)
	want := everything(t, homingtest.Redis(t, url))
	for stop, stopped := 0, true; stopped; stop++ {
		url, p, j := miniRedis(t), &tape{cluster: takes}, &journal{}
		rdb := homingtest.Redis(t, url)
		rdb.AddHook(j)
		if err := projection.NewRebuilder(rdb, projection.NewGuard(true), p, rebuildOptions(t, p)).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		f := faultyOn(t, rdb, p)
		f.stopAfter(stop)
		proven := len(j.told)
		for _, batch := range [][]customer.Entry{es(t)[:2], es(t)[2:]} {
			_ = f.take(t.Context(), batch)
		}
		stopped = f.stopped()
		all, admin := len(p.entries), homingtest.Redis(t, url)
		check := func(left int, when string) {
			t.Helper()
			if diff := cmp.Diff(want, everything(t, admin)); diff != "" {
				t.Fatalf("stopped after step %d, %d of %d commands are left, %s (-want +got):\n%s", stop, left-proven, len(j.told)-proven, when, diff)
			}
		}
		for left := len(j.told) - stop%4; left >= proven; left -= 4 {
			p.entries = p.entries[:all]
			j.upTo(t, admin, left)
			p.cluster = folds
			if err := introducing(t, url, p).Prove(t.Context()); err != nil {
				t.Fatal(err)
			}
			if p.cluster = takes; !stopped {
				check(left, "folded")
			}
			openDesk(t, url, p).takes(t, es(t)...)
			check(left, "taken in again")
		}
	}
}

// What an erased customer told is deleted from the timeline. Whom a late event makes the
// same as them is found there all the same, after a refold as before it.
func TestWhoMeetsAnErasedCustomerAfterARefoldIsFoundToo(t *testing.T) {
	whereFactsAre(t, func(t *testing.T, timeline func() *tape) {
		url, p := miniRedis(t), timeline()
		d := openDesk(t, url, p)
		d.takes(t, buys(t, 1, "", shared), knows(t, 1, "a", shared), buys(t, 2, "b", ""))
		d.takes(t, erases(t, 5, "a", ""))
		gone := map[customer.Key]bool{ids(t).Key("main", "a"): true, ids(t).Key("main", ids(t).Guest("main", shared)): true}
		for i, e := range p.entries {
			if gone[e.Key] && !e.Event.Type.IsFact() && e.Event.Type != "customer.erased" {
				p.entries[i].Key.Store = "deleted"
			}
		}
		if err := homingtest.Admin(t, homingtest.Redis(t, url)).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := introducing(t, url, p).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		d = openDesk(t, url, p)
		d.takes(t, knows(t, 3, "b", shared))
		if got := d.orders(t, "b"); got != "0" {
			t.Errorf("b has %s orders, and was the one who was erased", got)
		}
	})
}
