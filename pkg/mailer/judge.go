package mailer

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// lasting is for how long a domain is not found before that counts as a verdict.
const lasting = 24 * time.Hour

// judge tells what an answer means by what the relay said before, and what follows for
// the relay's other emails.
func (c *Conn) judge(out *Outcome, m *Message) {
	r := c.relay
	f, _ := out.Err.(*Failure)
	answered := out.Phase > PhaseMail && out.Code != 0
	switch {
	case out.State == Accepted:
		r.standing.took(m.rcpt)
		r.pause.met(true)
		r.pause.took()
	case out.State != NotSent || f == nil || c.surplus != nil:
		// Nobody knows, or it was a connection too many.
	case out.Phase <= PhaseMail && out.Code/100 != 5:
		c.failed(f)
	case out.open():
		decided, us := r.standing.refuses(m.rcpt)
		switch {
		case us && !decided:
			out.Barred = true
			r.pause.failed(f, true, c.tries)
			c.tries = false
		case !decided && out.Meaning() != MeansSenderAtFault: // that is nobody's verdict
			out.Undecided = true
		}
	case out.short():
		if r.standing.lacks(m.rcpt) {
			out.Barred, answered = true, false
			r.pause.failed(f, false, c.tries)
			c.tries = false
		}
	case out.Enhanced == noDomain:
		decided, since := r.standing.waits(m.rcpt)
		out.Lasts = decided && time.Since(since) >= lasting
	}
	if answered {
		r.pause.met(false)
	}
}

// short reports whether a relay lacks something for now, and leaves open whether it is
// the relay or the recipient who lacks it: 421 or 452 to RCPT, unless a mailbox is named.
func (o Outcome) short() bool {
	if o.Phase != PhaseRcpt || o.Code != 421 && o.Code != 452 || strings.HasPrefix(o.Enhanced, "4.2.") {
		return false
	}
	words := strings.ToLower(cmp.Or(o.said, o.Reply))
	return !slices.ContainsFunc([]string{"mailbox", "quota", "over limit", "inbox"}, func(w string) bool { return strings.Contains(words, w) })
}

// open reports whether a refusal leaves open whom it is about.
func (o Outcome) open() bool {
	switch o.Meaning() {
	case MeansRefused, MeansDoubtful, MeansSenderAtFault:
		return true
	}
	return false
}
