package bus

import (
	"context"
	"errors"
	"time"
)

// answerWithin is how long an answer of JetStream's API may take before it is asked
// once more. A server drops what it is asked while its cluster has no leader, and of two
// processes that create the same thing at the same moment one may never be answered.
const answerWithin = 3 * time.Second

// Ask runs one step of a setup, and again when its answer did not come, until the context
// ends. A step looks first what is there, so one that was done without an answer is
// found done.
func Ask(ctx context.Context, step func(context.Context) error) error {
	for {
		asked, cancel := context.WithTimeout(ctx, answerWithin)
		err := step(asked)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}
