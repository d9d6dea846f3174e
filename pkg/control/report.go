package control

import (
	"context"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/reason"
)

const (
	// reportAfter is how long a stop lasts before others are told: what is over at
	// once is nobody's business.
	reportAfter = 3 * time.Second
	// reportEvery is how often it is tried to tell them.
	reportEvery = 2 * time.Second
	// lastWord is how long stopping may take for it.
	lastWord = 2 * time.Second
)

// report is a stop of this process, as others are told of it: an entry in the bucket
// for each worker, for `homing status`, and worker.held on the timeline.
type report struct {
	detail  string
	id      uint64               // of its facts
	entered map[string]time.Time // when this process made the entry of a worker
	held    bool                 // worker.held is on the timeline
}

// Report tells others about the stops of this process, which has some workers, until
// ctx ends. A process that was killed leaves entries that nobody ends: the next one
// with the same workers does, when it starts, and who is still stopped makes its own again.
//
// While the timeline takes no facts, that it is full is the fact that is tried, in each of
// its parts that does not: when it gets through, Homing knows that others will.
func (c *Controls) Report(ctx context.Context, workers []string) {
	reports := map[reason.Reason]*report{}
	defer func() {
		if len(reports) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
		defer cancel()
		for why, r := range reports {
			c.withdraw(ctx, why, r, workers)
		}
	}()
	inherited := false
	for ctx.Err() == nil {
		changed := c.Changed()
		if !inherited && c.Known() {
			inherited = c.disinherit(ctx, workers)
		}
		whys, stops := c.stopsNow()
		for _, why := range whys {
			c.announce(ctx, why, stops[why], reports, workers)
		}
		for why, r := range reports {
			if _, still := stops[why]; !still && c.withdraw(ctx, why, r, workers) {
				delete(reports, why)
			}
		}
		var next <-chan time.Time
		if len(whys)+len(reports) > 0 || !inherited {
			next = time.After(reportEvery)
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-next:
		}
	}
}

// disinherit ends what processes before this one left.
func (c *Controls) disinherit(ctx context.Context, workers []string) bool {
	for _, w := range workers {
		for _, why := range Stopping {
			for _, h := range c.Holds() {
				if h.Worker != w || h.Reason != string(why) {
					continue
				}
				if _, err := c.Release(ctx, h); err != nil {
					return false
				}
			}
		}
	}
	return true
}

// announce tells others of a stop, once it has lasted.
func (c *Controls) announce(ctx context.Context, why reason.Reason, s stop, reports map[reason.Reason]*report, workers []string) {
	if time.Since(s.since) < reportAfter {
		return
	}
	r := reports[why]
	if r == nil {
		detail := s.detail
		if c.o.Process != "" {
			detail = c.o.Process + ": " + detail
		}
		r = &report{detail: detail, id: uint64(s.since.UnixNano()), entered: map[string]time.Time{}}
		reports[why] = r
	}
	ctx, cancel := context.WithTimeout(ctx, lastWord)
	defer cancel()
	for _, w := range workers {
		h := Hold{Worker: w, Reason: string(why), Detail: r.detail, Since: s.at.UTC().Truncate(time.Millisecond)}
		if !c.missing(h, r.entered[w]) {
			continue
		}
		did, _, err := c.create(ctx, h)
		if err != nil {
			c.o.Log.Debug("cannot write a hold down, trying again", append(h.fields(), zap.Error(err))...)
			break
		}
		if did {
			r.entered[w] = time.Now()
		}
	}
	var where []uint8
	if why == reason.TimelineFull && c.o.Full != nil {
		if where = c.o.Full(); r.held && len(where) > 0 { // it was told, and a part takes nothing now: another one, or the same again
			r.held = false
			r.id++ // else the server takes it for a copy, and for that it has room
		}
	}
	r.held = r.held || c.tellAll(ctx, why, r, workers, events.TypeWorkerHeld, where...)
}

// missing reports whether an entry of this process is to be made: there was none, or
// somebody has removed it since.
func (c *Controls) missing(h Hold, entered time.Time) bool {
	return entered.IsZero() || time.Since(entered) > unseen && !c.inForce(h)
}

// withdraw tells others that a stop is over, and reports whether that is done.
func (c *Controls) withdraw(ctx context.Context, why reason.Reason, r *report, workers []string) bool {
	for _, w := range workers {
		if r.entered[w].IsZero() {
			continue
		}
		if _, _, err := c.remove(ctx, Hold{Worker: w, Reason: string(why), Detail: r.detail}); err != nil {
			c.o.Log.Debug("cannot end a hold, trying again", zap.String("worker", w), zap.Error(err))
			return false
		}
		delete(r.entered, w)
	}
	return !r.held || c.tellAll(ctx, why, r, workers, events.TypeWorkerResumed)
}

// tellAll puts the facts of a stop on the timeline, and reports whether they are there.
func (c *Controls) tellAll(ctx context.Context, why reason.Reason, r *report, workers []string, t events.Type, buckets ...uint8) bool {
	for _, w := range workers {
		if err := c.tell(ctx, Hold{Worker: w, Reason: string(why), Detail: r.detail}, t, r.id, buckets...); err != nil {
			c.o.Log.Debug("cannot tell of a hold, trying again", zap.String("worker", w), zap.Error(err))
			return false
		}
	}
	return true
}
