package replicas

import (
	"testing"
	"time"
)

// Each replica in turn is told to stop, and a new one takes its place, while
// emails go out. Each ends well and in time; nothing is lost, and nothing comes
// twice, though transactional emails may after a crash.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	const touches = 1500
	s := open(t, replicas, unpaced, slow)
	l := s.follow()
	s.happens(orders("70", touches, 1)...)
	longest := time.Duration(0)
	for i, old := range s.replicas {
		s.replicas[i] = s.newReplica()
		pause(200 * time.Millisecond)
		began := time.Now()
		old.stop()
		longest = max(longest, time.Since(began))
	}
	left, began := touches-l.count(), time.Now()
	outcomes := l.wait(touches)
	t.Logf("stopping took at most %v; %d touches were left then, and done with %v later",
		longest.Round(time.Millisecond), left, time.Since(began).Round(time.Millisecond))
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches)
}
