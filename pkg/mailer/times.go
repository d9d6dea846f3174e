package mailer

import "time"

// The parts of the dialogue that are timed. With PIPELINING the commands of the envelope are
// one part, and with CHUNKING it goes with the content.
const (
	partDial     = iota // the connection, and the greeting
	partHelo            // EHLO
	partTLS             // STARTTLS, or the handshake of smtps://
	partAuth            // AUTH
	partEnvelope        // MAIL, RCPT and DATA
	partContent         // the content, and the answer to it
	allParts
)

var partNames = [allParts]string{"dial", "helo", "tls", "auth", "envelope", "content"}

// stopwatch is what is told how long each part took; nil: nobody is.
type stopwatch [allParts]func(time.Duration)

func newStopwatch(of func(relay, part string) func(time.Duration), relay string) (w stopwatch) {
	for i := range w {
		if of != nil {
			w[i] = of(relay, partNames[i])
		}
	}
	return w
}

// tell tells how long a part took that began at a time.
func (w *stopwatch) tell(part int, began time.Time) {
	if w[part] != nil {
		w[part](time.Since(began))
	}
}

// laps are how long the parts of a greeting took, which come in several pieces.
type laps struct {
	at    int
	since time.Time
	spent [allParts]time.Duration
}

// enter ends a part, and begins another.
func (l *laps) enter(part int) {
	now := time.Now()
	l.spent[l.at] += now.Sub(l.since)
	l.at, l.since = part, now
}

// tell tells of the parts there were.
func (l *laps) tell(w *stopwatch) {
	l.enter(l.at)
	for part, d := range l.spent {
		if d > 0 && w[part] != nil {
			w[part](d)
		}
	}
}
