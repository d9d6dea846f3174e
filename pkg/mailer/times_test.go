package mailer

import (
	"testing"
	"time"
)

// The parts of a greeting add up however they come in pieces: with smtps:// the handshake
// comes between the connection and the greeting.
func TestThePartsOfTheDialogue(t *testing.T) {
	told := map[string][]time.Duration{}
	w := newStopwatch(func(relay, part string) func(time.Duration) {
		return func(d time.Duration) { told[relay+" "+part] = append(told[relay+" "+part], d) }
	}, "relay:465")
	began := time.Now().Add(-time.Second)
	l := laps{at: partDial, since: began}
	l.enter(partTLS)
	l.since = l.since.Add(-2 * time.Second)
	l.enter(partDial)
	l.since = l.since.Add(-3 * time.Second)
	l.enter(partHelo)
	l.tell(&w)
	w.tell(partContent, time.Now().Add(-time.Minute))
	if d := told["relay:465 dial"]; len(d) != 1 || d[0] < 4*time.Second || d[0] > 5*time.Second {
		t.Errorf("dial: %v", d)
	}
	if d := told["relay:465 tls"]; len(d) != 1 || d[0] < 2*time.Second {
		t.Errorf("tls: %v", d)
	}
	if d := told["relay:465 content"]; len(d) != 1 || d[0] < time.Minute {
		t.Errorf("content: %v", d)
	}
	if d := told["relay:465 auth"]; d != nil {
		t.Errorf("auth: %v", d)
	}
	none := newStopwatch(nil, "relay:465")
	none.tell(partContent, time.Now()) // nobody is told
}
