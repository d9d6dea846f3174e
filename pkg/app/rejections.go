package app

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/intake"
)

const (
	// rejectionEvery is how often the log says that events of one kind were rejected.
	rejectionEvery = time.Minute
	// maxRejectionKinds bounds the kinds in a minute; what is of another is counted.
	maxRejectionKinds = 100
)

// rejections tell the log of rejected events: of each kind the first at once, and once a
// minute how many there were since. They say nothing that customers said, but on a
// developer's own installation.
type rejections struct {
	log     *zap.Logger
	details bool
	now     func() time.Time

	bell  clock.Bell
	mu    sync.Mutex
	kinds map[rejectionKind]*rejectionCount
	other int // of kinds beyond the bound
}

type rejectionKind struct{ store, typ, reason, field string }

type rejectionCount struct {
	more  int // since the log spoke of them
	until time.Time
	last  intake.Rejection
}

func newRejections(log *zap.Logger, details bool) *rejections {
	return &rejections{log: log, details: details, now: time.Now, kinds: map[rejectionKind]*rejectionCount{}}
}

func (r *rejections) add(x intake.Rejection) {
	typ := "unknown"
	if x.Type.Known() {
		typ = string(x.Type)
	}
	k := rejectionKind{x.Store, typ, string(x.Reason), events.FieldKind(x.Field)}
	r.mu.Lock()
	c := r.kinds[k]
	switch {
	case c != nil:
		c.more, c.last = c.more+1, x
	case len(r.kinds) == maxRejectionKinds:
		r.other++
	default:
		r.kinds[k] = &rejectionCount{until: r.now().Add(rejectionEvery)}
	}
	first := c == nil && r.kinds[k] != nil
	r.mu.Unlock()
	r.bell.Ring()
	if first {
		r.say(k, x, 0)
	}
}

func (r *rejections) say(k rejectionKind, x intake.Rejection, more int) {
	fields := []zap.Field{zap.String("store", k.store), zap.String("type", k.typ), zap.String("reason", k.reason), zap.String("field", k.field)}
	if r.details {
		fields = append(fields, zap.String("detail", x.Detail))
	}
	text := "an event was rejected; `homing rejected list` shows it"
	if more > 0 {
		text = "events were rejected; `homing rejected list` shows them"
		fields = append(fields, zap.Int("events", more))
	}
	r.log.Warn(text, fields...)
}

// flush tells of what was counted, and forgets the kinds of which there was no more. It
// reports whether it knows of any.
func (r *rejections) flush(all bool) (some bool) {
	type line struct {
		kind rejectionKind
		last intake.Rejection
		more int
	}
	var lines []line
	r.mu.Lock()
	now := r.now()
	for k, c := range r.kinds {
		switch {
		case !all && c.until.After(now):
		case c.more == 0:
			delete(r.kinds, k)
		default:
			lines = append(lines, line{k, c.last, c.more})
			c.more, c.until = 0, now.Add(rejectionEvery)
		}
	}
	other := r.other
	r.other = 0
	some = len(r.kinds) > 0
	r.mu.Unlock()
	for _, l := range lines {
		r.say(l.kind, l.last, l.more)
	}
	if other > 0 {
		r.log.Warn("events were rejected for many other reasons; `homing rejected list` shows them", zap.Int("events", other))
	}
	return some
}

// run tells of what was counted until ctx ends, and then of the rest.
func (r *rejections) run(ctx context.Context) {
	r.bell.Run(ctx, rejectionEvery/6, func() bool { return r.flush(false) })
	r.flush(true)
}
