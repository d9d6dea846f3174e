package announcement

import (
	"context"
	"sync"
	"time"

	"homing/pkg/reason"
	"homing/pkg/touch"
)

// A Board is what a process knows about the announcements: as much as it knows about what is
// paused, and as lately. See control.Options.Look.
type Board struct {
	entries Entries
	now     func() time.Time // business time

	mu      sync.Mutex
	all     []*Announcement
	named   map[string]*Announcement // nil: nothing was read yet
	changed chan struct{}            // closed when the above changes
}

// NewBoard returns a board that knows of none yet.
func NewBoard(e Entries, now func() time.Time) *Board {
	return &Board{entries: e, now: now, changed: make(chan struct{})}
}

// Read reads what there is.
func (b *Board) Read(ctx context.Context) error {
	all, err := b.entries.All(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	same := len(all) == len(b.all)
	named := make(map[string]*Announcement, len(all))
	for i, a := range all {
		named[key(a.Store, a.ID)] = a
		same = same && a.revision == b.all[i].revision && a.ID == b.all[i].ID
	}
	b.all, b.named = all, named
	if !same {
		close(b.changed)
		b.changed = make(chan struct{})
	}
	return nil
}

// All returns the announcements there are. They are not to be changed.
func (b *Board) All() []*Announcement {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// Changed returns a channel that is closed at the next change.
func (b *Board) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// How long what is paused is set aside: the longer nobody resumed it, the less often it is
// looked at.
const (
	asideAtFirst = time.Minute
	asideAtMost  = 15 * time.Minute
)

// Of says what people decided about the announcement of a touch: it is a touch.Occasions. A
// touch of which there is no announcement waits. Its entry was lost with the bucket, and
// nobody can say any more that it is not called off.
func (b *Board) Of(t touch.Touch) touch.Verdict {
	if t.Worker != Worker {
		return touch.Verdict{}
	}
	b.mu.Lock()
	a, read := b.named[key(t.Customer.Store, t.Occasion)], b.named != nil
	b.mu.Unlock()
	if !read {
		return touch.HoldUntil(b.now().Add(time.Second), reason.Paused, "the announcements are yet to be read")
	}
	return a.verdict(b.now())
}

// verdict is what people decided about an announcement; nil: nothing is known about it.
func (a *Announcement) verdict(now time.Time) touch.Verdict {
	switch {
	case a == nil:
		return touch.HoldUntil(now.Add(asideAtMost), reason.Paused, "nothing is known about the announcement any more")
	case !a.Cancelled.IsZero():
		return touch.DropFor(reason.CalledOff, "the announcement was cancelled")
	case !a.Paused.IsZero():
		return touch.HoldUntil(now.Add(min(max(now.Sub(a.Paused), asideAtFirst), asideAtMost)), reason.Paused, "the announcement is paused")
	}
	return touch.Verdict{}
}

// Occasions returns what people decided, by announcements that were read.
func Occasions(all []*Announcement, now func() time.Time) touch.Occasions {
	b := &Board{now: now, named: map[string]*Announcement{}}
	for _, a := range all {
		b.named[key(a.Store, a.ID)] = a
	}
	return b.Of
}
