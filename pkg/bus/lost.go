package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// ControlsLost says that an installation had a bucket `controls`, and has none any more.
// What was paused was in it alone, so an empty one in its place would let emails leave
// that somebody stopped.
type ControlsLost struct {
	// Paused are those that the timeline says were paused, in words. It may know too
	// little: its facts may be older than its max_age.
	Paused []string
}

func (l *ControlsLost) Error() string {
	known := "The timeline tells of no pause"
	if len(l.Paused) > 0 {
		known = "The timeline says that paused were: " + strings.Join(l.Paused, ", ")
	}
	return fmt.Sprintf("the bucket %s is gone, and what was paused with it; until it is back nothing is sent, and nothing is lost. %s. "+
		"Run `homing setup --pause-all`, and then `homing resume` for each worker that should send; "+
		"or `homing setup --forget-pauses`, and all that the configuration does not pause sends at once", ControlsBucket, known)
}

// controlsLost returns a *ControlsLost if the bucket is gone, and nil if it is there or
// was never made. In an installation that works it is older than the first entry of the
// timeline; the timeline is asked first, as others may set up at the same moment.
func controlsLost(ctx context.Context, js jetstream.JetStream) error {
	begun := false
	for _, name := range PartitionsOf(js).Timelines() {
		s, err := js.Stream(ctx, name)
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		begun = begun || err == nil && s.CachedInfo().State.LastSeq > 0
	}
	if !begun {
		return nil
	}
	_, err := js.KeyValue(ctx, ControlsBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return &ControlsLost{}
	}
	return err
}

// MakeControls makes the bucket of what is paused, empty, unless it is there: what Setup
// refuses to do where it was lost.
func MakeControls(ctx context.Context, js jetstream.JetStream, l Limits) error {
	if _, err := setupBucket(ctx, js, ControlsBucket, max(1, l.Replicas)); err != nil {
		return fmt.Errorf("bucket %s: %w", ControlsBucket, err)
	}
	return nil
}
