package control

import (
	"cmp"
	"slices"
	"time"

	"go.uber.org/zap"

	"homing/pkg/reason"
)

// A stop is why this whole process must not send, whatever the worker and the store.
type stop struct {
	detail string    // for a person
	since  time.Time // real time
	at     time.Time // business time
}

// Stopping are the reasons for which a whole process sends nothing.
var Stopping = []reason.Reason{reason.ControlsUnknown, reason.TimelineFull, reason.ClockSkew, reason.Forbidden, reason.NoTemplates, reason.Unadopted}

// Stop says that this process must not send, until Over says that the reason is gone.
// It may be called again with another detail.
func (c *Controls) Stop(why reason.Reason, detail string) {
	c.mu.Lock()
	before, again := c.stops[why]
	if again {
		before.detail = detail
		c.stops[why] = before
		c.mu.Unlock()
		return
	}
	c.stops[why] = stop{detail: detail, since: time.Now(), at: c.o.Now()}
	c.signal()
	c.mu.Unlock()
	c.o.Log.Error("this process sends nothing for now", zap.String("reason", string(why)), zap.String("detail", detail))
	if c.o.Stopped != nil {
		c.o.Stopped(why)
	}
}

// Over says that a reason to stop is gone, or never was.
func (c *Controls) Over(why reason.Reason) {
	c.mu.Lock()
	s, stopped := c.stops[why]
	if stopped {
		delete(c.stops, why)
		c.signal()
	}
	c.mu.Unlock()
	if stopped {
		c.o.Log.Info("this process may send again", zap.String("reason", string(why)), zap.Duration("after", time.Since(s.since)))
	}
}

// Stopped returns why this process must not send, and what to tell a person; empty if
// it may. It is asked last thing before an email is claimed, and so it looks at
// the clock as well: a process that slept has not heard what was paused.
func (c *Controls) Stopped() (why reason.Reason, detail string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range Stopping {
		if s, stopped := c.stops[r]; stopped {
			return r, s.detail
		}
	}
	if c.follows && !c.fresh() {
		return reason.ControlsUnknown, notHeard
	}
	return "", ""
}

// StoppedFor reports whether this process must not send for one reason.
func (c *Controls) StoppedFor(why reason.Reason) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, stopped := c.stops[why]
	return stopped || why == reason.ControlsUnknown && c.follows && !c.fresh()
}

// notHeard is the detail where nobody has noticed yet why.
const notHeard = "what is paused was not confirmed lately"

// fresh reports whether it is known what is paused; the lock is held.
func (c *Controls) fresh() bool { return c.known && ago(c.confirmed) <= c.UnknownAfter() }

// UnknownAfter is how old a confirmation may be: one may fail, and the next be slow. What
// was written to the bucket so long ago is known to every process that sends.
func (c *Controls) UnknownAfter() time.Duration { return c.o.Confirm * 5 / 2 }

// ago is how long ago a time was, by whichever clock says longer: the one that
// counts does not count while a machine sleeps.
func ago(t time.Time) time.Duration {
	return max(time.Since(t), time.Now().Round(0).Sub(t.Round(0)))
}

// stopsNow returns a copy of what stops this process, in a fixed order.
func (c *Controls) stopsNow() (whys []reason.Reason, of map[reason.Reason]stop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of = map[reason.Reason]stop{}
	for why, s := range c.stops {
		whys, of[why] = append(whys, why), s
	}
	slices.SortFunc(whys, func(a, b reason.Reason) int { return cmp.Compare(a, b) })
	return whys, of
}
