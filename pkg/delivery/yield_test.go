package delivery_test

import (
	"context"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/gate"
	"homing/pkg/touch"
)

// withRival is a schedule with another worker's touch on it.
type withRival struct {
	delivery.Schedule
	other touch.Touch
}

func (b withRival) Waiting(context.Context, customer.Key, []string) ([]touch.Touch, error) {
	return []touch.Touch{b.other}, nil
}

// A touch lets another go first, and the fact cannot be recorded at
// once. The next round decides the same.
func TestADueMessageThatComesTwiceYieldsAgain(t *testing.T) {
	for _, op := range []string{"nothing", "append email.held", "mark email.held"} {
		t.Run(op, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				r.caps = []gate.Window{{Limit: 1, Length: 4 * time.Hour}}
				r.known("ann")
				r.touch("ann", "offer", "a", time.Minute, nil)
				at := time.Now().Add(30 * time.Minute)
				better := touch.Touch{Worker: "better", Step: "offer", Customer: r.key("ann"), Occasion: "b", Due: at, Wake: at}
				r.setFault(failing(op, 1))
				r.start(func(o *delivery.Options) {
					s := o.Stores["main"]
					s.LookAhead = time.Hour
					s.Workers = append(s.Workers, r.worker.as("better", 50, s.Workers[0].Policy))
					o.Schedule = withRival{o.Schedule, better}
				})
				time.Sleep(25 * time.Minute)
				if n := len(r.sink.Mails()); n != 0 {
					t.Errorf("%d emails were sent before the other's time", n)
				}
				time.Sleep(25 * time.Minute) // the other never leaves, and this one waited once
				if n := len(r.sink.Mails()); n != 1 {
					t.Errorf("%d emails were sent, want 1", n)
				}
				if sent := r.facts(events.TypeEmailSent); len(sent) != 1 {
					t.Errorf("%d times on the timeline that it was sent", len(sent))
				}
			})
		})
	}
}
