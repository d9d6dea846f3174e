package replicas

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/timeline"
)

// ledger follows the timeline, and knows what became of each touch.
type ledger struct {
	t      *testing.T
	decode func(jetstream.Msg) (customer.Entry, error)

	mu    sync.Mutex
	facts map[string][]events.Event // of each touch, oldest first
	err   error
}

// follow reads the timeline, of all partitions, from its beginning until the test ends.
func (s *shop) follow() *ledger {
	s.t.Helper()
	l := &ledger{t: s.t, decode: timeline.New(s.js).Decode, facts: map[string][]events.Event{}}
	for _, stream := range s.partitions.Timelines() {
		c, err := s.js.OrderedConsumer(s.t.Context(), stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{"timeline.*.*.email.*"}})
		if err != nil {
			s.t.Fatal(err)
		}
		// While NATS is away it waits, and finds its place again.
		reading, err := c.Consume(l.take, jetstream.ConsumeErrHandler(func(jetstream.ConsumeContext, error) {}))
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(reading.Stop)
	}
	return l
}

func (l *ledger) take(m jetstream.Msg) {
	e, err := l.decode(m)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.err = err
		return
	}
	id := e.Event.Data.(events.Fact).Body().Touch
	l.facts[id] = append(l.facts[id], e.Event)
}

// all returns a copy of what is known.
func (l *ledger) all() map[string][]events.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		l.t.Fatal(l.err)
	}
	return maps.Clone(l.facts)
}

// ended reports whether a fact is the end of its touch.
func ended(e events.Event) bool { return e.Type != events.TypeEmailHeld }

// outcomes returns the touches that have come to their end, with their reasons.
// None may have two.
func (l *ledger) outcomes() map[string]events.Email {
	l.t.Helper()
	out := map[string]events.Email{}
	for id, facts := range l.all() {
		for _, f := range facts {
			if !ended(f) {
				continue
			}
			b := *f.Data.(events.Fact).Body()
			if old, ok := out[id]; ok && old.Reason != b.Reason {
				l.t.Errorf("%s: %s, and then %s", id, old.Reason, b.Reason)
			}
			out[id] = b
		}
	}
	return out
}

// wait waits until n touches have come to their end.
func (l *ledger) wait(n int) map[string]events.Email {
	l.t.Helper()
	const patience = 3 * time.Minute
	end := time.Now().Add(patience)
	for {
		if l.count() >= n {
			return l.outcomes()
		}
		if time.Now().After(end) {
			l.t.Fatalf("%d of %d touches have an outcome after %v", l.count(), n, patience)
		}
		pause(20 * time.Millisecond)
	}
}

// count is len(outcomes), for callers that ask often.
func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, facts := range l.facts {
		if slices.ContainsFunc(facts, ended) {
			n++
		}
	}
	return n
}

// found is what an audit counted.
type found struct{ mails, doubled, uncertain int }

// audit compares the sink with the timeline: each touch that is said to be sent
// has its email, each email its touch, and no touch has two. The shop is stopped.
// crashes is how many replicas were killed: a transactional email may come once
// more, and a marketing email remain uncertain, for each that a crash hit.
func (s *shop) audit(l *ledger, crashes int) found {
	s.t.Helper()
	mails := map[string]int{} // by Message-ID
	for _, m := range s.sink.Mails() {
		mails[m.MessageID]++
	}
	n := found{mails: len(mails)}
	known := map[string]bool{}
	for id, b := range l.outcomes() {
		came := mails[b.MessageID]
		known[b.MessageID] = true
		switch {
		case b.Reason == "uncertain":
			n.uncertain++
		case b.Reason == "sent" && came == 0:
			s.t.Errorf("%s is said to be sent, and never arrived", id)
		case b.Reason != "sent" && b.MessageID != "":
			s.t.Errorf("%s: %s, with a Message-ID", id, b.Reason)
		}
		if came > 1 {
			n.doubled++
			if b.Class == "marketing" || came > 1+crashes {
				s.t.Errorf("%s, of class %s, was sent %d times", id, b.Class, came)
			}
		}
		if b.Class != "marketing" && b.Reason == "uncertain" {
			s.t.Errorf("%s was given up, and is transactional", id)
		}
	}
	for id := range mails {
		if !known[id] {
			s.t.Errorf("the timeline knows nothing of the email %s", id)
		}
	}
	if most := crashes * connections; n.doubled > most || n.uncertain > most {
		s.t.Errorf("%d emails came twice and %d are uncertain: more than %d crashes of %d connections can explain",
			n.doubled, n.uncertain, crashes, connections)
	}
	return n
}

// allSent fails unless so many touches were sent, and none came to another end.
func allSent(t *testing.T, outcomes map[string]events.Email, n int) {
	t.Helper()
	others := map[string]int{}
	for _, b := range outcomes {
		others[b.Reason]++
	}
	if others["sent"] != n || len(others) != 1 {
		t.Errorf("of %d touches became %v", n, others)
	}
}

// slow is a relay that takes its time, so that what happens to a replica happens
// to emails on their way.
func slow(command, _ string) string {
	if command == "." {
		pause(10 * time.Millisecond)
	}
	return ""
}

// mailsFrom returns those that came at a time or later.
func mailsFrom(all []homingtest.Mail, from time.Time) []homingtest.Mail {
	var out []homingtest.Mail
	for _, m := range all {
		if !m.At.Before(from) {
			out = append(out, m)
		}
	}
	return out
}
