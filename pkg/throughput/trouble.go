package throughput

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// lookEvery is for how long a look at Redis is good.
	lookEvery = 500 * time.Millisecond
	// lookFor is for how long an email waits for a look: each one needs one.
	lookFor = 50 * time.Millisecond
	// lookAtMost is for how long a look is good while Redis has not answered the next.
	lookAtMost = 3 * time.Second
	// asking is how long Redis may take for one answer about a relay.
	asking = 2 * time.Second
	// telling is how long an email that was accepted waits until Redis knows what follows:
	// its own fact is to come first, and what is not told is found out again.
	telling = 300 * time.Millisecond
	// stepEvery is how often one process asks for a step of a slowed rate.
	stepEvery = 2 * time.Second
)

// Trouble is what all replicas know about a relay that takes no email for now, or had
// to be given fewer. It is safe for concurrent use.
type Trouble struct {
	rdb   redis.UniversalClient
	relay string

	mu     sync.Mutex
	last   State
	looked time.Time // when last was asked for; zero: it is not known
	look   *look     // the one under way
	step   time.Time
}

// look is one question, for all who want to know at that time.
type look struct {
	done chan struct{}
	err  error
}

// errNoAnswer says that nobody knows how the relay is.
var errNoAnswer = errors.New("asking how the relay is: Redis does not answer in time")

// State is the trouble of a relay at a moment.
type State struct {
	Level  int           // refusals in a row; 0: it takes email
	Wait   time.Duration // until one email may try
	Why    string        // what it said, redacted
	Us     bool          // it refuses us as a sender
	Slowed bool          // its rate is
}

// NewTrouble returns what is known about the relay at an address.
func NewTrouble(rdb redis.UniversalClient, relay string) *Trouble {
	return &Trouble{rdb: rdb, relay: relay}
}

func pauseKey(relay string) string { return relayKey(relay) + ":pause" }
func slowKey(relay string) string  { return relayKey(relay) + ":slow" }

// lookScript returns the pause (KEYS[1]) and whether the rate is slowed (KEYS[2]).
var lookScript = redis.NewScript(`
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local p = redis.call('HMGET', KEYS[1], 'level', 'until', 'why', 'us')
local slow = redis.call('HGET', KEYS[2], 'each') and '1' or '0'
return {p[1] or '0', string.format('%.0f', math.max(0, tonumber(p[2] or '0') - now)), p[3] or '', p[4] or '0', slow}`)

// Look returns the trouble of the relay, as it was half a second ago; three seconds at
// most, while Redis is slow to answer. It waits for tens of milliseconds only: what is
// not known then is an error.
func (t *Trouble) Look(ctx context.Context) (State, error) {
	timer := time.NewTimer(lookFor)
	defer timer.Stop()
	for late := false; ; {
		t.mu.Lock()
		known := t.looked
		if t.look == nil && time.Since(known) >= lookEvery {
			t.look = &look{done: make(chan struct{})}
			go t.ask(context.WithoutCancel(ctx), t.look)
		}
		s, l := t.last, t.look
		t.mu.Unlock()
		age := time.Since(known)
		switch {
		case age < lookEvery, late && age < lookAtMost:
			return s, nil
		case late:
			return State{}, errNoAnswer
		}
		select {
		case <-l.done:
			if l.err != nil {
				return State{}, l.err
			}
		case <-timer.C:
			late = true
		case <-ctx.Done():
			return State{}, stopped(ctx)
		}
	}
}

// ask asks Redis, once. What was forgotten since is not kept.
func (t *Trouble) ask(ctx context.Context, l *look) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	began := time.Now()
	got, err := lookScript.Run(ctx, t.rdb, t.keys()).StringSlice()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(l.done)
	if err != nil {
		l.err = fmt.Errorf("asking how the relay is: %w", err)
	}
	if t.look != l {
		return
	}
	t.look = nil
	if err == nil {
		level, _ := strconv.Atoi(got[0])
		wait, _ := strconv.ParseInt(got[1], 10, 64)
		t.last = State{Level: level, Wait: time.Duration(wait) * time.Millisecond, Why: got[2], Us: got[3] == "1", Slowed: got[4] == "1"}
		t.looked = began
	}
}

// forget has the next Look ask Redis.
func (t *Trouble) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looked, t.look = time.Time{}, nil
}

func (t *Trouble) keys() []string { return []string{pauseKey(t.relay), slowKey(t.relay)} }

// tryScript gives the one try that there is during a pause (KEYS[1]) away for ARGV[1] ms.
var tryScript = redis.NewScript(`
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local p = redis.call('HMGET', KEYS[1], 'level', 'until', 'trying')
if not p[1] then return 1 end
if tonumber(p[2]) > now or tonumber(p[3] or '0') > now then return 0 end
redis.call('HSET', KEYS[1], 'trying', string.format('%.0f', now + tonumber(ARGV[1])))
return 1`)

// trying is for how long a try is one process's: others go on after that, if it says nothing.
const trying = time.Minute

