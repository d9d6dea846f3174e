// Package digest is the email that tells the people of a shop once a week how it went:
// workers.Staff. No event leads to it, and none of its recipients is a customer: it needs no
// consent, takes no place in caps, and counts nowhere. What it says is pkg/digest's.
package digest

import (
	"time"

	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name, and Weekly that of its one email.
const (
	Name   = "digest"
	Weekly = "weekly"
)

// expires is how late it is still worth sending: half a week later the next one is nearer.
const expires = 84 * time.Hour

// Kind is the worker in all stores.
var Kind = workers.Kind{Name: Name, Emails: "the weekly digest", ByHand: true}

// New returns the worker of a store whose digest leaves at a time of the week.
func New(at localtime.WeekTime, zone *time.Location) workers.Worker {
	return workers.Worker{
		Settings: workers.Settings{Status: workers.Live, Class: touch.Staff},
		Steps:    []touch.Step{{Name: Weekly, Template: Name + "/" + Weekly, Class: touch.Staff, Expires: expires}},
		Plan:     func(workers.Input) []touch.Touch { return nil },
		Wanted: func(t touch.Touch, _ workers.Input) touch.Verdict {
			if !at.Is(t.Due, zone) {
				return touch.DropFor(reason.CalledOff, "it was planned for another time than "+at.String())
			}
			return touch.Verdict{}
		},
		Compose: func(touch.Touch, workers.Input) workers.Wording { return workers.Wording{Digest: true} },
	}
}

// Of returns the touch of a recipient whose digest is due at a time.
func Of(t touch.Touch, due time.Time, zone *time.Location) touch.Touch {
	t.Worker, t.Step, t.Occasion = Name, Weekly, localtime.DateOf(due.In(zone)).String()
	t.Due, t.Wake, t.Zone = due, due, zone.String()
	return t
}
