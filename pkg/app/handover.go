package app

import (
	"context"
	"time"

	"homing/pkg/projection"
)

// mostHear is after how long every process has heard what stands in the bucket `controls`,
// or sends nothing: see control.Controls.
const mostHear = 5 * time.Second

// handover is how this process and all others pass from one Redis to another.
func (a *App) handover() projection.Handover {
	if a.place == nil {
		return projection.Handover{}
	}
	return projection.Handover{
		Agreement: a.place, Hear: min(a.controls.UnknownAfter(), mostHear), Reconnect: a.lines.Drop, Reclaim: a.reclaim,
	}
}

// reclaim writes the claims of this process to a Redis that takes over.
func (a *App) reclaim(ctx context.Context, to *projection.Customers) error {
	if !a.started.Load() {
		return nil // it has sent nothing
	}
	for _, d := range a.sends {
		if err := d.Reclaim(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

// heardOfRedis looks whether another process found another Redis: then this one uses the
// one that it has no more.
func (a *App) heardOfRedis(ctx context.Context) error {
	if a.place == nil || a.o.RedisEmbedded {
		return nil
	}
	news, err := a.place.News(ctx)
	if err == nil && news {
		a.guard.Distrust()
		a.lines.Drop()
	}
	return err
}
