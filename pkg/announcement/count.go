package announcement

import (
	"context"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Scanner walks over the customers of a store; one may come twice.
type Scanner interface {
	Scan(ctx context.Context, store string, fn func([]customer.Record) error) error
}

// Facts are those on the timeline.
type Facts interface {
	// ReadTypesSince calls fn with what was appended since a real time and has a text in it.
	ReadTypesSince(ctx context.Context, store string, of []events.Type, since time.Time, text string, fn func([]customer.Entry) error) error
}

// Count counts what became of the touches of an announcement, by their claims, and which
// subjects were sent, by their facts. It reads all of the store's customers, and needs 8
// bytes for each recipient. seen is told how many customers it has seen, and may be nil.
func Count(ctx context.Context, customers Scanner, facts Facts, a *Announcement, scale clock.Scale, seen func(n int)) (*Outcomes, error) {
	out, err := countClaims(ctx, customers, &a.Definition, seen)
	if err == nil {
		out.Subjects, err = countSubjects(ctx, facts, a, scale.Real(a.Sent))
	}
	return out, err
}

// countSubjects counts the emails of an announcement by their subjects. A claim has no room
// for which of them it was, and a fact may be on the timeline twice. An email whose fact was
// written after a crash is of no subject.
func countSubjects(ctx context.Context, facts Facts, a *Announcement, since time.Time) (map[string]int, error) {
	of := map[string][]uint64{}
	text := `"` + Worker + "." + a.Step() + "."
	err := facts.ReadTypesSince(ctx, a.Store, events.OutcomeTypes(events.ActionSent), since, text, func(batch []customer.Entry) error {
		for _, e := range batch {
			f, ok := e.Event.Data.(events.Fact)
			if !ok {
				continue
			}
			if b := f.Body(); b.Worker == Worker && b.Step == a.Step() && b.Occasion == a.ID && b.SubjectArm != "" {
				of[b.SubjectArm] = append(of[b.SubjectArm], customer.ClaimKey(b.Touch))
			}
		}
		return nil
	})
	if err != nil || len(of) == 0 {
		return nil, err
	}
	out := map[string]int{}
	for subject, touches := range of {
		out[subject] = once(touches)
	}
	return out, nil
}

func countClaims(ctx context.Context, customers Scanner, d *Definition, seen func(n int)) (*Outcomes, error) {
	by := map[customer.ClaimState][]uint64{}
	dropped := map[reason.Reason][]uint64{}
	n := 0
	err := customers.Scan(ctx, d.Store, func(batch []customer.Record) error {
		for i := range batch {
			k := touch.Touch{Worker: Worker, Step: d.Step(), Customer: batch[i].Key, Occasion: d.ID}.ClaimKey()
			c, claimed := batch[i].Customer.Claimed(k)
			switch {
			case !claimed:
			case c.State == customer.Dropped:
				dropped[reason.Reason(c.Why)] = append(dropped[reason.Reason(c.Why)], k)
			default:
				by[c.State] = append(by[c.State], k)
			}
		}
		if n += len(batch); seen != nil {
			seen(n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &Outcomes{Sent: once(by[customer.Sent]), Uncertain: once(by[customer.Uncertain]), UnderWay: once(by[customer.Open])}
	for why, of := range dropped {
		if out.Dropped == nil {
			out.Dropped = map[reason.Reason]int{}
		}
		out.Dropped[why] = once(of)
	}
	return out, nil
}

// once counts numbers, each once: a customer may have come twice.
func once(of []uint64) int {
	slices.Sort(of)
	return len(slices.Compact(of))
}
