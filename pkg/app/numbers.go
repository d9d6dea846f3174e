package app

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/attribution"
	"homing/pkg/calendar"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/numbers"
	"homing/pkg/programme"
	"homing/pkg/segment"
	"homing/pkg/statistics"
	"homing/workers/reviewrequest"
)

// numbersJob computes what a shop wants to know every night, an hour after the product
// statistics that it goes by, and with a turn of its own: whatever keeps it from that, keeps
// it from nothing else.
func (a *App) numbersJob() calendar.Job {
	return calendar.Job{Name: "numbers", At: 4 * time.Hour, Run: func(ctx context.Context, store string, _ time.Time) error {
		if err := a.statistics.Update(ctx, store); err != nil { // another process may have computed them
			return err
		}
		return a.countNumbers(ctx, store)
	}}
}

// countNumbers computes what a shop wants to know of a store.
func (a *App) countNumbers(ctx context.Context, store string) error {
	_, err := numbers.New(numbers.Options{
		JS: a.js, Customers: a.customers, People: a.people, Timeline: a.readTimeline(), Now: a.o.Scale.Now,
		Of:       func(store string) numbers.Settings { return numbersOf(a.o.Config, a.stores[store], a.identity) },
		Segments: func(store string) *segment.Snapshot { return a.products(store).Segmented() },
		Log:      a.log.Named("numbers"),
	}).Refresh(ctx, store)
	return err
}

// numbersOf is what the numbers of a store rest on.
func numbersOf(c *config.Config, store *programme.Store, identity *customer.Identity) numbers.Settings {
	of := c.Stores[store.ID]
	s := numbers.Settings{
		Zone: store.Zone, LiftWindow: of.Numbers.Lift.Window, AsksForReviews: reviewrequest.Name,
		Windows: attribution.Windows{AfterSending: of.Numbers.Attribution.AfterSending, HalfLife: of.Numbers.Attribution.HalfLife},
		Holdout: map[string]float64{numbers.AllMarketing: float64(c.Installation.Holdout)}, Asks: map[string]string{},
		Draw: func(token, worker string) float64 {
			return identity.Draw(customer.Key{Store: store.ID, Token: token}, worker)
		},
	}
	if of.Clicks.Track {
		s.Windows.AfterClick = of.Numbers.Attribution.AfterClick
	}
	for _, w := range store.Workers {
		s.Holdout[w.Name] = float64(w.Policy.Own.Holdout)
		for _, step := range w.Steps {
			if step.Survey != "" {
				s.Asks[w.Name+"/"+step.Name] = step.Survey
			}
		}
	}
	return s
}

// Nights are the numbers of an installation, for the console.
type Nights struct{ JS jetstream.JetStream }

// Read implements figures.Nights.
func (n Nights) Read(ctx context.Context, store string) (*numbers.Snapshot, error) {
	return numbers.Read(ctx, n.JS, store)
}

// Refresh implements figures.Nights.
func (n Nights) Refresh(ctx context.Context, store string) error {
	return statistics.Ask(ctx, n.JS.Conn(), store)
}
