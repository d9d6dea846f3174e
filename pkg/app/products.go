package app

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"homing/pkg/calendar"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/segment"
	"homing/pkg/statistics"
	"homing/workers"
)

func (a *App) newStatistics() *statistics.Statistics {
	return statistics.New(statistics.Options{
		JS: a.js, Stores: programme.StoreNames(a.o.Config), Customers: a.customers, People: a.people, Timeline: a.readTimeline(), Nobody: a.identity.Nobody,
		Now: a.o.Scale.Now, Confirm: a.o.ConfirmProducts, Log: a.log.Named("products"),
		Then:       a.countNumbers,
		QuoteStars: func(store string) int { return a.o.Config.Stores[store].Quotes.Stars },
		Segments: func(store string) (*segment.Set, func(*segment.Input)) {
			return a.stores[store].Segments, a.stores[store].Knows
		},
	})
}

// openProducts loads the product statistics and keeps them up to date, in a
// process that plans or delivers. Where it does so by them, it returns when they are
// there: what would be planned without is not planned later. Other emails are right
// without, and only recommend nothing. false: ctx ended first.
func (a *App) openProducts(ctx context.Context) bool {
	if slices.Contains(a.o.Roles, RoleCalendar) {
		a.running.Go(func() { a.statistics.Serve(ctx) })
	}
	if slices.ContainsFunc(programme.Kinds, func(k workers.Kind) bool { return slices.Contains(a.o.Roles, k.Name) && a.rests(k) }) {
		for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
			err := a.statistics.Open(ctx)
			if err == nil {
				break
			}
			if ctx.Err() == nil {
				a.log.Warn("waiting for the product statistics", zap.Error(err), zap.Duration("wait", wait))
			}
			select {
			case <-ctx.Done():
				return false
			case <-time.After(wait):
			}
		}
	}
	if slices.ContainsFunc(programme.Kinds, func(k workers.Kind) bool { return slices.Contains(a.o.Roles, k.Name) }) {
		a.running.Go(func() { a.statistics.Run(ctx) })
	}
	return true
}

// rests reports whether a worker rests on the product statistics, or, in some store, on
// the segments that are computed with them.
func (a *App) rests(k workers.Kind) bool {
	return k.Products || slices.ContainsFunc(programme.StoreNames(a.o.Config), func(store string) bool { return a.stores[store].Worker(k.Name).Segmented() })
}

// products returns what is known about a store's products.
func (a *App) products(store string) *product.Snapshot { return a.statistics.Of(store) }

// productsJob computes the product statistics every night.
func (a *App) productsJob() calendar.Job {
	return calendar.Products(func(ctx context.Context, store string, _ time.Time) error {
		_, err := a.statistics.Refresh(ctx, store)
		return err
	})
}
