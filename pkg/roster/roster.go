// Package roster tells who came into the audiences that a shop wants to be told of, and who
// left them, as events. Every night it compares who is in each with who was in the night
// before. Who belongs in one is not its business.
package roster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Customers are the customers as they are kept.
type Customers interface {
	// Scan calls fn with all customers of a store, in no order.
	Scan(ctx context.Context, store string, fn func([]customer.Record) error) error
}

// Options are what a Roster works with.
type Options struct {
	JS        jetstream.JetStream
	Customers Customers
	People    customer.People
	// In says which of some audiences a person is in, in their order.
	In      func(store string, who *customer.Customer, audiences []string) ([]bool, error)
	Publish func(ctx context.Context, es []events.Event) error
	Now     func() time.Time // real time, which events have
	Log     *zap.Logger
}

// Source says in events that they are the calendar's, as whose work this is done.
const Source = "/homing/calendar"

// Roster tells of the audiences of stores. Two that tell of one store in one night say the
// same, by the same ids.
type Roster struct{ o Options }

// New returns a Roster.
func New(o Options) *Roster { return &Roster{o} }

// version is that of what is kept.
const version = 1

// kept is what is known of a store's audiences from one night to the next.
type kept struct {
	Version   int                  `json:"version"`
	Audiences map[string]*audience `json:"audiences"`
}

// audience is one of them. Who came and who left is kept until all of it was told, so that
// a process that dies in between leads to the same events, and to nobody who came without
// being told of when they leave.
type audience struct {
	Night   string `json:"night"` // as of which it is
	Members tokens `json:"members"`
	Came    tokens `json:"came,omitempty"`
	Left    tokens `json:"left,omitempty"`
}

// object names what is kept of a store, in the bucket of what nights compute. No store is
// called so.
func object(store string) string { return store + "/audiences" }

// Tell tells of some audiences of a store as of a night, unless that was done. Of an
// audience that was not among them the time before nothing is told: it begins.
func (r *Roster) Tell(ctx context.Context, store string, night time.Time, names []string) error {
	k, err := r.read(ctx, store)
	if err != nil {
		return err
	}
	if err := r.tell(ctx, store, k); err != nil { // what an earlier try left
		return err
	}
	date, next := night.Format(time.DateOnly), &kept{Version: version, Audiences: map[string]*audience{}}
	var open []string
	for _, name := range names {
		if next.Audiences[name] = k.Audiences[name]; next.Audiences[name] == nil || next.Audiences[name].Night < date {
			open = append(open, name)
		}
	}
	if len(open) == 0 {
		return nil
	}
	if err := r.compare(ctx, store, date, open, next); err != nil {
		return err
	}
	if err := r.write(ctx, store, next); err != nil {
		return err
	}
	return r.tell(ctx, store, next)
}

// compare looks at all customers, and puts what became of some audiences in the place of
// what was known of them.
func (r *Roster) compare(ctx context.Context, store, date string, names []string, k *kept) error {
	counts := make([]*count, len(names))
	for i, name := range names {
		counts[i] = newCount(k.Audiences[name])
	}
	err := r.o.Customers.Scan(ctx, store, func(batch []customer.Record) error {
		return customer.EachPerson(ctx, r.o.People, batch, func(key customer.Key, who *customer.Customer) error {
			in, err := r.o.In(store, who, names)
			if err != nil {
				return err
			}
			for i, is := range in {
				if is {
					counts[i].add(key.Token, who.Tokens)
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("looking who is in the audiences of store %s: %w", store, err)
	}
	for i, name := range names {
		a := counts[i].audience(date)
		k.Audiences[name] = a
		r.o.Log.Info("compared an audience with the night before", zap.String("store", store), zap.String("audience", name),
			zap.Int("members", a.Members.len()), zap.Int("came", a.Came.len()), zap.Int("left", a.Left.len()))
	}
	return nil
}

// page is how many are told of at a time.
const page = 500

// tell tells what is yet to be told, and notes that it was.
func (r *Roster) tell(ctx context.Context, store string, k *kept) error {
	told := false
	for name, a := range k.Audiences {
		for _, way := range []struct {
			who  tokens
			make func(who events.Customer) events.Data
		}{
			{a.Came, func(who events.Customer) events.Data { return &events.AudienceEntered{Customer: who, Audience: name} }},
			{a.Left, func(who events.Customer) events.Data { return &events.AudienceLeft{Customer: who, Audience: name} }},
		} {
			if err := r.publish(ctx, store, name+"-"+a.Night, way.who, way.make); err != nil {
				return err
			}
		}
		told = told || a.Came != nil || a.Left != nil
		a.Came, a.Left = nil, nil
	}
	if !told {
		return nil
	}
	return r.write(ctx, store, k)
}

// publish publishes an event for each of some customers that are still known.
func (r *Roster) publish(ctx context.Context, store, of string, who tokens, data func(events.Customer) events.Data) error {
	for at := 0; at < who.len(); at += page {
		var asks []customer.Ask
		for i := at; i < min(at+page, who.len()); i++ {
			if key, ok := customer.KeyOfToken(store, who.token(i)); ok {
				asks = append(asks, customer.Ask{Key: key})
			}
		}
		persons, err := r.o.People.Read(ctx, asks)
		if err != nil {
			return err
		}
		var es []events.Event
		for i := range persons {
			whose, known := named(&persons[i].Customer)
			if !known {
				continue // erased since: that was told
			}
			d := data(whose)
			es = append(es, events.Event{ID: of + "-" + asks[i].Key.Token, Source: Source, Type: d.Type(), Store: store,
				Time: r.o.Now().UTC().Truncate(time.Millisecond), Data: d})
		}
		if len(es) == 0 {
			continue
		}
		if err := r.o.Publish(ctx, es); err != nil {
			return err
		}
	}
	return nil
}

// named is a customer as the shop knows them: a guest by the address.
func named(c *customer.Customer) (events.Customer, bool) {
	if c.Gone() || c.ID.Value == "" {
		return events.Customer{}, false
	}
	if customer.IsGuest(c.ID.Value) {
		return events.Customer{Email: c.Account()}, c.Account() != ""
	}
	return events.Customer{ID: c.ID.Value}, true
}

func (r *Roster) read(ctx context.Context, store string) (*kept, error) {
	k := &kept{}
	data, _, err := bus.GetObject(ctx, r.o.JS, bus.ProductsBucket, object(store), "")
	switch {
	case errors.Is(err, bus.ErrNoObject):
		return k, nil
	case err != nil:
		return nil, fmt.Errorf("reading the audiences of store %s: %w", store, err)
	}
	if err := json.Unmarshal(data, k); err != nil || k.Version != version {
		return &kept{}, nil // of another version of Homing: they begin
	}
	return k, nil
}

func (r *Roster) write(ctx context.Context, store string, k *kept) error {
	data, err := json.Marshal(k)
	if err == nil {
		_, err = bus.PutObject(ctx, r.o.JS, bus.ProductsBucket, object(store), data)
	}
	if err != nil {
		return fmt.Errorf("keeping the audiences of store %s: %w", store, err)
	}
	return nil
}
