// Package pacing shares a relay's throughput among all replicas: whoever wants
// to send takes leave from Redis in small portions and spends it locally. (The
// frequency caps of a customer are a rule of the gate, counted in the customer's
// own record.)
package pacing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// portion is for how long a replica takes leave at a time: long enough that
// Redis is asked twenty times a second, and so short that leave taken early and
// spent late, a portion each, exceeds the rate of no second by more than 10 %.
const portion = 50 * time.Millisecond

// throughputKey holds the theoretical arrival time of the next mail to a relay,
// in microseconds. It expires by itself once it is in the past.
func throughputKey(relay string) string { return "homing:{throughput}:" + relay }

// leaveScript is the generic cell rate algorithm for a portion of mails: it
// grants up to the number wanted, as many as fit before now plus one portion.
//
// KEYS[1] theoretical arrival time; ARGV[1] interval of one mail, [2] portion,
// both µs; [3] mails wanted. The time is Redis's own: replicas whose clocks differ
// by a portion would otherwise starve one another.
// Returns {granted, wait in µs until it is worth asking again, start of the
// first granted mail in µs}.
var leaveScript = redis.NewScript(`
local interval, portion, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or '0')
if tat < now then tat = now end
local room = math.floor((now + portion - tat) / interval)
if room < 1 and tat <= now then room = 1 end
if room < 1 then return {0, math.ceil(tat - now), 0} end
if room > want then room = want end
local next = tat + room * interval
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
return {room, 0, math.floor(tat)}`)

// Throughput is the rate of one relay. It is safe for concurrent use.
type Throughput struct {
	rdb      redis.UniversalClient
	key      string
	interval time.Duration // between two mails; 0: unlimited
	portion  int           // mails asked for at a time

	mu    sync.Mutex
	left  int       // mails of the current portion not spent yet
	until time.Time // when what is left lapses
	empty time.Time // until when Redis has nothing to give
}

// NewThroughput returns the shared rate of a relay, in mails per second; 0 is
// unlimited.
func NewThroughput(rdb redis.UniversalClient, relay string, perSecond float64) *Throughput {
	t := &Throughput{rdb: rdb, key: throughputKey(relay)}
	if perSecond > 0 {
		t.interval = time.Duration(float64(time.Second) / perSecond)
		t.portion = max(1, int(math.Round(perSecond*portion.Seconds())))
	}
	return t
}

// ErrStopped says that the wait was given up.
var ErrStopped = errors.New("stopped waiting for throughput")

// Wait returns when one more mail may go out. An error is Redis being away, or
// the context's end: then nothing may go out.
func (t *Throughput) Wait(ctx context.Context) error {
	for t.interval > 0 {
		wait, err := t.take(ctx)
		if err != nil || wait == 0 {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return stopped(ctx)
		}
	}
	return nil
}

func stopped(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrStopped, context.Cause(ctx))
}

// take spends one mail of the portion, taking a new one when it is used up. It
// returns how long to wait where there is none to be had.
func (t *Throughput) take(ctx context.Context) (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if t.left > 0 && now.Before(t.until) {
		t.left--
		return 0, nil
	}
	if wait := t.empty.Sub(now); wait > 0 {
		return wait, nil
	}
	got, err := leaveScript.Run(ctx, t.rdb, []string{t.key},
		t.interval.Microseconds(), max(portion, t.interval).Microseconds(), t.portion).Int64Slice()
	if err != nil && ctx.Err() != nil {
		return 0, stopped(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("asking for throughput: %w", err)
	}
	granted, wait := int(got[0]), time.Duration(got[1])*time.Microsecond
	if granted == 0 {
		wait = max(wait, time.Millisecond)
		t.empty = now.Add(wait)
		return wait, nil
	}
	t.left, t.until = granted-1, now.Add(max(portion, t.interval))
	return 0, nil
}
