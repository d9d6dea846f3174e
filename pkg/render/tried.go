package render

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// tried are the emails, each in one language, that were tried out and have no fault. Trying
// out takes nearly all the time of loading, and most of what is loaded again is as it was:
// one file of many was edited, or a store has one of its own. Those that come with Homing
// were tried out by its tests, so that a process which starts with them is ready at once.
var tried = soundEmails{known: shippedEmails()}

//go:generate go test -run ^TestTheEmailsThatComeWithHomingAreTriedOut$ . -update

//go:embed shipped.txt
var shippedList string

// shippedEmails reads the list of the emails that come with Homing.
func shippedEmails() map[makings]struct{} {
	known := map[makings]struct{}{}
	for line := range strings.Lines(shippedList) {
		if b, err := hex.DecodeString(strings.TrimSpace(line)); err == nil && len(b) == len(makings{}) {
			known[makings(b)] = struct{}{}
		}
	}
	return known
}

// mostTried bounds what is remembered; an email in a language takes some 100 bytes.
const mostTried = 20_000

// soundEmails are remembered by all that they are made of.
type soundEmails struct {
	mu    sync.Mutex
	known map[makings]struct{}
}

// makings is a digest of all that an email in one language is made of.
type makings [sha256.Size]byte

func (s *soundEmails) has(m makings) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, is := s.known[m]
	return is
}

func (s *soundEmails) add(m makings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostTried {
		s.known = map[makings]struct{}{}
	}
	s.known[m] = struct{}{}
}

// tryOnce is lintMail of what was not found to be sound before.
func (d *directory) tryOnce(m *mail, more bool) {
	of := makingsOf(m, more)
	if tried.has(of) {
		return
	}
	before := d.ps.found
	if lintMail(m, m.files, m.ref, more, d.ps); d.ps.found == before {
		tried.add(of)
	}
}

// makingsOf digests what lintMail depends on. The text of a file has its phrases in it, and
// that of the layout its styles.
func makingsOf(m *mail, more bool) (out makings) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %t %t %+v\n", m.name, m.lang.String(), m.meta.Class, m.elsewhere, more, m.shows)
	for _, part := range []map[string]*file{m.files, m.plain} {
		for _, name := range slices.Sorted(maps.Keys(part)) {
			if f := part[name]; f != nil {
				fmt.Fprintf(h, "%q %q %d %d\n%s\n", name, f.path, f.above, len(f.text), f.text)
			}
		}
	}
	for i := range m.samples { // as they are written, and in which language and arms of the subject they were put
		s := &m.samples[i]
		fmt.Fprintf(h, "%q %q %q\n", s.Name, s.Data.Store.Locale+" "+s.Data.Customer.Locale, s.Data.SubjectArm)
	}
	fmt.Fprintf(h, "%s\n%+v", m.written, m.survey)
	h.Sum(out[:0])
	return out
}
