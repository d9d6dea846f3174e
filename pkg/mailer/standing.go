package mailer

import (
	"strings"
	"sync"
	"time"
)

const (
	// several is how many different recipients are refused in a row, with nothing
	// accepted in between, before it is us whom the relay refuses.
	several = 5
	// mostRefused is how many refusals are remembered.
	mostRefused = 10_000
)

// A standing is what a relay thinks of us, as far as can be told from what it refuses.
// Many relays say the same of a recipient they do not know and of a sender they do
// not know, so one such refusal is judged by those around it.
type standing struct {
	mu       sync.Mutex
	accepted time.Time            // when the last email was
	row      map[string]bool      // recipients refused since
	short    map[string]bool      // recipients since for whom it has no room, or no time, now
	refused  map[string]time.Time // recipients that were refused: when first
}

// took notes that an email was accepted.
func (s *standing) took(rcpt string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted, s.row, s.short = time.Now(), nil, nil
	delete(s.refused, strings.ToLower(rcpt))
}

// refuses notes a refusal that may be about the recipient, or about us. decided says
// that something was accepted since the first refusal of this recipient, so that it is
// about them; us, that so many were refused in a row that it is about us.
func (s *standing) refuses(rcpt string) (decided, us bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.row == nil {
		s.row = map[string]bool{}
	}
	if len(s.row) < several {
		s.row[strings.ToLower(rcpt)] = true
	}
	decided, _ = s.since(rcpt)
	return decided, len(s.row) >= several
}

// lacks notes that the relay has no room for a recipient now, in words that may be about
// itself. It reports whether that is so: it said so of several in a row.
func (s *standing) lacks(rcpt string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.short == nil {
		s.short = map[string]bool{}
	}
	if len(s.short) < several {
		s.short[strings.ToLower(rcpt)] = true
	}
	return len(s.short) >= several
}

// waits notes that a recipient is refused for now. decided is as with refuses; since is
// when they were first.
func (s *standing) waits(rcpt string) (decided bool, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since(rcpt)
}

// since returns when a recipient was refused first, and whether something was accepted
// after that. The lock is held.
func (s *standing) since(rcpt string) (decided bool, since time.Time) {
	rcpt = strings.ToLower(rcpt)
	since, known := s.refused[rcpt]
	if !known {
		since = time.Now()
		s.remember(rcpt, since)
	}
	return known && s.accepted.After(since), since
}

// remember notes the first refusal of a recipient. When there are too many any other
// is forgotten: their verdict takes a try longer.
func (s *standing) remember(rcpt string, now time.Time) {
	if s.refused == nil {
		s.refused = map[string]time.Time{}
	}
	for old := range s.refused {
		if len(s.refused) < mostRefused {
			break
		}
		delete(s.refused, old)
	}
	s.refused[rcpt] = now
}
