package calendar

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// limitKey counts the lapses that were told of a store on a day. It lasts as long
// as the day's turns. Owner: calendar.
func limitKey(store string, date time.Time) string {
	return "homing:{" + store + "}:lapses:" + date.Format("060102")
}

// grantScript takes what is left of a day's limit, up to what is asked for.
//
// KEYS[1] counter; ARGV[1] how many are asked for, [2] the limit, [3] for how
// many ms the counter is kept. Returns how many are granted.
var grantScript = redis.NewScript(`
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local n = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - used))
redis.call('SET', KEYS[1], used + n, 'PX', ARGV[3])
return n`)

// grant returns how many of n may be told under the day's limit, and counts them.
func (c *Calendar) grant(ctx context.Context, store string, date time.Time, n int) (int, error) {
	if n == 0 {
		return 0, nil
	}
	if c.o.Redis == nil {
		granted := max(0, min(n, c.o.DailyLimit-c.told[limitKey(store, date)]))
		c.told[limitKey(store, date)] += granted
		return granted, nil
	}
	keep := keepFor(c.o.Scale).Milliseconds()
	granted, err := grantScript.Run(ctx, c.o.Redis, []string{limitKey(store, date)}, n, c.o.DailyLimit, keep).Int()
	if err != nil {
		return 0, fmt.Errorf("asking for the day's limit: %w", err)
	}
	return granted, nil
}

// giveBack takes off the count what was granted and not told. If that fails too,
// fewer are told today.
func (c *Calendar) giveBack(ctx context.Context, store string, date time.Time, n int) {
	if c.o.Redis == nil {
		c.told[limitKey(store, date)] -= n
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = c.o.Redis.IncrBy(ctx, limitKey(store, date), int64(-n)).Err()
}
