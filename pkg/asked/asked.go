// Package asked counts how often the mailboxes of one person were asked whether they want
// email, where one mailbox has many addresses: anybody can type ann+1@example.com,
// ann+2@example.com and so on into a form, and Ann would get an email for each.
//
// It counts for questions alone. Whose an address is, whether it was refused and what is
// consented to does not follow from how it is spelled, and is asked nowhere here.
package asked

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// askedKey is a hash: touch → when it asked, ms of business time. Owner: asked. It
// expires once none of it counts any more, and is not rebuilt: where Redis lost it, each
// address still has its own limit, by its claims.
func askedKey(k customer.Key) string {
	return "homing:{" + k.Store + "." + strconv.Itoa(int(k.Bucket)) + "}:asked:" + k.Token
}

// takeScript notes a question, unless there were too many.
//
// KEYS[1] the mailbox. ARGV[1] the touch, [2] now, ms, [3] for how long a question counts,
// ms, [4], [6]… how many there may be [5], [7]… within so many ms.
// Returns {0}, also for a touch that was noted before, or {n, questions}: the n-th limit
// is reached.
var takeScript = redis.NewScript(`
local now, keep = tonumber(ARGV[2]), tonumber(ARGV[3])
local all = redis.call('HGETALL', KEYS[1])
local times = {}
for i = 1, #all, 2 do
	local at = tonumber(all[i + 1])
	if all[i] == ARGV[1] then return {0} end
	if at <= now - keep then redis.call('HDEL', KEYS[1], all[i]) else times[#times + 1] = at end
end
for l = 4, #ARGV, 2 do
	local n = 0
	for _, at in ipairs(times) do
		if at > now - tonumber(ARGV[l + 1]) then n = n + 1 end
	end
	if n >= tonumber(ARGV[l]) then return {(l - 2) / 2, n} end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], keep)
return {0}`)

// Asked counts in Redis. It is safe for concurrent use.
type Asked struct {
	rdb redis.UniversalClient
	ids *customer.Identity
}

// New returns what counts.
func New(rdb redis.UniversalClient, ids *customer.Identity) *Asked { return &Asked{rdb, ids} }

// Take notes that a touch asks at an address, once however often it is called, or returns
// why it must not. After an error nobody knows, and it must not either.
func (a *Asked) Take(ctx context.Context, store, address, id string, now time.Time) (tooOften string, err error) {
	args := []any{id, now.UnixMilli(), touch.AskedFor.Milliseconds()}
	for _, l := range touch.AskLimits {
		args = append(args, l.Most, l.Over.Milliseconds())
	}
	got, err := takeScript.Run(ctx, a.rdb, []string{askedKey(a.ids.Mailbox(store, customer.OneMailbox(address)))}, args...).Int64Slice()
	if err != nil {
		return "", fmt.Errorf("asking Redis how often a mailbox was asked: %w", err)
	}
	if got[0] == 0 {
		return "", nil
	}
	return TooOften(int(got[1]), touch.AskLimits[got[0]-1]), nil
}

// TooOften says that a mailbox was asked so often that a limit is reached.
func TooOften(times int, l touch.AskLimit) string {
	return fmt.Sprintf("asked %d times in %s, counting addresses of the mailbox with other tags; the most is %d", times, l.Says, l.Most)
}