// Try reports whether this process may try the relay: one of all does at a time.
func (t *Trouble) Try(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	ok, err := tryScript.Run(ctx, t.rdb, t.keys()[:1], trying.Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("asking whether to try the relay: %w", err)
	}
	return ok, nil
}

// leaveScript gives a try back.
var leaveScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'trying', '0') end`)

// Leave tells that this process, which was to try the relay, did not find out.
func (t *Trouble) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, telling)
	defer cancel()
	if err := leaveScript.Run(ctx, t.rdb, t.keys()[:1]).Err(); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("leaving the try to others: %w", err)
	}
	return nil
}

// failScript begins a pause or makes it longer. KEYS[1] the pause, [2] the slowed rate.
// ARGV[1] "1": it was tried (else an email that was under way when the pause began does
// not make it longer), [2] what was said, [3] "1": it refuses us, [4] "1": it has had
// enough, so its rate is halved, [5] jitter, 0 to 1, [6] the longest pause in ms.
// Pauses take a second at first. The slowed rate is in µs an email:
// a second to begin with, and at most four; limit is where it was refused.
// Returns the level and the ms to wait.
var failScript = redis.NewScript(`
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local p = redis.call('HMGET', KEYS[1], 'level', 'until', 'us')
local level = tonumber(p[1] or '0')
if level > 0 and ARGV[1] ~= '1' then return {level, math.max(0, tonumber(p[2]) - now)} end
if ARGV[4] == '1' and level == 0 then
  local each = tonumber(redis.call('HGET', KEYS[2], 'each') or '0')
  local limit = each
  if each > 0 then each = math.min(4000000, each * 2) else each = 1000000 end
  redis.call('HSET', KEYS[2], 'each', string.format('%.0f', each), 'limit', string.format('%.0f', limit), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[2], 3600000)
end
level = level + 1
local wait = math.min(tonumber(ARGV[6]), 1000 * 2 ^ math.min(level - 1, 10))
wait = math.floor(wait * (0.75 + tonumber(ARGV[5]) / 2))
local us = ARGV[3]
if p[3] == '1' then us = '1' end
redis.call('HSET', KEYS[1], 'level', level, 'until', string.format('%.0f', now + wait), 'trying', '0', 'why', ARGV[2], 'us', us)
redis.call('PEXPIRE', KEYS[1], 600000)
return {level, wait}`)

// A Refusal is what a relay did to an email, or to a connection.
type Refusal struct {
	Why     string
	Us      bool          // it refuses us as a sender
	Rate    bool          // it has had enough from us
	Tried   bool          // it was the one that tries during a pause
	Longest time.Duration // pause
	Jitter  float64       // 0 to 1
}

// Failed tells that the relay refused something.
func (t *Trouble) Failed(ctx context.Context, r Refusal) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	got, err := failScript.Run(ctx, t.rdb, t.keys(), flag(r.Tried), r.Why, flag(r.Us), flag(r.Rate), r.Jitter, r.Longest.Milliseconds()).Int64Slice()
	t.forget() // whatever came of it
	if err != nil {
		return State{}, fmt.Errorf("telling how the relay is: %w", err)
	}
	return State{Level: int(got[0]), Wait: time.Duration(got[1]) * time.Millisecond, Why: r.Why, Us: r.Us}, nil
}

// Met tells that the relay takes email: the pause of all replicas ends.
func (t *Trouble) Met(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, telling)
	defer cancel()
	err := t.rdb.Del(ctx, pauseKey(t.relay)).Err()
	t.forget() // whatever came of it
	if err != nil {
		return fmt.Errorf("telling that the relay is well: %w", err)
	}
	return nil
}

// stepScript makes a slowed rate (KEYS[1]) faster: twice as fast every two seconds up to
// half of the rate at which it was refused, from there by a twentieth every ten seconds.
var stepScript = redis.NewScript(`
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local s = redis.call('HMGET', KEYS[1], 'each', 'limit', 'at')
if not s[1] then return 0 end
local each, since = tonumber(s[1]), now - tonumber(s[3])
if each / 2 >= 2 * tonumber(s[2]) then
  if since < 2000 then return 0 end
  each = each / 2
else
  if since < 10000 then return 0 end
  each = each * 0.95
end
if each < 1000 then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'each', string.format('%.0f', each), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 3600000)
return 1`)

// Took tells that an email was accepted. It asks Redis only while the rate is slowed, and
// every two seconds at most.
func (t *Trouble) Took(ctx context.Context) error {
	t.mu.Lock()
	due := t.last.Slowed && time.Since(t.step) >= stepEvery
	if due {
		t.step = time.Now()
	}
	t.mu.Unlock()
	if !due {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, telling)
	defer cancel()
	if err := stepScript.Run(ctx, t.rdb, t.keys()[1:]).Err(); err != nil {
		return fmt.Errorf("making the relay's rate faster: %w", err)
	}
	return nil
}

// slowed reports whether the rate was, at the last look.
func (t *Trouble) slowed() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last.Slowed
}
