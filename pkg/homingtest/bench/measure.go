package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// errBroken says that something went wrong that has nothing to do with speed.
var errBroken = errors.New("this is broken, not slow")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errBroken, fmt.Errorf(format, args...))
}

// stallAfter is how long nothing may move.
const stallAfter = 30 * time.Second

// until polls until it has all it wants, and fails when nothing moves.
func until(ctx context.Context, what string, want int, poll func() (have int, err error)) error {
	last, moved := -1, time.Now()
	for {
		have, err := poll()
		switch {
		case err != nil:
			return fmt.Errorf("waiting for %s: %w", what, err)
		case have >= want:
			return nil
		case have != last:
			last, moved = have, time.Now()
		case time.Since(moved) > stallAfter:
			return broken("%s: %d of %d, and nothing moved for %v", what, have, want, stallAfter)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// acked returns how many messages, from the first on, a consumer is done with.
func acked(ctx context.Context, s *stack, stream, durable string) func() (int, error) {
	var c jetstream.Consumer
	return func() (int, error) {
		var err error
		if c == nil {
			if c, err = s.js.Consumer(ctx, stream, durable); err != nil {
				return 0, err
			}
		}
		info, err := c.Info(ctx)
		if err != nil {
			return 0, err
		}
		return int(info.AckFloor.Stream), nil
	}
}

// held returns how many messages a stream holds, on some subjects or on all.
func held(ctx context.Context, s *stack, stream, subjects string) (int, error) {
	st, err := s.js.Stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	if subjects == "" {
		return int(st.CachedInfo().State.Msgs), nil
	}
	info, err := st.Info(ctx, jetstream.WithSubjectFilter(subjects))
	if err != nil {
		return 0, err
	}
	var n uint64
	for _, of := range info.State.Subjects {
		n += of
	}
	return int(n), nil
}

// exactly fails when a stream does not hold just so many messages.
func exactly(ctx context.Context, s *stack, stream, subjects string, want int) error {
	n, err := held(ctx, s, stream, subjects)
	if err != nil {
		return err
	}
	if n != want {
		return broken("%s %s holds %d messages, not %d", stream, subjects, n, want)
	}
	return nil
}

// stored returns when the server stored a message.
func stored(ctx context.Context, s *stack, stream string, seq int) (time.Time, error) {
	st, err := s.js.Stream(ctx, stream)
	if err != nil {
		return time.Time{}, err
	}
	m, err := st.GetMsg(ctx, uint64(seq))
	if err != nil {
		return time.Time{}, fmt.Errorf("message %d of %s: %w", seq, stream, err)
	}
	return m.Time, nil
}

// pace is how fast something went.
type pace struct {
	whole  float64 // a second, from the first to the last
	middle float64 // over the middle 80 %
}

// streamPace returns how fast n messages came into a stream, where they may be among
// others; end is when the last of them had been acked where they came from.
func streamPace(ctx context.Context, s *stack, stream string, n int, end time.Time) (pace, error) {
	var at [3]time.Time
	all, err := held(ctx, s, stream, "")
	if err != nil {
		return pace{}, err
	}
	seqs := [3]int{1, max(1, all/10), max(1, all-all/10)}
	for i, seq := range seqs {
		var err error
		if at[i], err = stored(ctx, s, stream, seq); err != nil {
			return pace{}, err
		}
	}
	share := float64(n) / float64(all)
	return pace{rate(n, end.Sub(at[0])), share * rate(seqs[2]-seqs[1], at[2].Sub(at[1]))}, nil
}

// mailPace returns how fast mails came in.
func mailPace(mails []receipt) pace {
	at := make([]int64, len(mails))
	for i, m := range mails {
		at[i] = m.At
	}
	slices.Sort(at)
	n := len(at)
	between := func(i, j int) time.Duration { return time.Duration(at[j] - at[i]) }
	return pace{rate(n, between(0, n-1)), rate(n-n/10-n/10, between(n/10, n-1-n/10))}
}

func rate(n int, d time.Duration) float64 { return float64(n) / max(d.Seconds(), 1e-9) }

// percentile returns the value that a share of the sorted values do not exceed.
func percentile(sorted []float64, share float64) float64 {
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*share))]
}

// eachOnce fails unless every customer from 0 to n-1 got exactly one mail.
func eachOnce(mails []receipt, n int) error {
	got := make([]int, n)
	for _, m := range mails {
		if m.Who < 0 || m.Who >= n {
			return broken("a mail came for customer %d of %d", m.Who, n)
		}
		got[m.Who]++
	}
	lost, doubled := 0, 0
	for _, k := range got {
		switch {
		case k == 0:
			lost++
		case k > 1:
			doubled += k - 1
		}
	}
	if lost+doubled > 0 {
		return broken("of %d mails %d are lost, and %d came twice", n, lost, doubled)
	}
	return nil
}

// quiet waits for what must not come: a mail or an entry too many.
func quiet(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(300 * time.Millisecond):
	}
}

// noneRejected fails when an event was rejected.
func noneRejected(ctx context.Context, s *stack) error {
	return exactly(ctx, s, bus.Rejected, "rejected.>", 0)
}
