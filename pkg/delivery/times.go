package delivery

import (
	"context"
	"time"
)

// Times are told how long things take. Any of it may be nil.
type Times struct {
	// Took is told of each touch that was done with how long that took since this process
	// began with it, its waits included, and the id of its trace, if that is recorded.
	Took func(took time.Duration, trace string)
	// Late is told of each touch that was done with how late it was, in real time: how long
	// after its time its message fell due, and how long after it this process was done.
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
	if md, err := a.msg.Metadata(); err == nil { // it came to its stream when the schedule fired
		wake := d.o.Scale.Real(a.touch.Wake)
		d.o.Times.Late(md.Timestamp.Sub(wake), now.Sub(wake))
	}
}
