package intake

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/customer"
)

// unfolded is the error of a partition that has to be told who is who before some of the
// entries are folded. Nobody knows which: they are tried in smaller batches.
type unfolded struct{ error }

func (u *unfolded) Unwrap() error { return u.error }

// taken reports whether an entry is on the timeline.
func taken(e customer.Entry) bool { return e.Sequence > 0 }

// An event of a partition whose streams are away comes again after that long, and twice
// as long each time, up to some minutes. It takes no place in the loop in the meantime.
const (
	awayAtFirst = 5 * time.Second
	awayAtMost  = 2 * time.Minute
)

// answerTo is the answer to an event, given the error of all that it was taken in with. If
// that is one of a partition, the events of others are on the timeline, and marked.
func answerTo(m jetstream.Msg, e customer.Entry, err error) error {
	_, away := errors.AsType[*bus.Away](err)
	switch {
	case !away:
		return err
	case taken(e):
		return nil
	}
	again := awayAtFirst
	if md, err := m.Metadata(); err == nil {
		again = min(awayAtMost, awayAtFirst<<min(md.NumDelivered-1, 10))
	}
	return bus.Later(again)
}
