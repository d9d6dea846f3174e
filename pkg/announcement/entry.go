package announcement

import (
	"time"

	"homing/pkg/reason"
)

// An Announcement is one that was sent off, and how far it is. All times but the lease's
// are business times.
type Announcement struct {
	Definition
	Sent      time.Time `json:"sent"`               // when somebody sent it off
	Paused    time.Time `json:"paused,omitzero"`    // since when; the zero time: it is not
	Cancelled time.Time `json:"cancelled,omitzero"` // since when
	Planned   time.Time `json:"planned,omitzero"`   // when all of its touches were on the schedule
	Done      time.Time `json:"done,omitzero"`      // when each had its outcome
	Problem   string    `json:"problem,omitempty"`  // why it cannot be planned at the moment, for people
	Walk      Walk      `json:"walk,omitzero"`      // how far the planning is
	Outcomes  *Outcomes `json:"outcomes,omitempty"` // of all touches, once it is done

	revision uint64 // of its entry
}

// The states of an announcement.
const (
	Scheduled = "scheduled" // its time is far off: whom it goes to is not decided yet
	Planning  = "planning"  // its touches are being put on the schedule
	Sending   = "sending"   // all are on the schedule, or went out
	Held      = "paused"
	Finished  = "done"
	CalledOff = "cancelled"
)

// State returns how far it is, in one word.
func (a *Announcement) State() string {
	switch {
	case !a.Cancelled.IsZero():
		return CalledOff
	case !a.Done.IsZero():
		return Finished
	case !a.Paused.IsZero():
		return Held
	case !a.Planned.IsZero():
		return Sending
	case a.Walk.Customers > 0 || a.Walk.Owner != "":
		return Planning
	}
	return Scheduled
}

// lead is how long before the first recipient's time planning begins: a million take less
// than a few minutes, and whoever joins after that does not get it.
const lead = 2 * time.Hour

// Begins returns when its touches are put on the schedule.
func (a *Announcement) Begins() time.Time {
	if at := a.Earliest(a.Sent).Add(-lead); at.After(a.Sent) {
		return at
	}
	return a.Sent
}

// A Walk is how far the planning of an announcement has come.
type Walk struct {
	Owner string    `json:"owner,omitempty"` // the process that is at it
	Lease time.Time `json:"lease,omitzero"`  // real time until which nobody else takes it up
	Place string    `json:"place,omitempty"` // where it goes on; see projection.Customers.ScanFrom
	Counts
}

// Counts are those of the planning. A customer may be counted twice, if Redis made room for
// more in the middle, and those of a walk that began again are of the last one.
type Counts struct {
	Customers int                   `json:"customers"`          // that were looked at, each person once
	Audience  int                   `json:"audience"`           // of these, whom it is for
	Planned   int                   `json:"planned"`            // of these, for whom there is a touch
	Left      map[reason.Reason]int `json:"left_out,omitempty"` // why there is none for the others
}

// Decided is of how many touches it is decided what becomes of them, while so many are
// pending: about, since one that just moves may be counted twice, or not at all.
func (c *Counts) Decided(scheduled, due int) int { return max(0, c.Planned-scheduled-due) }

// left notes that a customer is left out.
func (c *Counts) left(why reason.Reason) {
	if c.Left == nil {
		c.Left = map[reason.Reason]int{}
	}
	c.Left[why]++
}

// Outcomes are what became of the touches of an announcement, by the claims in the
// customers' records: exactly, and each once.
type Outcomes struct {
	Sent      int                   `json:"sent"`
	Subjects  map[string]int        `json:"subjects,omitempty"`  // of these, by which of several subjects they had
	Uncertain int                   `json:"uncertain,omitempty"` // handed over, and nobody knows whether it left
	UnderWay  int                   `json:"under_way,omitempty"`
	Dropped   map[reason.Reason]int `json:"dropped,omitempty"`
}

// Total is how many touches have an outcome.
func (o *Outcomes) Total() int {
	n := o.Sent + o.Uncertain
	for _, x := range o.Dropped {
		n += x
	}
	return n
}
