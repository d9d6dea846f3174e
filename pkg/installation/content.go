package installation

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/pkg/statistics"
	"homing/pkg/touch"
	"homing/workers"
)

// A Content is what an email to a real customer would show, and what is to be known about
// it, for people.
type Content struct {
	channel.Content
	Note string
	Shop statistics.Shop // what is known of the store's products
	Code bool            // the offer's code is StandsFor: the real one is bound only when the email is sent
}

// StandsFor is the code that is shown where none is bound yet.
const StandsFor = "YOUR-CODE"

// ErrNoOccasion says that nothing of a customer's leads to an email.
var ErrNoOccasion = errors.New("nothing of theirs leads to this email")

// Content returns what the email of a template, "thank-you/thanks", would show the one
// person who answers to something, as Only has it: the one that is planned for them, or
// else what the latest event of theirs leads to that leads to such an email.
func (i *Installation) Content(ctx context.Context, store, who, template string) (Content, error) {
	f, _, err := i.Only(ctx, store, who)
	if err != nil {
		return Content{}, err
	}
	switch {
	case f.Person.Customer.Gone():
		return Content{}, errors.New("they were erased")
	case f.Email != "":
		return Content{}, errors.New("no customer has this address")
	}
	w, step := sends(i.stores[f.Key.Store], template)
	if w == nil {
		return Content{}, fmt.Errorf("no worker of the store %s sends this email", f.Key.Store)
	}
	out, err := i.planned(ctx, f, w, step)
	if errors.Is(err, ErrNoOccasion) && w.ByHand {
		t := touch.Touch{Worker: w.Name, Step: step.Name, Customer: f.Key, Occasion: "preview", Snapshot: &touch.Snapshot{}}
		out = i.compose(f, w, step, t, workers.Input{Customer: &f.Person.Customer, Zone: i.stores[f.Key.Store].Zone, Now: i.o.Scale.Now()}, nil)
		out.Note = "Not planned for them now. This is what they would see if it were announced."
		return out, nil
	}
	if errors.Is(err, ErrNoOccasion) {
		return i.occasioned(ctx, f, w, step)
	}
	return out, err
}

// sends returns the worker and the step that send the email of a template; nil: none.
func sends(s *programme.Store, template string) (*programme.Worker, touch.Step) {
	for _, w := range s.Workers {
		if folder, name := path.Split(template); w.ByHand && folder == w.Name+"/" {
			step, _ := w.Step(touch.Touch{Step: name})
			return w, step
		}
		for _, step := range w.Steps {
			if step.Template == template {
				return w, step
			}
		}
	}
	return nil, touch.Step{}
}

// planned is the first such email that is planned for a person.
func (i *Installation) planned(ctx context.Context, f Found, w *programme.Worker, step touch.Step) (Content, error) {
	waiting, err := i.Pending(ctx, f.keys()...)
	if err != nil {
		return Content{}, err
	}
	for _, x := range waiting {
		t := x.Touch
		if t.Worker != w.Name || t.Step != step.Name || t.Snapshot == nil {
			continue
		}
		known, _ := i.known(ctx, f.Key.Store) // without them it is shown as well
		products := known.Of(f.Key.Store)
		base := programme.Person{Store: i.stores[f.Key.Store], Products: products, Address: func(email string) string { return i.identity.Address(f.Key.Store, email) }}
		judged, err := i.judged(ctx, base, []schedule.PendingTouch{x})
		if err != nil {
			return Content{}, err
		}
		p, now := judged[t.ID()], i.o.Scale.Now()
		at := t.Wake
		if at.Before(now) {
			at = now
		}
		out := i.compose(f, w, step, t, p.Input(at), waiting)
		out.Shop = known.Shop(f.Key.Store)
		out.Note = "Planned for " + day(t.Wake, p.Customer.Location(base.Store.Zone)) + ", and shown as it would be sent now."
		if v := gate.Judge(p.Case(w, t, at)); v.Action == touch.Drop {
			out.Note += fmt.Sprintf(" As things are, it would not be sent (%s).", v.Reason)
		}
		return out, nil
	}
	return Content{}, ErrNoOccasion
}

// occasioned is such an email as the latest event leads to that leads to one, although it
// is not planned: it was sent, or is not wanted any more.
func (i *Installation) occasioned(ctx context.Context, f Found, w *programme.Worker, step touch.Step) (Content, error) {
	entries, _, err := i.Entries(ctx, f, false)
	if err != nil {
		return Content{}, err
	}
	known, _ := i.known(ctx, f.Key.Store) // without them it is shown as well
	products := known.Of(f.Key.Store)
	zone := i.stores[f.Key.Store].Zone
	for _, e := range slices.Backward(entries) {
		if !w.Concerned(e.Event) {
			continue
		}
		in := workers.Input{Event: e.Event, Key: e.Key, Customer: &f.Person.Customer, Products: products, Zone: zone, Now: e.Event.Time}
		for _, t := range w.Plan(in) {
			if t.Step != step.Name || t.Snapshot == nil {
				continue
			}
			t.Customer, t.Caused = e.Key, e.Event.Time
			t.Snapshot = schedule.Addressed(t.Snapshot, e.Event, false)
			in.Event, in.Now = events.Event{}, i.o.Scale.Now()
			out := i.compose(f, w, step, t, in, nil)
			out.Shop = known.Shop(f.Key.Store)
			out.Note = fmt.Sprintf("Not planned for them now. This is what they would see because of %s of %s.", e.Event.Type, day(e.Event.Time, in.Location()))
			return out, nil
		}
	}
	return Content{}, ErrNoOccasion
}

func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2 January 2006, 15:04") }

// compose asks the worker for its wording, and greets as delivery does.
func (i *Installation) compose(f Found, w *programme.Worker, step touch.Step, t touch.Touch, in workers.Input, waiting []schedule.PendingTouch) Content {
	for _, g := range w.Gathers(t, in) {
		for _, x := range waiting {
			if x.Touch.ID() == g.ID() && x.Touch.Snapshot != nil {
				in.Gathered = append(in.Gathered, x.Touch)
			}
		}
	}
	person := f.Person.Customer
	own := person
	for _, r := range f.Person.Members {
		if r.Key == t.Customer {
			own = r.Customer
		}
	}
	out := Content{Content: channel.Content{ID: t.ID(), Touch: t, Step: step, Customer: &person, Shared: in.Gathered, Now: in.Now,
		To: channel.Recipient{Record: t.Customer}, Wording: w.Compose(t, in)}}
	out.To.FirstName, out.To.LastName = t.Names(&own, &person)
	if terms := out.Wording.Offer; terms != nil {
		o, bound := person.OfferOf(t.ClaimKey())
		if !bound {
			o = customer.Offer{Code: StandsFor, Percent: terms.Percent, Amount: terms.Amount}
			if terms.Valid > 0 {
				o.Expires = in.Now.Add(terms.Valid).UnixMilli()
			}
			out.Code = true
		}
		out.Content.Offer = &o
	}
	return out
}
