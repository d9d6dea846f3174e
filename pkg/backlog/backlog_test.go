package backlog

import (
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
)

// One process asks, and the others know: what is pending, due, in flight and uncertain, and
// none of it twice.
func TestOneProcessAsksForAll(t *testing.T) {
	n := natstest.Start(t, t.TempDir())
	workers := []bus.Worker{{Name: "thank-you"}, {Name: "win-back"}}
	if _, err := bus.Setup(t.Context(), n.JS, bus.Limits{RejectedMaxBytes: 1 << 20}, workers, time.Now()); err != nil {
		t.Fatal(err)
	}
	publish := func(subject string, h nats.Header) {
		t.Helper()
		if _, err := n.JS.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Header: h, Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		order := strconv.Itoa(i)
		publish("storefront.main.order.placed", nil)
		publish("schedule.main.a.thank-you.thanks."+order, nats.Header{
			jetstream.ScheduleHeader:       {"@at " + time.Now().Add(time.Hour).UTC().Format(time.RFC3339)},
			jetstream.ScheduleTargetHeader: {"due.thank-you.main.a.thanks." + order},
		})
	}
	publish("due.thank-you.main.b.thanks.1", nil)
	publish("due.thank-you.main.b.thanks.2", nil)
	publish("timeline.main.7.email.uncertain", nil)
	publish("timeline.main.8.email.sent", nil)
	due, err := n.JS.Consumer(t.Context(), bus.ScheduleStream("thank-you"), bus.DueConsumer("thank-you"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := due.Next(); err != nil { // in flight
		t.Fatal(err)
	}
	for { // the server acknowledges a message before it counts it
		if i, err := due.Info(t.Context()); err != nil || i.NumPending == 1 && i.NumAckPending == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	conn, other := n.Connect(t)
	first := New(n.JS, workers)
	second := New(other, workers)
	if err := conn.Flush(); err != nil { // it listens
		t.Fatal(err)
	}
	asked, age := first.Figures(t.Context())
	if asked == nil || age != 0 {
		t.Fatalf("%+v, %s old", asked, age)
	}
	if asked.Uncertain != 1 {
		t.Errorf("%d uncertain", asked.Uncertain)
	}
	got := map[string]Queue{}
	for _, q := range asked.Queues {
		got[q.Consumer] = q
	}
	if q := got["due-thank-you"]; q.Waiting != 1 || q.InFlight != 1 || q.Pending != 3 || q.Worker != "thank-you" || !q.Due {
		t.Errorf("%+v", q)
	}
	if q := got["intake"]; q.Waiting != 3 || q.Worker != "" {
		t.Errorf("%+v", q)
	}
	if q := got["plan-win-back"]; q.Worker != "win-back" || q.Due || q.Pending != 0 {
		t.Errorf("%+v", q)
	}
	if len(got) != 6 || len(asked.Streams) != 7 {
		t.Errorf("%d queues, %d streams", len(got), len(asked.Streams))
	}
	for _, s := range asked.Streams {
		if s.Name == bus.Rejected && s.MaxBytes != 1<<20 || s.Name == bus.Storefront && (s.Messages != 3 || s.Bytes == 0 || s.MaxBytes != 0) {
			t.Errorf("%+v", s)
		}
	}
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if heard, _ := second.last(); heard != nil {
			break
		}
		if time.Now().After(until) {
			t.Fatal("the second process heard nothing")
		}
	}
	n.Server.Stop() // nobody could ask any more
	if told, _ := second.Figures(t.Context()); told == nil || !told.At.Equal(asked.At) || told.Uncertain != 1 {
		t.Errorf("the second process has %+v", told)
	}
}
