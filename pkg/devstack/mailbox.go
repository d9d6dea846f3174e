package devstack

import (
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An email is one message as it came in. It is parsed only when somebody looks at
// it: thousands arrive a second, few are read.
type mail struct {
	seq      uint64
	received time.Time
	from     string   // of the envelope
	to       []string // of the envelope
	raw      []byte

	brief atomic.Pointer[Brief] // made once, on the first look
}

func (m *mail) id() string { return strconv.FormatUint(m.seq, 10) }

// sentTo reports whether the envelope names address as a recipient.
func (m *mail) sentTo(address string) bool {
	return slices.ContainsFunc(m.to, func(to string) bool { return strings.EqualFold(to, address) })
}

// state is what a page needs to know in order to decide whether to ask for more.
type state struct {
	Instance string `json:"instance"` // changes when ids start again
	Total    int    `json:"total"`
	Newest   uint64 `json:"newest"`
	Removals uint64 `json:"removals"` // how often somebody deleted something
}

// mailbox keeps the newest emails in memory, bounded by number and by bytes.
type mailbox struct {
	instance string
	keep     int
	maxBytes int64

	mu       sync.Mutex
	mails    []*mail // oldest first
	bytes    int64
	seq      uint64
	arrived  int // since the start or the last clear, those dropped included
	removals uint64
	watchers map[chan struct{}]struct{}
}

func newMailbox(keep int, maxBytes int64) *mailbox {
	return &mailbox{instance: rand.Text(), keep: keep, maxBytes: maxBytes, watchers: map[chan struct{}]struct{}{}}
}

// add stores m and drops the oldest ones that no longer fit; the newest stays
// whatever its size.
func (b *mailbox) add(m *mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	b.arrived++
	m.seq = b.seq
	b.mails = append(b.mails, m)
	b.bytes += int64(len(m.raw))
	for len(b.mails) > 1 && (len(b.mails) > b.keep || b.bytes > b.maxBytes) {
		b.bytes -= int64(len(b.mails[0].raw))
		b.mails[0] = nil // the slice below keeps the array alive
		b.mails = b.mails[1:]
	}
	b.notify()
}

// newest returns the emails newest first.
func (b *mailbox) newest() []*mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.mails)
	slices.Reverse(all)
	return all
}

func (b *mailbox) find(seq uint64) (*mail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.index(seq)
	if !ok {
		return nil, false
	}
	return b.mails[i], true
}

func (b *mailbox) index(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(b.mails, seq, func(m *mail, s uint64) int {
		switch {
		case m.seq < s:
			return -1
		case m.seq > s:
			return 1
		}
		return 0
	})
}

func (b *mailbox) remove(seq uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.index(seq)
	if !ok {
		return false
	}
	b.bytes -= int64(len(b.mails[i].raw))
	b.mails = slices.Delete(b.mails, i, i+1)
	b.removals++
	b.notify()
	return true
}

// clear forgets everything but the ids: a link to an old email must not lead to
// another one.
func (b *mailbox) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails, b.bytes, b.arrived = nil, 0, 0
	b.removals++
	b.notify()
}

func (b *mailbox) state() state {
	b.mu.Lock()
	defer b.mu.Unlock()
	return state{Instance: b.instance, Total: len(b.mails), Newest: b.seq, Removals: b.removals}
}

func (b *mailbox) arrivals() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.arrived
}

// watch returns a channel that holds a token whenever something has changed
// since it was last read; many changes make one token.
func (b *mailbox) watch() (changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[ch] = struct{}{}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, ch)
	}
}

// notify wakes the watchers; the lock is held.
func (b *mailbox) notify() {
	for ch := range b.watchers {
		select {
		case ch <- struct{}{}:
		default: // it has not looked yet: one token says it all
		}
	}
}
