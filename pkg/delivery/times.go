package delivery

import (
	"context"
	"time"

	"homing/pkg/bus"
)

// Times are told how long things take. Any of it may be nil.
type Times struct {
	// Took is told of each touch that was done with, since this process began with it, its
	// waits included; and of the id of its trace, if that is recorded.
	Took func(took time.Duration, trace string)
	// Late is told of each touch that was done with, how much later than it was to be looked
	// at its message fell due, and how much later that was done; in real time.
	Late func(fired, handled time.Duration)
	// Stage returns what is told how long a stage took. It is called once for each stage.
	Stage func(name string) func(time.Duration)
}

// timed is a stage, with its time taken.
func (d *Delivery) timed(name string, s stage) stage {
	if d.o.Times.Stage == nil && d.o.Trace == nil {
		return s
	}
	tell := func(time.Duration) {}
	if d.o.Times.Stage != nil {
		tell = d.o.Times.Stage(name)
	}
	return func(ctx context.Context, a *attempt) Decision {
		began, span := time.Now(), a.span.Inside(name)
		decision := s(ctx, a)
		tell(time.Since(began))
		span.End()
		return decision
	}
}

// tell tells how long a touch took, and how late it was. now is when it was done with.
func (d *Delivery) tell(a *attempt, now time.Time) {
	if d.o.Times.Took != nil {
		d.o.Times.Took(now.Sub(a.began), a.span.ID())
	}
	if d.o.Times.Late == nil {
		return
	}
	wake := d.o.Scale.Real(a.touch.Wake)
	if fired, ok := firedAt(a.msg); ok {
		d.o.Times.Late(fired.Sub(wake), now.Sub(wake))
	}
}

// firedAt is when a due message came to its stream: when the schedule fired.
func firedAt(m *bus.Msg) (time.Time, bool) {
	md, err := m.Metadata()
	if err != nil {
		return time.Time{}, false
	}
	return md.Timestamp, true
}
