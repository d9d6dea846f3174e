package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/demoshop"
)

// demo is a shop for tea and coffee, and one day in it.
type demo struct {
	store  config.Store
	run    string // tells the orders of this start from those of earlier ones
	scenes []scene
}

// scene is one event of the demo.
type scene struct {
	id   string
	at   time.Duration // after the shop opens; negative is before that day
	data events.Data
}

const (
	// opens is when the demo's day begins, as a time of day.
	opens = 7*time.Hour + 30*time.Minute
	// squeeze is how much shorter the day is that lies in the past already.
	squeeze = 25
	// ago is how long its last event is over, so that all emails are due.
	ago = 31 * time.Minute
	// beat is the pause between events, so that you see the emails arrive.
	beat = 150 * time.Millisecond
)

// playDemo publishes the demo: along the clock when it runs fast, else as a day
// that has just passed.
func (p *program) playDemo(ctx context.Context, js jetstream.JetStream, r devRun) error {
	now := r.scale.Now()
	d := newDemo(r.config.Stores[demoStore(r.config)], fmt.Sprintf("%05d", time.Now().Unix()%100_000))
	last := d.scenes[len(d.scenes)-1].at
	fast := r.scale.Speed > 1
	when := func(s scene) time.Time { return now.Add(s.at) }
	took := time.Until(r.scale.Real(now.Add(last + ago)))
	if !fast {
		// A cancellation that comes first is as good as one that comes in time.
		slices.SortStableFunc(d.scenes, func(a, b scene) int { return rank(a) - rank(b) })
		when = func(s scene) time.Time {
			if s.at < 0 {
				return now.Add(s.at)
			}
			return now.Add(-ago - (last-s.at)/squeeze)
		}
		took = time.Duration(len(d.scenes)) * beat
	}
	if !p.asJSON() {
		fmt.Fprintf(p.out, "\nDemo: a day of a shop, %s in %v. Its emails arrive in the inbox.\n", plural(len(d.scenes), "event"), took.Round(time.Second))
	}
	for _, s := range d.scenes {
		at := when(s)
		wait := beat
		if fast {
			wait = time.Until(r.scale.Real(at))
		}
		if err := d.play(ctx, js, s, r.scale.Real(at), wait); err != nil {
			return err
		}
	}
	return nil
}

// demoStore is the store of the demo: the configuration's, or the first of several.
func demoStore(c *config.Config) string {
	if id, err := storeOf(c, ""); err == nil {
		return id
	}
	return slices.Sorted(storeIDs(c))[0]
}

// play publishes a scene, as of a real time, when it has waited.
func (d *demo) play(ctx context.Context, js jetstream.JetStream, s scene, at time.Time, wait time.Duration) error {
	if wait > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
	e := events.Event{ID: s.id, Source: "/stores/" + d.store.ID + "/demo", Type: s.data.Type(), Store: d.store.ID, Time: at.UTC().Truncate(time.Millisecond), Data: s.data}
	body, err := events.Encode(e)
	if err == nil {
		_, err = publish(ctx, js, events.Subject(e.Store, e.Type), events.MessageID(e), body)
	}
	return err
}

// rank sorts the past first, then what undoes an order, then the orders.
func rank(s scene) int {
	switch {
	case s.at < 0:
		return 0
	case s.data.Type() == events.TypeOrderPlaced:
		return 2
	}
	return 1
}

func storeIDs(c *config.Config) func(func(string) bool) {
	return func(yield func(string) bool) {
		for id := range c.Stores {
			if !yield(id) {
				return
			}
		}
	}
}

func newDemo(store config.Store, run string) *demo {
	d := &demo{store: store, run: run}
	d.past()
	d.morning()
	d.afternoon()
	for i := range d.scenes {
		d.scenes[i].id = fmt.Sprintf("demo-%s-%d", run, i+1)
	}
	return d
}

// The people of the demo.
var (
	ann  = events.Customer{ID: "demo-ann", Email: "ann@example.com", FirstName: "Ann", LastName: "Fletcher", TimeZone: "Europe/London"}
	bram = events.Customer{ID: "demo-bram", Email: "bram@example.com", FirstName: "Bram", LastName: "de Wit", TimeZone: "Europe/Amsterdam"}
	cleo = events.Customer{ID: "demo-cleo", Email: "cleo@example.com", FirstName: "Cleo", LastName: "Okafor", Birthday: "--06-14"}
	dana = events.Customer{ID: "demo-dana", Email: "dana@example.com", FirstName: "دانة", LastName: "الحربي"}
	eddy = events.Customer{ID: "demo-eddy", Email: "eddy@example.com", FirstName: "Eddy"}
	fern = events.Customer{ID: "demo-fern", Email: "fern@example.com", FirstName: "Fern", LastName: "Asante"}
	gwen = events.Customer{Email: "gwen@example.com", FirstName: "Gwen"} // a guest
	hana = events.Customer{ID: "demo-hana", Email: "hana@example.com", FirstName: "花", LastName: "山本"}
	ivo  = events.Customer{ID: "demo-ivo", Email: "ivo@example.com", FirstName: "Ivo", LastName: "Brandt"}
	otto = events.Customer{ID: "demo-otto", Email: "otto@example.com", FirstName: "Otto", Consent: &events.Consent{Email: events.Subscribed}}
	pia  = events.Customer{ID: "demo-pia", Email: "pia@example.com", FirstName: "Pia", LastName: "Lindqvist"}
	quin = events.Customer{ID: "demo-quin", Email: "quin@example.com", FirstName: "Quin", Consent: &events.Consent{Email: events.Subscribed}}
	zoe  = events.Customer{ID: "demo-zoe", Email: "zoe@example.com", FirstName: "Zoë", LastName: "Łukasiewicz-O’Brien"}
)

// pick takes items from the shelf: "assam", or "espresso 2".
func (d *demo) pick(what ...string) (items []events.Item, total events.Money) {
	for _, w := range what {
		name, quantity := w, 1
		if _, err := fmt.Sscanf(w, "%s %d", &name, &quantity); err != nil {
			name, quantity = w, 1
		}
		items = append(items, demoshop.Item(d.store, name, quantity))
	}
	total = demoshop.Total(items)
	return items, total
}

// at adds an event at a time of day, "11:15".
func (d *demo) at(clock string, data events.Data) {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err) // the times are in this file
	}
	d.scenes = append(d.scenes, scene{at: time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute - opens, data: data})
}

func (d *demo) order(who events.Customer, id string, what ...string) *events.OrderPlaced {
	items, total := d.pick(what...)
	return &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, Items: items, Total: total}}
}

func (d *demo) cart(who events.Customer, what ...string) events.Cart {
	items, total := d.pick(what...)
	return events.Cart{ID: who.ID + "-" + d.run, URL: strings.TrimSuffix(d.store.URL, "/") + "/cart", Items: items, Total: total}
}
