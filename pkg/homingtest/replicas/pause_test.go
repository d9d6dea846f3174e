package replicas

import (
	"encoding/json"
	"testing"
	"time"
)

const paced = `pacing: {quiet_hours: {from: "00:00", to: "00:00"}, throughput: {per_second: 100}, frequency: []}` + "\n"

// `homing pause` stops the replicas within a second, though hundreds are due and
// more fall due; `homing status` says so; `homing resume` lets all of them go.
// The first part runs alone: a second is little on a busy machine.
func TestPauseStopsAllReplicas(t *testing.T) {
	const touches = 400
	s := open(t, replicas, paced+marketing, slow)
	l := s.follow()
	s.happens(orders("50", touches, 1)...)
	until(t, "mails", 30*time.Second, func() bool { return len(s.sink.Mails()) >= 50 })
	s.homing("pause", "thank-you", "--reason", "a test")
	paused := time.Now()
	s.happens(orders("51", touches/2, 1)...)
	if state := s.state("thank-you"); state != "paused" {
		t.Errorf("homing status says %s", state)
	}
	pause(time.Until(paused.Add(3 * time.Second)))
	late := mailsFrom(s.sink.Mails(), paused)
	for _, m := range mailsFrom(late, paused.Add(time.Second)) {
		t.Errorf("an email came %v after the pause", m.At.Sub(paused))
	}
	if n := l.count(); n >= touches {
		t.Errorf("%d of %d touches were done with before the pause: nothing is shown", n, touches)
	}
	t.Parallel()
	s.homing("resume", "thank-you")
	if state := s.state("thank-you"); state != "live" {
		t.Errorf("homing status says %s after the resume", state)
	}
	resumed := time.Now()
	outcomes := l.wait(touches + touches/2)
	t.Logf("%d emails within a second of the pause; the others were done with %v after the resume", len(late), time.Since(resumed).Round(time.Second/10))
	s.stop()
	s.audit(l, 0)
	allSent(t, outcomes, touches+touches/2)
}

// state is what `homing status` says about a worker.
func (s *shop) state(worker string) string {
	s.t.Helper()
	var status struct {
		Workers []struct {
			Worker string
			Stores map[string]string
		}
	}
	if err := json.Unmarshal([]byte(s.homing("status", "--output", "json")), &status); err != nil {
		s.t.Fatal(err)
	}
	for _, w := range status.Workers {
		if w.Worker == worker {
			return w.Stores["main"]
		}
	}
	s.t.Fatalf("homing status does not name %s", worker)
	return ""
}
