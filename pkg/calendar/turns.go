package calendar

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// leaseFor is how long a turn is whose owner gives no sign of life.
const leaseFor = time.Minute

// keepDone is how long, in business time, it is known that a turn was done: no
// turn of an older date comes up again.
const keepDone = 3 * 24 * time.Hour

// done takes the place of the owner once the work is done.
const done = "done"

// taker is what says whose turn it is.
type taker interface {
	// each runs fn for those parts that nobody has done and nobody is at, up to most of them
	// at a time, in no order. It returns how many were left to others.
	each(ctx context.Context, of turn, parts []string, most int, fn func(ctx context.Context, parts []string) error) (open int, err error)
}

// alone is for a calendar that nobody else runs: it is always its turn, in order.
type alone struct{}

func (alone) each(ctx context.Context, _ turn, parts []string, _ int, fn func(ctx context.Context, parts []string) error) (int, error) {
	return 0, fn(ctx, parts)
}

// turns say whose turn it is to do a part of a day's work. They save work; what
// keeps an event from being said twice is its id and the indexes.
type turns struct {
	rdb redis.UniversalClient
	me  string
}

func newTurns(rdb redis.UniversalClient) *turns { return &turns{rdb: rdb, me: rand.Text()} }

// turn is a day's work: sweep or job, store, date. Its parts have turns of their own.
type turn struct {
	scale Scale
	store string
	work  string
	date  time.Time
}

// key names the turn of one part: the owner's name for as long as the lease is
// renewed, "done" for three days after. Owner: calendar. All of a store's turns
// share a hash tag, so that they can be asked for together.
func (t turn) key(part string) string {
	return "homing:{" + t.store + "}:turn:" + t.work + ":" + t.date.Format("060102") + ":" + part
}

// each implements taker.
func (t *turns) each(ctx context.Context, of turn, parts []string, most int, fn func(ctx context.Context, parts []string) error) (open int, err error) {
	todo, err := t.undone(ctx, of, parts)
	if err != nil {
		return 0, err
	}
	// Replicas begin at different ends, so that they meet late.
	mathrand.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	for len(todo) > 0 {
		n := min(most, len(todo))
		mine, err := t.take(ctx, of, todo[:n])
		if err != nil {
			return open, err
		}
		open += n - len(mine)
		todo = todo[n:]
		if len(mine) == 0 {
			continue
		}
		if err := t.work(ctx, of, mine, fn); err != nil {
			return open, err
		}
	}
	return open, nil
}

// undone returns the parts that are not known to be done.
func (t *turns) undone(ctx context.Context, of turn, parts []string) ([]string, error) {
	keys := make([]string, len(parts))
	for i, p := range parts {
		keys[i] = of.key(p)
	}
	states, err := t.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, fmt.Errorf("asking whose turn it is: %w", err)
	}
	var out []string
	for i, s := range states {
		if s != done {
			out = append(out, parts[i])
		}
	}
	return out, nil
}

func (t *turns) take(ctx context.Context, of turn, parts []string) (mine []string, err error) {
	pipe := t.rdb.Pipeline()
	cmds := make([]*redis.BoolCmd, len(parts))
	for i, p := range parts {
		cmds[i] = pipe.SetNX(ctx, of.key(p), t.me, leaseFor)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("taking a turn: %w", err)
	}
	for i, c := range cmds {
		if c.Val() {
			mine = append(mine, parts[i])
		}
	}
	return mine, nil
}

// work runs fn and renews the turns while it runs. Then they are done or, if it
// failed, free again.
func (t *turns) work(ctx context.Context, of turn, parts []string, fn func(context.Context, []string) error) error {
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(leaseFor / 3):
				_ = t.settle(ctx, of, parts, t.me, leaseFor) // if it fails another may begin: a waste, no harm
			}
		}
	})
	err := fn(ctx, parts)
	close(end)
	wg.Wait()
	if err != nil {
		// Also when it failed because ctx ended.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		return errors.Join(err, t.settle(ctx, of, parts, "", 0))
	}
	return t.settle(ctx, of, parts, done, keepFor(of.scale))
}

// keepFor is how long, in real time, a day's work is remembered.
func keepFor(s Scale) time.Duration {
	return max(leaseFor, time.Until(s.Real(s.Now().Add(keepDone))))
}

// settleScript changes the turns that are still the owner's.
//
// KEYS turns; ARGV[1] owner, [2] what takes its place ("" = nothing), [3] for
// how many ms. Returns how many were the owner's.
var settleScript = redis.NewScript(`
local n = 0
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    n = n + 1
    if ARGV[2] == '' then redis.call('DEL', key) else redis.call('SET', key, ARGV[2], 'PX', ARGV[3]) end
  end
end
return n`)

func (t *turns) settle(ctx context.Context, of turn, parts []string, value string, keep time.Duration) error {
	keys := make([]string, len(parts))
	for i, p := range parts {
		keys[i] = of.key(p)
	}
	if err := settleScript.Run(ctx, t.rdb, keys, t.me, value, keep.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("saying that a turn is over: %w", err)
	}
	return nil
}
