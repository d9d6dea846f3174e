package app

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/reason"
)

// What measuring adds to taking one event in: docs/design/0046 compares it with what an event
// takes.
func BenchmarkMeasuringAnEvent(b *testing.B) {
	m := newMetrics()
	took := m.took()
	b.ReportAllocs()
	for b.Loop() {
		took(events.TypeOrderPlaced, 1)
		m.times.aged(false, 3*time.Second, 20*time.Millisecond)
	}
}

// What measuring adds to delivering one email: ten stages, with the clock read before and
// after each, the phases of the relay, and the outcome.
func BenchmarkMeasuringAnEmail(b *testing.B) {
	m := newMetrics()
	m.worker("thank-you")
	of, decided, answered := m.times.deliveries("thank-you"), m.decided("thank-you"), m.answered("mx.example:587")
	envelope, content := m.dialogue("mx.example:587", "envelope"), m.dialogue("mx.example:587", "content")
	permit := m.times.permit.WithLabelValues("thank-you")
	var stages []func(time.Duration)
	for _, name := range []string{"read", "judge", "permit", "word", "bind", "compose", "open", "claim", "transmit", "finish"} {
		stages = append(stages, of.Stage(name))
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range stages {
			began := time.Now()
			s(time.Since(began))
		}
		permit.Observe(time.Since(time.Now()).Seconds())
		envelope(time.Since(time.Now()))
		content(time.Since(time.Now()))
		answered(channel.Outcome{Meaning: channel.Accepted, Code: 250})
		of.Took(time.Since(time.Now()), "")
		of.Late(time.Millisecond, time.Second)
		decided(events.TypeEmailSent, reason.Sent)
	}
}
