package customer

import (
	"cmp"
	"slices"
	"time"

	"homing/events"
)

// NoteKind says what a Note remembers.
type NoteKind uint8

// The kinds of notes, each with what it is about. They are stored by number:
// new ones are added at the end.
const (
	Abandoned       NoteKind = iota + 1 // a cart was left; its id
	Lapsed                              // the customer stayed away; when they last ordered, ms, as the shop says
	Answered                            // a question in an email was answered; the question
	Reviewed                            // a product was reviewed; its id
	ComplaintOpened                     // the order; empty: in general
	ComplaintClosed                     // the order; empty: in general
	Bounced                             // of an address: email to it came back; nothing
	Complained                          // of an address: email to it was reported as spam; nothing
	Yielded                             // an email let one of a higher priority go first; its touch
	Doubted                             // of an address: email to it was refused, and not for certain because it does not exist; nothing
	Agreed                              // to marketing email, at a time of their own; nothing
	Birthday                            // it was told; the year
	JoinedRewards                       // they asked to take part in the rewards programme; nothing
	Disliked                            // a product was reviewed with few stars; its id
	Praised                             // a product was reviewed with all stars; its id
	Quotable                            // a product was reviewed with a text that others may be shown; its id
	Withdrawn                           // a review of a product was taken back; its id
)

// Note remembers that something happened, and when. Notes are a set, in which no
// note replaces another: they need no place.
type Note struct {
	Kind  NoteKind
	About uint64 // About of what the note is about
	At    int64  // ms
}

// Time returns when it happened.
func (n Note) Time() time.Time { return time.UnixMilli(n.At).UTC() }

// About returns what a thing is known by in a note: a short hash of its id; 0 of
// the empty id.
func About(id string) uint64 {
	if id == "" {
		return 0
	}
	return hash48(id)
}

// Noted returns the notes of one kind about one thing, newest first.
func (c *Customer) Noted(k NoteKind, id string) []Note {
	var out []Note
	for _, n := range c.Notes {
		if n.Kind == k && n.About == About(id) {
			out = append(out, n)
		}
	}
	return out
}

// LastNoted returns when something of that kind last happened, whatever it was
// about; the zero time if never.
func (c *Customer) LastNoted(k NoteKind) time.Time {
	for _, n := range c.Notes {
		if n.Kind == k {
			return n.Time()
		}
	}
	return time.Time{}
}

// KeptSince returns from when on every note of a kind is kept: older ones may be
// forgotten. The zero time: none is.
func (c *Customer) KeptSince(k NoteKind) time.Time {
	n, oldest := 0, time.Time{}
	for _, x := range c.Notes {
		if x.Kind == k {
			n, oldest = n+1, x.Time()
		}
	}
	if n < MaxNotes {
		return time.Time{}
	}
	return oldest
}

// ComplaintOpen reports whether a complaint about the order, or one in general,
// is open. Opened and closed at the same instant is open.
func (c *Customer) ComplaintOpen(order string) bool {
	for _, about := range []string{order, ""} {
		opened, closed := c.Noted(ComplaintOpened, about), c.Noted(ComplaintClosed, about)
		if len(opened) > 0 && (len(closed) == 0 || closed[0].At <= opened[0].At) {
			return true
		}
	}
	return false
}

// Complains reports whether any complaint of theirs is open, whatever it is about.
func (c *Customer) Complains() bool {
	closed := map[uint64]int64{}
	for _, n := range c.Notes {
		if n.Kind == ComplaintClosed {
			closed[n.About] = max(closed[n.About], n.At)
		}
	}
	return slices.ContainsFunc(c.Notes, func(n Note) bool { return n.Kind == ComplaintOpened && n.At >= closed[n.About] })
}

// Asleep reports whether the customer was sent a last email and showed no sign of
// life since: no order, no answer.
func (c *Customer) Asleep() bool {
	return c.Sunset != 0 && c.LastOrderAt().UnixMilli() <= c.Sunset && c.LastNoted(Answered).UnixMilli() <= c.Sunset
}

// fewStars is the highest rating of a review, 1 to 5, that says that somebody disliked it.
const fewStars = 2

// Dislikes reports whether the customer's last review of a product had few stars.
func (c *Customer) Dislikes(product string) bool {
	bad := c.Noted(Disliked, product)
	if len(bad) == 0 {
		return false
	}
	all := c.Noted(Reviewed, product)
	return len(all) == 0 || bad[0].At >= all[0].At
}

func (c *Customer) reviewed(d *events.ReviewSubmitted, s Stamp) bool {
	changed := c.note(Reviewed, d.Review.ProductID, s)
	if r := d.Review.Rating; r > 0 && r <= fewStars {
		changed = c.note(Disliked, d.Review.ProductID, s) || changed
	} else if r == events.BestRating {
		changed = c.note(Praised, d.Review.ProductID, s) || changed
	}
	if d.Review.QuoteConsent && d.Review.Text != "" {
		changed = c.note(Quotable, d.Review.ProductID, s) || changed
	}
	return changed
}

// MayQuote reports whether the customer's review of a product of a time, ms, may be shown to
// others: they agreed to that, it is their last one, and it was not taken back. Where so much
// was reviewed since that it cannot be told, it may not.
func (c *Customer) MayQuote(product string, at int64) bool {
	agreed, all, back := c.Noted(Quotable, product), c.Noted(Reviewed, product), c.Noted(Withdrawn, product)
	return len(agreed) > 0 && agreed[0].At == at && len(all) > 0 && all[0].At == at &&
		(len(back) == 0 || back[0].At < at) && c.KeptSince(Withdrawn).UnixMilli() <= at
}

func (c *Customer) note(k NoteKind, about string, s Stamp) bool {
	return c.remember(Note{Kind: k, About: About(about), At: s.At})
}

// remember adds a note; of each kind the newest stay.
func (c *Customer) remember(n Note) bool {
	i, found := slices.BinarySearchFunc(c.Notes, n, compareNotes)
	if found {
		return false
	}
	before := 0 // newer ones of the kind
	for _, o := range c.Notes[:i] {
		if o.Kind == n.Kind {
			before++
		}
	}
	if before >= MaxNotes {
		return false
	}
	c.Notes = slices.Insert(c.Notes, i, n)
	oldest, of := 0, 0
	for j, o := range c.Notes {
		if o.Kind == n.Kind {
			oldest, of = j, of+1
		}
	}
	if of > MaxNotes {
		c.Notes = slices.Delete(c.Notes, oldest, oldest+1)
	}
	return true
}

// compareNotes sorts by kind, then the newest first.
func compareNotes(a, b Note) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(b.At, a.At), cmp.Compare(a.About, b.About))
}

func (c *Customer) sunset(at int64) bool {
	if at <= c.Sunset {
		return false
	}
	c.Sunset = at
	return true
}
