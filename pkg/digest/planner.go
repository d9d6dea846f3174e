package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"homing/pkg/clock"
	"homing/pkg/programme"
	"homing/pkg/touch"
	"homing/workers/digest"
)

// Schedule is where touches wait.
type Schedule interface {
	Put(ctx context.Context, ts []touch.Touch) error
	Pending(ctx context.Context, ts []touch.Touch) ([]touch.Touch, error)
}

// A Planner puts the next digest of each recipient on the schedule, days before it is due.
// Any number of processes do so: planning twice is planning once.
type Planner struct {
	Stores   map[string]*programme.Store
	Schedule Schedule
	Scale    clock.Scale
	Log      *zap.Logger
}

// every is how often a planner looks: a digest that is due sooner after a change of the
// configuration waits for the week after.
const every = 15 * time.Minute

// Run plans until ctx ends.
func (p *Planner) Run(ctx context.Context) {
	for {
		if err := p.Plan(ctx); err != nil && ctx.Err() == nil {
			p.Log.Warn("not all digests are planned, trying again", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

// Plan plans what isn't planned yet.
func (p *Planner) Plan(ctx context.Context) error {
	var errs []error
	for id, s := range p.Stores {
		if err := p.plan(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("planning the digest of store %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Planner) plan(ctx context.Context, s *programme.Store) error {
	var wanted []touch.Touch
	due := s.Digest.Next(p.Scale.Now())
	for _, k := range s.Digest.Keys() {
		wanted = append(wanted, digest.Of(touch.Touch{Customer: k, Snapshot: &touch.Snapshot{}}, due, s.Zone))
	}
	if len(wanted) == 0 {
		return nil
	}
	pending, err := p.Schedule.Pending(ctx, wanted)
	if err != nil {
		return err
	}
	wanted = slices.DeleteFunc(wanted, func(t touch.Touch) bool {
		return slices.ContainsFunc(pending, func(x touch.Touch) bool { return x.ID() == t.ID() && x.Due.Equal(t.Due) })
	})
	return p.Schedule.Put(ctx, wanted)
}
