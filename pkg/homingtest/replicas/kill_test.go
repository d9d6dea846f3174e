package replicas

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"homing/pkg/homingtest"
)

// kills is how often a test kills something; `make replicas` sets more.
func kills(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("HOMING_KILLS")); err == nil {
		return n
	}
	return usual
}

// Three replicas are killed again and again while they send. Nothing is lost; a
// marketing mail is never sent twice; a transactional one at most once more for
// each crash that hit it, with the same Message-ID.
func TestKilledReplicas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ class, config string }{{"transactional", ""}, {"marketing", marketing}} {
		t.Run(c.class, func(t *testing.T) {
			t.Parallel()
			n := kills(8)
			s := open(t, replicas, unpaced+c.config, slow)
			l := s.follow()
			s.happens(orders("10", 100*n, 1)...)
			for range n {
				pause(time.Duration(200+rand.IntN(300)) * time.Millisecond)
				s.replicas[rand.IntN(len(s.replicas))].restart()
			}
			l.wait(100 * n)
			s.stop()
			f := s.audit(l, n)
			t.Logf("%d kills: %d emails, %d doubled, %d uncertain", n, f.mails, f.doubled, f.uncertain)
		})
	}
}

// Redis and NATS are killed, again and again, and the relay hangs up now and
// then, while the replicas send. None of them exits; all wait and go on, nothing
// is lost, and no marketing mail is sent twice.
func TestServersThatGoAway(t *testing.T) {
	t.Parallel()
	var said atomic.Int64
	s := open(t, replicas, unpaced+marketing, func(command, _ string) string {
		if said.Add(1)%50 == 0 && command == "MAIL" {
			return homingtest.CutBefore
		}
		return ""
	})
	l := s.follow()
	const touches = 1500
	s.happens(orders("20", touches, 1)...)
	for i := range kills(8) / 4 {
		pause(300 * time.Millisecond)
		s.redis.Kill()
		pause(500 * time.Millisecond)
		s.redis.Restart()
		pause(300 * time.Millisecond)
		if i%2 == 0 {
			s.nats.stop()
		} else {
			s.nats.kill()
		}
		pause(500 * time.Millisecond)
		s.nats.start()
	}
	outcomes := l.wait(touches)
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches)
}
