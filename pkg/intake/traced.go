package intake

import (
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/trace"
)

// traced begins the span of an event that was read, has what follows from the event
// belong to it, and adds it to those of its batch. That of an event that cannot be taken in
// ends here.
func (in *Intake) traced(spans []*trace.Span, m jetstream.Msg, e *customer.Entry, err error) []*trace.Span {
	s := in.o.Trace.Follow("intake", trace.OfEvent(m.Headers(), m.Data()))
	if err == nil {
		s.Say("store", e.Event.Store, "event", string(e.Event.Type))
		e.Trace = s.Headers()
		return append(spans, s)
	}
	if bad, ok := errors.AsType[*events.Error](err); ok {
		s.Say("outcome", "rejected", "reason", string(bad.Reason))
	}
	s.Fail("rejected")
	s.End()
	return spans
}

// ended ends the span of one of a batch, which was taken in, or not.
func ended(spans []*trace.Span, i int, err error) {
	if spans == nil {
		return
	}
	if err != nil {
		spans[i].Fail("not taken in yet")
	} else {
		spans[i].Say("outcome", "taken_in")
	}
	spans[i].End()
}

// allEnded ends the spans of a batch that is taken in again in parts.
func allEnded(spans []*trace.Span, err error) {
	for i := range spans {
		ended(spans, i, err)
	}
}
