package schedule_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/workers/birthday"
)

func TestWhatIsOverlookedIsDoneWithoutBeingDecoded(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		overlooked := 0
		p := &schedule.Planner{
			Overlook: func(jetstream.Msg) bool { overlooked++; return true },
			Decode: func(jetstream.Msg) (customer.Entry, error) {
				t.Error("it was decoded")
				return customer.Entry{}, nil
			},
		}
		d.publish([]byte("an order"))
		d.loop(p.Handle)
		if overlooked != 1 {
			t.Errorf("it was overlooked %d times, want once", overlooked)
		}
	})
}

func TestNobodyIsReadForAnEventThatConcernsNoWorker(t *testing.T) {
	w, err := birthday.Kind.New(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	who := &people{}
	p := &schedule.Planner{Workers: map[string]*programme.Worker{"main": {Kind: birthday.Kind, Worker: w}}, People: who, Schedule: schedule.New(nil, clock.Scale{})}
	entries := []customer.Entry{placed("main", time.Now()), placed("elsewhere", time.Now())}
	entries[1].Event.Data = &events.OrderPlaced{Customer: events.Customer{ID: "ann", Birthday: "--06-10"}}
	if err := p.Plan(t.Context(), entries); err != nil || who.loads != 0 {
		t.Errorf("%d customers were read, error %v", who.loads, err)
	}
}
