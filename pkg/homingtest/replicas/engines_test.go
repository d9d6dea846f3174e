package replicas

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// Two an hour, of what all is due at once, and slowly enough for what happens to the
// servers to happen under emails on their way.
const cappedSlowly = `pacing:
  quiet_hours: {from: "00:00", to: "00:00"}
  throughput: {per_second: 10}
  frequency: [{limit: 2, window: 1h}]
` + marketing

// The programme on what a large shop runs: a NATS of three that keep three copies, and a
// Redis of several. One of each is killed under emails that are on their way; then every
// server, and every process of Homing, is restarted in turn. Nothing is lost, nothing is
// sent twice, and nobody gets more than the cap allows. What a process sent and could not
// record before it was told to stop may remain uncertain.
func TestTheProgrammeOnDistributedEngines(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *homingtest.RedisEngine{"cluster": homingtest.StartReplicatedCluster, "sentinel": homingtest.StartSentinels} {
		t.Run(name, func(t *testing.T) {
			if name == "cluster" {
				lengthy.Always(t)
			}
			t.Parallel()
			onEngine(t, start(t))
		})
	}
}

func onEngine(t *testing.T, e *homingtest.RedisEngine) {
	const people, each, limit = 200, 3, 2
	members, urls := startCluster(t)
	s := &shop{t: t, natsURL: urls, copies: 3, redisURL: e.URL, more: cappedSlowly}
	s.open(2, nil)
	l := s.follow()
	s.happens(orders("80", people, each)...)
	progress := func(what string, share int) {
		t.Helper()
		until(t, what, 2*time.Minute, func() bool { return l.count() >= people*limit*share/100 })
		t.Logf("%d have left: %s", l.count(), what)
	}
	progress("the Redis is killed next", 8)
	e.Kill(-1)
	progress("a leader of NATS is killed next", 20)
	s.killLeader(members, bus.Timeline)
	progress("all servers are restarted next", 30)
	ready := func() {
		for _, r := range s.replicas {
			r.awaitReady()
		}
	}
	e.Roll(ready)
	t.Logf("every Redis has been restarted with %d of %d done", l.count(), people*limit)
	s.rollNATS(members, ready)
	t.Logf("every NATS has been restarted with %d of %d done", l.count(), people*limit)
	for i, old := range s.replicas {
		s.replicas[i] = s.newReplica()
		s.replicas[i].awaitReady()
		old.stop()
	}
	t.Logf("all has been restarted with %d of %d done", l.count(), people*limit)
	l.wait(people * limit)
	until(t, "a word on each touch", time.Minute, func() bool { return len(l.all()) >= people*each })
	s.stop()
	s.audit(l, 1)
	s.withinLimit(l, people, each, limit)
}

// withinLimit fails unless of each customer's touches so many were sent, as far as is known,
// and the others are held by the cap.
func (s *shop) withinLimit(l *ledger, people, each, limit int) {
	s.t.Helper()
	sent, held := map[string]int{}, map[string]int{}
	for id, facts := range l.all() {
		last := facts[len(facts)-1]
		switch b := last.Data.(events.Fact).Body(); {
		case ended(last) && (b.Reason == "sent" || b.Reason == "uncertain"):
			sent[b.Customer]++
		case last.Type == events.TypeEmailHeld && b.Reason == "frequency_cap":
			held[b.Customer]++
		default:
			s.t.Errorf("%s: %s %s", id, b.Reason, b.Detail)
		}
	}
	for who, n := range sent {
		if n != limit || held[who] != each-limit {
			s.t.Errorf("%s got %d emails and %d are held, want %d and %d", who, n, held[who], limit, each-limit)
		}
	}
	if len(sent) != people {
		s.t.Errorf("%d customers got an email, want %d", len(sent), people)
	}
}

// killLeader kills the server that leads a stream, and starts it again.
func (s *shop) killLeader(members []*member, stream string) {
	s.t.Helper()
	var leads string
	until(s.t, "a leader of "+stream, time.Minute, func() bool { leads = s.leader(stream); return leads != "" })
	for _, m := range members {
		if m.name == leads {
			m.kill()
			pause(1500 * time.Millisecond)
			m.start(s.t)
		}
	}
}

// rollNATS restarts every server of the cluster in turn, as an operator would, who goes on
// when all is ready.
func (s *shop) rollNATS(members []*member, ready func()) {
	s.t.Helper()
	for _, m := range members {
		for _, stream := range []string{bus.Storefront, bus.Timeline, bus.ScheduleStream("thank-you")} {
			until(s.t, "all copies of "+stream, time.Minute, func() bool { return s.leader(stream) != "" })
		}
		m.stop()
		m.start(s.t)
		ready()
	}
}
