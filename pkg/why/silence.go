package why

import (
	"slices"
	"strings"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/touch"
	"homing/workers"
)

// Silence is why a worker has nothing to come for the customer.
type Silence struct {
	Worker string         `json:"worker"`
	Status workers.Status `json:"status"`
	// Reason is off; a reason of docs/reasons.md that the worker gives; or what a
	// dry plan says about the last event that the worker acts on: done (its emails
	// have their outcome), late (they are no longer worth sending), unplanned (they
	// should be on the schedule, and are not), nothing (it leads to no email),
	// no_event (there is none).
	Reason  string   `json:"reason"`
	Text    string   `json:"text"`
	Blocked *Verdict `json:"blocked,omitempty"` // and nothing of it would be sent to them now
}

// IsOff reports whether the worker is switched off.
func (s Silence) IsOff() bool { return s.Reason == silentOff }

// The reasons of a silence that no touch has.
const (
	silentOff       = "off"
	silentDone      = "done"
	silentLate      = "late"
	silentUnplanned = "unplanned"
	silentNothing   = "nothing"
	silentNoEvent   = "no_event"
)

func (t *teller) silence(w *programme.Worker) Silence {
	out := Silence{Worker: w.Name, Status: w.Settings.Status}
	out.Reason, out.Text = t.reason(w)
	if steps := w.Steps; len(steps) > 0 && out.Reason != silentOff {
		if v := t.mayMail(w, out.Worker, steps[0].Class); v.Action != "send" {
			out.Blocked = &v
		}
	}
	return out
}

func (t *teller) reason(w *programme.Worker) (reason, text string) {
	if w.Settings.Status == workers.Off {
		return silentOff, "it is switched off"
	}
	if w.ByHand {
		return silentNoEvent, "people send its emails (homing announce), and none is pending for them"
	}
	in := t.who.Input(t.Now)
	in.Key = t.Key
	if w.Silence != nil {
		if why, detail := w.Silence(in); why != "" {
			return string(why), detail
		}
	}
	var first *events.Event
	for _, e := range slices.Backward(t.Entries) {
		if !w.Concerned(e.Event) {
			continue
		}
		if first == nil {
			first = &e.Event
		}
		in.Event, in.Key = e.Event, e.Key
		if reason, text := t.dryPlan(w, in); reason != "" {
			return reason, "after \"" + t.happened(e.Event) + "\" of " + t.at(e.Event.Time) + ": " + text
		}
	}
	if first != nil && first.Historical && !w.Ahead {
		return silentNothing, "\"" + t.happened(*first) + "\" of " + t.at(first.Time) + " came by an import, which leads to no email about what it tells"
	}
	if first != nil {
		return silentNothing, "\"" + t.happened(*first) + "\" of " + t.at(first.Time) + " leads to no email, or no longer does"
	}
	var names []string
	for _, x := range w.Triggers {
		names = append(names, string(x))
	}
	text = "nothing happened that it acts on (" + strings.Join(names, ", ") + ")"
	if t.Older {
		text += ", as far back as the timeline was read"
	}
	return silentNoEvent, text
}

// dryPlan asks what an event leads to, and says what became of it; "" if it leads
// to nothing.
func (t *teller) dryPlan(w *programme.Worker, in workers.Input) (reason, text string) {
	var told []string
	for _, x := range w.Touches(in) {
		x.Customer = in.Key
		why, words := t.fate(w, x)
		if why == "" {
			continue
		}
		if reason == "" || why == silentUnplanned {
			reason = why
		}
		told = append(told, x.Step+" "+words)
	}
	return reason, strings.Join(told, "; ")
}

// fate says what became of a touch that a plan names and that is not pending.
func (t *teller) fate(w *programme.Worker, x touch.Touch) (reason, words string) {
	k, claimed := x.ClaimIn(&t.Person.Customer)
	step, _ := w.Step(x)
	switch end := x.Due.Add(step.Expires); {
	case claimed && k.State == customer.Open:
		return silentDone, "is under way"
	case claimed && k.State == customer.Sent:
		return silentDone, "was sent " + t.at(ms(k.At))
	case claimed && k.State == customer.Uncertain:
		return silentDone, "may have been sent " + t.at(ms(k.At)) + " (uncertain)"
	case claimed:
		return silentDone, "was dropped " + t.at(ms(k.At)) + ": " + k.Why
	case x.Snapshot == nil:
		return "", "" // it only moves what is pending
	case t.Now.After(end):
		return silentLate, "was due " + t.at(x.Due) + ", and worth sending until " + t.at(end)
	}
	return silentUnplanned, "is due " + t.at(x.Due) + ", and is not on the schedule: the planner has not reached it yet, or the worker was off when " +
		"it happened; `homing replan " + w.Name + "` plans it"
}
