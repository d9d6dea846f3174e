package app

import (
	"context"
	"time"

	"homing/pkg/calendar"
	"homing/pkg/customer"
	"homing/pkg/erasure"
	"homing/pkg/programme"
	"homing/pkg/schedule"
)

// erasureAt is when in the night the messages of erased customers are deleted.
const erasureAt = 2 * time.Hour

func (a *App) eraser() *erasure.Eraser {
	tl := a.readTimeline()
	return erasure.New(erasure.Options{
		JS: a.js, Timeline: tl, Customers: a.customers, Workers: programme.WorkerNames(), Pending: schedule.New(a.js, a.o.Scale).Forget,
		Decode: tl.Decode, Read: a.intake().Read, Redis: a.rdb, Now: a.o.Scale.Now, Log: a.log.Named("erasure"),
	})
}

// forgetTo deletes the pending emails of some customers that go to an address, as the
// address of an order.
func (a *App) forgetTo(ctx context.Context, of []customer.Key, email string, until time.Time) error {
	s := schedule.New(a.js, a.o.Scale)
	for _, w := range programme.Kinds {
		for _, k := range of {
			if !w.OfOrder {
				continue
			}
			if _, err := s.ForgetTo(ctx, w.Name, k, email, until); err != nil {
				return err
			}
		}
	}
	return nil
}

// erasureJob deletes, every night, the messages of who was erased.
func (a *App) erasureJob() calendar.Job {
	return calendar.Job{Name: "erasure", At: erasureAt, Run: a.eraser().Night}
}
