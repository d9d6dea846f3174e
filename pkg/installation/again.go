package installation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
)

// Again is an email that went out to a customer, as it would go to them again.
type Again struct {
	Touch   touch.Touch
	Sent    time.Time     // when it went out, last
	Verdict touch.Verdict // of the gate, if it were sent now
	found   Found
}

// ErrNotAgain is wrapped if an email cannot be sent again, and the error says why.
var ErrNotAgain = errors.New("it cannot be sent again")

// press is what tells one press of a button from any other.
var press = regexp.MustCompile(`^[a-z2-7]{26}$`)

// Again returns an email that the one customer who has a token got as a touch, as it would be
// sent again because somebody asks for it. Which one they mean is told by a press: the same
// press is the same touch. Only transactional email is sent again, and only as long as what it
// is about leads to it: it is planned once more from the event that did so.
func (i *Installation) Again(ctx context.Context, store, token, touchID, pressed, by string) (Again, error) {
	if !press.MatchString(pressed) {
		return Again{}, fmt.Errorf("%w: the page that asked is not whole; open it again", ErrNotAgain)
	}
	f, _, err := i.Only(ctx, store, token)
	if err != nil {
		return Again{}, err
	}
	if f.Person.Customer.Gone() {
		return Again{}, fmt.Errorf("%w: they were erased", ErrNotAgain)
	}
	for _, all := range []bool{false, true} { // the latest entries mostly have it
		var entries []customer.Entry
		if entries, _, err = i.Entries(ctx, f, all); err != nil {
			return Again{}, err
		}
		var out Again
		if out, err = i.again(ctx, f, entries, touchID); err == nil {
			out.Touch.Occasion, out.Touch.Again.By = "again-"+pressed, by
			out.Verdict, err = i.judgeOne(ctx, f, out.Touch)
			return out, err
		}
		if !errors.Is(err, ErrNotAgain) {
			return Again{}, err
		}
	}
	return Again{}, err
}

// again is what entries have of an email that went out.
func (i *Installation) again(ctx context.Context, f Found, entries []customer.Entry, touchID string) (Again, error) {
	at := -1
	for n, e := range entries {
		fact, is := e.Event.Data.(events.Fact)
		if a := e.Event.Type.Action(); is && fact.Body().Touch == touchID && (a == events.ActionSent || a == events.ActionUncertain) {
			at = n
		}
	}
	if at < 0 {
		return Again{}, fmt.Errorf("%w: no such email went out to them", ErrNotAgain)
	}
	b := entries[at].Event.Data.(events.Fact).Body()
	w := i.stores[f.Key.Store].Worker(b.Worker)
	if w == nil {
		return Again{}, fmt.Errorf("%w: there is no worker %s any more", ErrNotAgain, b.Worker)
	}
	own := touch.Touch{Worker: b.Worker, Step: b.Step, Customer: f.Key, Occasion: b.Occasion}.Under(b.Customer)
	if b.Again != "" {
		own.Occasion = b.Again
	}
	step, listed := w.Step(own)
	switch {
	case !listed:
		return Again{}, fmt.Errorf("%w: %s has no step %s any more", ErrNotAgain, b.Worker, b.Step)
	case step.Class != touch.Transactional:
		return Again{}, fmt.Errorf("%w: it is marketing, and only transactional email is", ErrNotAgain)
	}
	t, ok, err := i.planAgain(ctx, f, entries, w, own)
	if err == nil && !ok {
		err = fmt.Errorf("%w: what it was about is over, or is not on the timeline any more", ErrNotAgain)
	}
	return Again{Touch: t, Sent: entries[at].Event.Time, found: f}, err
}

// planAgain plans a touch again from the latest event that leads to it.
func (i *Installation) planAgain(ctx context.Context, f Found, entries []customer.Entry, w *programme.Worker, own touch.Touch) (touch.Touch, bool, error) {
	known, _ := i.known(ctx, f.Key.Store) // without them it is planned as well
	for _, e := range slices.Backward(entries) {
		if !w.Concerned(e.Event) {
			continue
		}
		in := workers.Input{Event: e.Event, Key: own.Customer, Customer: &f.Person.Customer, Products: known.Of(f.Key.Store), Zone: i.stores[f.Key.Store].Zone, Now: e.Event.Time}
		for _, t := range w.Touches(in) {
			if t.Step != own.Step || t.Occasion != own.Occasion || t.Snapshot == nil {
				continue
			}
			now := i.o.Scale.Now()
			t.Customer, t.Due, t.Wake, t.Caused, t.Zone = own.Customer, now, now, now, ""
			t.Again = &touch.Again{Occasion: own.Occasion}
			if account := f.Person.Customer.Account(); account != "" {
				t.Address = i.identity.Address(f.Key.Store, account)
			}
			t.Snapshot = schedule.Addressed(t.Snapshot, e.Event, w.OfOrder)
			t, err := schedule.Recall(ctx, i.timeline, w, t, f.Person)
			return t, true, err
		}
	}
	return touch.Touch{}, false, nil
}

// judgeOne asks the gate about a touch of a person as it is now.
func (i *Installation) judgeOne(ctx context.Context, f Found, t touch.Touch) (touch.Verdict, error) {
	store := i.stores[f.Key.Store]
	known, _ := i.known(ctx, store.ID)
	base := programme.Person{Store: store, Products: known.Of(store.ID), Address: func(email string) string { return i.identity.Address(store.ID, email) }}
	judged, err := i.judged(ctx, base, []schedule.PendingTouch{{Touch: t}})
	if err != nil {
		return touch.Verdict{}, err
	}
	return gate.Judge(judged[t.ID()].Case(store.Worker(t.Worker), t, i.o.Scale.Now())), nil
}

// SendAgain puts it on the schedule, from where it goes the way of every email. It reports
// false if that was done before, for the same press.
func (i *Installation) SendAgain(ctx context.Context, a Again) (bool, error) {
	if _, claimed := a.Touch.ClaimIn(&a.found.Person.Customer); claimed {
		return false, nil
	}
	pending, err := i.schedule.Pending(ctx, []touch.Touch{a.Touch})
	if err != nil || len(pending) > 0 {
		return false, err
	}
	return true, i.schedule.Put(ctx, []touch.Touch{a.Touch})
}
