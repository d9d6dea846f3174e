package replicas

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The rate is that of all replicas together: in no second does the relay get
// more than a tenth above it. The test runs alone: what a busy machine holds up
// comes in a bunch, so as many more may come as it was seen to hold up.
func TestReplicasShareTheThroughput(t *testing.T) {
	const rate, touches, noise = 50, 200, 3
	s := open(t, replicas, strings.Replace(paced, "100", "50", 1)+marketing, nil)
	l := s.follow()
	s.happens(orders("80", touches, 1)...)
	late := lateness()
	outcomes := l.wait(touches)
	held := int(2 * late().Seconds() * rate) // a replica's emails, and the sink
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches)
	var at []time.Time
	for _, m := range s.sink.Mails() {
		at = append(at, m.At)
	}
	slices.SortFunc(at, time.Time.Compare)
	most, first := 0, 0
	for i := range at {
		for at[i].Sub(at[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	if most > rate*11/10+noise+held {
		t.Errorf("%d emails in one second, at %d a second", most, rate)
	}
	took := at[len(at)-1].Sub(at[0]).Seconds()
	if took > 1.5*touches/rate {
		t.Errorf("%d emails took %.1f s, at %d a second", touches, took, rate)
	}
	t.Logf("at most %d in a second, %.1f a second over all; the machine held up %d", most, float64(touches-1)/took, held)
}

// lateness measures by how much the machine is late at most, until it is asked.
func lateness() func() time.Duration {
	done, most := make(chan struct{}), make(chan time.Duration)
	go func() {
		var worst time.Duration
		for {
			began := time.Now()
			select {
			case <-done:
				most <- worst
				return
			case <-time.After(10 * time.Millisecond):
				worst = max(worst, time.Since(began)-10*time.Millisecond)
			}
		}
	}()
	return func() time.Duration { close(done); return <-most }
}
