package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/announcement"
	"homing/pkg/attribution"
	"homing/pkg/calendar"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/figures"
	"homing/pkg/installation"
	"homing/pkg/mailer"
	"homing/pkg/numbers"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/segment"
	"homing/pkg/statistics"
	"homing/pkg/studio"
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
	occasions, err := announced(ctx, a.js, store, a.o.Scale.Now(), a.o.Config.Stores[store].Numbers.Lift.Window)
	if err != nil {
		return err
	}
	_, err = numbers.New(numbers.Options{
		JS: a.js, Customers: a.customers, People: a.people, Timeline: a.readTimeline(), Now: a.o.Scale.Now,
		Of: func(store string) numbers.Settings {
			s := numbersOf(a.o.Config, a.stores[store], a.identity)
			s.Occasions = occasions
			return s
		},
		Segments: func(store string) *segment.Snapshot { return a.products(store).Segmented() },
		Log:      a.log.Named("numbers"),
	}).Refresh(ctx, store)
	return err
}

// announced are the announcements of a store that have a holdout of their own, until some time
// after the last of their people have had the whole window.
func announced(ctx context.Context, js jetstream.JetStream, store string, now time.Time, window time.Duration) (out []numbers.Occasion, err error) {
	all, err := announcement.Entries{JS: js}.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("which announcements have a holdout: %w", err)
	}
	for _, a := range all {
		end := cmp.Or(a.Done, a.Cancelled)
		if a.Store == store && a.Holdout > 0 && (end.IsZero() || now.Before(end.Add(window+numbers.Settles))) {
			out = append(out, numbers.Occasion{Worker: announcement.Worker, Name: a.ID, Share: float64(a.Holdout), Since: a.Sent})
		}
	}
	slices.SortFunc(out, func(a, b numbers.Occasion) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
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

// Nights are the numbers of an installation, for the console. The last ones of each store are
// kept in memory, some megabytes where there are trials.
type Nights struct {
	js   jetstream.JetStream
	mu   sync.Mutex
	last map[string]night
}

type night struct {
	id string
	*numbers.Snapshot
}

// NewNights returns the numbers of an installation.
func NewNights(js jetstream.JetStream) *Nights { return &Nights{js: js, last: map[string]night{}} }

// Read implements figures.Nights. Nobody changes what it returns.
func (n *Nights) Read(ctx context.Context, store string) (*numbers.Snapshot, error) {
	n.mu.Lock()
	last := n.last[store]
	n.mu.Unlock()
	s, id, err := numbers.ReadNew(ctx, n.js, store, last.id)
	if err != nil || id == "" {
		return nil, err
	}
	if s == nil {
		return last.Snapshot, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last[store] = night{id, s}
	return s, nil
}

// consoleNights are the same for the page Numbers, with the weekly digest that they lead to.
type consoleNights struct {
	*Nights
	config *config.Config
	at     *installation.Installation
	scale  clock.Scale
	made   *digestsMade // drawing the charts takes longer than a page may
	log    *zap.Logger
}

// Refresh implements figures.Nights. Who asked for it is in the log.
func (n consoleNights) Refresh(ctx context.Context, store string) error {
	n.log.Info("numbers are asked for again", zap.String("store", store), zap.String("by", studio.VisitorOf(ctx).Name))
	return statistics.Ask(ctx, n.js.Conn(), store)
}

// Digest implements figures.Nights.
func (n consoleNights) Digest(ctx context.Context, store string) (d figures.Digest, err error) {
	s := n.at.Store(store)
	now := n.scale.Now()
	made, pictures, err := n.made.of(store, now, func() (*render.Digest, []mailer.Picture, error) {
		return DigestOf(ctx, n.js, n.config, s, n.scale, now)
	})
	if err != nil {
		return d, err
	}
	d = figures.Digest{Data: render.Data{Store: s.View, Digest: made}, To: len(n.config.Stores[store].DigestTo), Next: s.Digest.Next(n.scale.Now()).In(s.Zone)}
	d.Shown = func(html string) string { return Inlined(html, pictures) }
	return d, nil
}
