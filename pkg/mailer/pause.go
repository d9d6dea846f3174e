package mailer

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/pkg/throughput"
)

const (
	firstPause   = time.Second
	longestPause = time.Minute
	// longestRefused is for how long, at last, a relay is left alone that takes no
	// connection: a try costs it nothing, and a restart is over soon.
	longestRefused = 10 * time.Second
	// turns is for how long an email that would tell more is waited for, when one is to
	// try whether the relay takes email from us by now. It is longer than what a loop that
	// waits for a server takes to come back.
	turns = 6 * time.Second
	// keeps is for how long the next try is kept for the email that asked whether it may.
	keeps = 5 * time.Second
)

// A pause is what a relay makes us do that takes no email for now, whoever it is for:
// one email at a time tries, after a second at first and each minute at last, and
// nobody else bothers it. It ends when the relay takes one.
type pause struct {
	log     *zap.Logger
	trouble *throughput.Trouble // what all replicas know; nil: only this process does

	mu       sync.Mutex
	unshared bool // only this process knows of it
	telling  int  // under way: what Redis says is older
	changes  int  // of the pause by this process
	level    int  // refusals in a row; 0: there is no pause
	until    time.Time
	trying   bool  // one email is
	why      error // the last refusal
	us       bool  // it refuses us as a sender
	tried    map[string]bool
	domain   string // of the last that tried
	kept     string // for whom the next try is kept, if it is
	asked    time.Time
}

// ready returns why an email would not be tried now; nil if it would. During a pause the
// next try is kept for it for a while: else all that wait would find that they may, and
// get ready for it.
func (p *pause) ready(rcpt string, urgent bool) *Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.level == 0 {
		return nil
	}
	if !p.free(rcpt, urgent) {
		return p.says()
	}
	p.kept, p.asked = rcpt, time.Now()
	return nil
}

// free reports whether an email may be the one that tries, during a pause; the lock is
// held. Without a recipient it is any email.
func (p *pause) free(rcpt string, urgent bool) bool {
	waited := time.Since(p.until)
	switch {
	case p.trying, waited < 0:
		return false
	case p.kept != "" && p.kept != rcpt && time.Since(p.asked) < keeps:
		return false
	}
	return !p.us || rcpt == "" || waited >= p.patience(rcpt, urgent)
}

// enter reports whether an email may be tried. During a pause it is either the one
// that tries, and says so with met, or it fails as the last one did.
func (p *pause) enter(m *Message) (tries bool, f *Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.level == 0 {
		return false, nil
	}
	var rcpt string
	var urgent bool
	if m != nil {
		rcpt, urgent = m.rcpt, m.urgent
	}
	if !p.free(rcpt, urgent) {
		return false, p.says()
	}
	p.trying, p.kept = true, ""
	if m != nil {
		p.domain = domainOf(rcpt)
		p.tried[strings.ToLower(rcpt)] = true
	}
	return true, nil
}

// patience is for how long an email leaves the try to others. What refuses us may be
// about a recipient or a domain after all: so others are tried next, and before all
// emails that a customer waits for.
func (p *pause) patience(rcpt string, urgent bool) (d time.Duration) {
	if !urgent {
		d += turns
	}
	if domainOf(rcpt) == p.domain {
		d += turns
	}
	if p.tried[strings.ToLower(rcpt)] {
		d += turns
	}
	return d
}

// failed begins a pause, or goes on with it. Emails that were under way when it began
// do not make it longer.
func (p *pause) failed(f *Failure, us, tried bool) {
	if p.fails(f, us, tried) {
		p.tell(f, us, tried)
	}
}

// longest is how long a pause after a failure is at most.
func longest(f *Failure) time.Duration {
	if f.Code == 0 {
		return longestRefused
	}
	return longestPause
}

func (p *pause) fails(f *Failure, us, tried bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	begins := p.level == 0
	if !begins && !tried {
		return false
	}
	if begins {
		p.tried = map[string]bool{}
	}
	p.changes++
	if p.trouble != nil {
		p.telling++
	}
	p.level++
	pause := min(longest(f), firstPause<<min(p.level-1, 10))
	p.until = now.Add(pause*3/4 + jitter(pause/2))
	p.trying, p.why, p.us = false, f, p.us || us
	if begins {
		p.log.Warn("the relay takes no email for now: one at a time tries", zap.Bool("refuses_us", us), zap.Error(f))
	}
	return true
}

// met ends the pause if the relay has done what is enough for that: accepted an email,
// or, unless it refuses us, answered one.
func (p *pause) met(accepted bool) {
	p.mu.Lock()
	over := p.level > 0 && (!p.us || accepted)
	if over {
		p.end()
		p.changes++
		if p.trouble != nil {
			p.telling++
		}
	}
	p.mu.Unlock()
	if over {
		p.unlearn()
	}
}

// end ends the pause in this process; the lock is held.
func (p *pause) end() {
	p.level, p.trying, p.us, p.tried, p.domain, p.kept, p.unshared = 0, false, false, nil, "", "", false
	p.log.Info("the relay takes email again")
}

// left is for the email that tried, and did not find out.
func (p *pause) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trying = false
}

// on returns why nothing is sent during a pause, and nil outside one.
func (p *pause) on() *Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.level == 0 {
		return nil
	}
	return p.says()
}

// waits has this process leave the next try to another one, which is at it.
func (p *pause) waits() *Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Now().Add(firstPause)
	if p.why == nil {
		return &Failure{Phase: PhaseDial, Err: ErrRelayDown}
	}
	return p.says()
}

// says is the failure of an email that was not tried. It is not an answer to it.
func (p *pause) says() *Failure {
	return &Failure{Phase: PhaseDial, Err: &PausedError{p.why}}
}

// A PausedError is why an email was not tried: the relay takes none for now.
type PausedError struct {
	Why error // what it said to the last that was
}

func (e *PausedError) Error() string { return "the relay takes no email for now: " + e.Why.Error() }
func (e *PausedError) Unwrap() error { return e.Why }

func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return strings.ToLower(domain)
}

// jitter returns a random part of d.
func jitter(d time.Duration) time.Duration { return rand.N(max(1, d)) }
