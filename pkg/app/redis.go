package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"homing/pkg/clock"
	"homing/pkg/connect"
	"homing/pkg/reason"
	"homing/pkg/redischeck"
)

const (
	// lookEvery is how often Redis's clock and its settings are looked at.
	lookEvery = time.Minute
	// lookAgain is how often, while something about them is wrong.
	lookAgain = 5 * time.Second
	// lookFor bounds one look: what takes longer is said.
	lookFor = 2 * time.Second
)

// watchRedis looks at once, each minute, and when Redis forbade something, whether
// Redis is what Homing needs; what is wrong stops this process. checked is called after
// the first look that got an answer.
func (a *App) watchRedis(ctx context.Context, checked func()) {
	for said := ""; ; {
		wait := cmp.Or(a.o.CheckRedis, lookEvery)
		switch err := a.lookAtRedis(ctx); {
		case ctx.Err() != nil:
			return
		case err == nil:
			checked()
			if said != "" {
				a.log.Info("Redis answers")
			}
			said = ""
		default:
			wait = time.Second
			if words := cmp.Or(connect.RedisTrouble(err), err.Error()); words != said { // once a change
				said = words
				a.log.Warn("waiting for Redis: "+words, zap.Stringer("redis", a.o.Config.Redis.URL), zap.Error(err))
			}
		}
		if a.controls.StoppedFor(reason.ClockSkew) || a.controls.StoppedFor(reason.Forbidden) {
			wait = lookAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-a.forbidden:
			select { // one word is enough: until then it is said already
			case <-ctx.Done():
				return
			case <-time.After(lookAgain):
			}
		}
	}
}

// lookAtRedis returns why Redis did not answer.
func (a *App) lookAtRedis(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	if !a.o.RedisEmbedded {
		err := redischeck.Rights(ctx, a.raw)
		switch {
		case errors.Is(err, redischeck.ErrForbidden):
			a.controls.Stop(reason.Forbidden, err.Error())
			return nil // and the rest is no use
		case err != nil:
			return err
		}
		a.controls.Over(reason.Forbidden)
	}
	ahead, err := redischeck.Ahead(ctx, a.raw)
	if err != nil {
		return err
	}
	a.compareClocks(ahead)
	return nil
}

// compareClocks says what follows from how far our clock is ahead of Redis's. Leases
// and turns are by Redis's clock, what is due and what is too often by ours.
func (a *App) compareClocks(ahead time.Duration) {
	a.metrics.skew.Set(ahead.Seconds())
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	if ahead.Abs() <= clock.Wrong {
		a.controls.Over(reason.ClockSkew)
		if ahead.Abs() > clock.Odd {
			a.log.Warn("the clock of this machine is "+word+" Redis's; set both by NTP", zap.Duration("by", ahead.Abs()))
		}
		return
	}
	a.controls.Stop(reason.ClockSkew, fmt.Sprintf("the clock of this machine is %s %s Redis's", ahead.Abs().Round(100*time.Millisecond), word))
}

// wasForbidden has the rights looked at, since Redis forbade something.
func (a *App) wasForbidden(err error) {
	a.controls.Stop(reason.Forbidden, err.Error())
	select {
	case a.forbidden <- struct{}{}:
	default:
	}
}

// pingFor bounds how long /readyz waits for Redis.
const pingFor = time.Second

// reachRedis returns nil if Redis answers now.
func (a *App) reachRedis(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingFor)
	defer cancel()
	if err := redischeck.Ping(ctx, a.raw); err != nil {
		return fmt.Errorf("no answer from Redis: %w", err)
	}
	return nil
}
