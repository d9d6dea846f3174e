package throughput

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// All keys of throughput share a hash tag, so that one script may see a relay, a
// domain and a day together in a cluster too. Each expires once it says nothing
// any more. Those of a relay and a domain hold a theoretical arrival time: when
// the next email may go out, in µs of Redis's clock.

// relayKey holds the theoretical arrival time of the next email to a relay.
func relayKey(relay string) string { return "homing:{throughput}:" + relay }

// domainKey holds the same of a recipient domain, by way of a relay.
func domainKey(relay, domain string) string { return relayKey(relay) + ":to:" + domain }

// queueKey holds the turn of the next email that finds no room at a limit, in µs.
// The classes queue apart.
func queueKey(limit, class string) string { return limit + ":queue:" + class }

// dayKey counts a day's emails of a warm-up.
func dayKey(relay string, day time.Time) string {
	return relayKey(relay) + ":day:" + day.Format(time.DateOnly)
}

// A limit that may refuse.
const (
	byRelay  = 1
	byDomain = 2
	byDay    = 3
)

// leaseScript is the generic cell rate algorithm for a lease of emails, at a relay
// and at a recipient domain together: it grants up to the number wanted, as many
// as may go out within one lease from now. Transactional mail may have the lease
// after that as well, which marketing may not: so it always finds room, behind
// what was granted already.
//
// Who is refused may take a turn: the time at which there is room behind all who
// wait already. Who comes while others wait for theirs gets one too.
//
// KEYS[1] relay, [2] its queue, [3] domain, [4] its queue, [5] day, [6] its queue, [7] the
// rate of a relay that had enough.
// ARGV[1] emails wanted, [2] leases that may be given ahead, [3] "1": waits at the
// relay, and takes no turn there, [4] "1": had its turn, and takes no other but of
// another day, [5]
// µs an email at the relay, 0: unlimited, [6] burst, in emails, [7] µs an email to the
// domain, 0: unlimited, [8] emails a day, 0: unlimited, [9] "1": the day refuses it
// (else it only counts), [10] µs to the next day, [11] µs an email on that day.
// The time is Redis's own: replicas whose clocks differ by a lease would otherwise
// starve one another.
// Returns {granted, 0, 0, start of the first at the relay, at the domain, time of each at the relay} or
// {0, limit that refuses, wait}, all times in µs from now.
var leaseScript = redis.NewScript(`
local arg = {}
for i, v in ipairs(ARGV) do arg[i] = tonumber(v) end
local want, ahead, stays, had = arg[1], arg[2], arg[3] == 1, arg[4] == 1
local slow = tonumber(redis.call('HGET', KEYS[7], 'each') or '0')
if slow > arg[5] then arg[5], arg[6] = slow, 0 end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local function get(key) return tonumber(redis.call('GET', key) or '0') end
local function put(key, at, keep)
  redis.call('SET', key, string.format('%.0f', at), 'PX', math.ceil((at - now + keep) / 1000) + 1000)
end
local function lease(each) return ahead * math.max(100000, each * 1.25) end
local function refuse(limit, queue, turn, each)
  if limit == 3 or not had and not (limit == 1 and stays) then
    turn = math.max(get(queue), turn)
    put(queue, turn + each, 0)
  end
  return {0, limit, math.max(1000, math.ceil(turn - now))}
end
local function others(queue) return not had and get(queue) > now end
local function room(limit, key, queue, each, burst)
  if not (limit == 1 and stays) and others(queue) then return nil, refuse(limit, queue, now, each) end
  local at = math.max(get(key), now - burst * each)
  local n = math.floor((now + lease(each) - at) / each)
  if n < 1 then return nil, refuse(limit, queue, at + each - lease(each), each) end
  want = math.min(want, n)
  return at
end
local relay, domain, no = now, now, nil
if arg[8] > 0 and arg[9] == 1 then
  local left = arg[8] - get(KEYS[5])
  if left < 1 then return refuse(3, KEYS[6], now + arg[10], arg[11]) end
  if others(KEYS[6]) then return refuse(3, KEYS[6], now, arg[11]) end
  want = math.min(want, left)
end
if arg[7] > 0 then
  domain, no = room(2, KEYS[3], KEYS[4], arg[7], 0)
  if no then return no end
end
if arg[5] > 0 then
  relay, no = room(1, KEYS[1], KEYS[2], arg[5], arg[6])
  if no then return no end
  put(KEYS[1], relay + want * arg[5], arg[6] * arg[5])
end
if arg[7] > 0 then put(KEYS[3], domain + want * arg[7], 0) end
if arg[8] > 0 then
  redis.call('INCRBY', KEYS[5], want)
  redis.call('PEXPIRE', KEYS[5], math.ceil(arg[10] / 1000) + 86400000)
end
return {want, 0, 0, math.floor(relay - now), math.floor(domain - now), math.floor(arg[5])}`)

// lease is what the script answers.
type lease struct {
	granted       int
	refuses       int           // the limit that does, if nothing is granted
	wait          time.Duration // until it is worth asking again
	relay, domain time.Duration // when the first may go out
	each          time.Duration // from one to the next at the relay
}

// ask asks for permits for some emails. today is the warm-up's day.
func (l *lane) ask(ctx context.Context, want int, had bool, today quota) (lease, error) {
	o := l.of
	class, ahead, refusable := "marketing", 1, 1
	if l.first {
		class, ahead, refusable = "transactional", 2, 0
	}
	relay, domain, day := relayKey(o.relay), domainKey(o.relay, l.domain), dayKey(o.relay, today.day)
	keys := []string{relay, queueKey(relay, class), domain, queueKey(domain, class), day, queueKey(relayKey(o.relay)+":day", class), slowKey(o.relay)}
	got, err := leaseScript.Run(ctx, o.rdb, keys, want, ahead, flag(l.stays), flag(had),
		micros(o.interval), o.burst, micros(l.interval),
		today.limit, refusable, micros(today.left), micros(today.each)).Int64Slice()
	switch {
	case err != nil && ctx.Err() != nil:
		return lease{}, stopped(ctx)
	case err != nil:
		return lease{}, fmt.Errorf("asking for throughput: %w", err)
	}
	micro := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	if got[0] == 0 {
		return lease{refuses: int(got[1]), wait: micro(got[2])}, nil
	}
	return lease{granted: int(got[0]), relay: micro(got[3]), domain: micro(got[4]), each: max(o.interval, micro(got[5]))}, nil
}

// micros returns d in µs. At high rates their fractions count.
func micros(d time.Duration) float64 { return float64(d) / 1e3 }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
