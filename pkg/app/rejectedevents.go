package app

import (
	"context"

	"go.uber.org/zap"

	"homing/pkg/rejected"
	"homing/pkg/studio"
)

// Rejected tells the console of rejected events, and replays them. Who looked at what they
// said, and who replayed some, is in the log.
type Rejected struct {
	*rejected.Stream
	log *zap.Logger
}

// Events implements triage.Rejected.
func (r Rejected) Events(ctx context.Context, seqs []uint64) ([]*rejected.Event, error) {
	out, err := r.Stream.Events(ctx, seqs)
	if len(out) > 0 {
		r.log.Info("rejected events are looked at", zap.Uint64s("sequences", seqs), zap.String("by", studio.VisitorOf(ctx).Name))
	}
	return out, err
}

// ReplayAll implements triage.Rejected.
func (r Rejected) ReplayAll(ctx context.Context, seqs []uint64) ([]rejected.Replayed, error) {
	out, err := r.Stream.ReplayAll(ctx, seqs)
	var done []uint64
	for _, x := range out {
		if x.Error == "" {
			done = append(done, x.Sequence)
		}
	}
	r.log.Info("rejected events are replayed", zap.Uint64s("sequences", done), zap.Int("failed", len(out)-len(done)), zap.String("by", studio.VisitorOf(ctx).Name))
	return out, err
}
