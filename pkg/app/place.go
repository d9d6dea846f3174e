package app

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/installation"
	"homing/pkg/place"
	"homing/pkg/reason"
)

// newResident returns what knows whether this is where the installation lives.
func (a *App) newResident() *place.Resident {
	if a.o.Alone {
		return nil
	}
	return installation.Resident(a.o.Config, a.js, a.raw, place.Options{Embedded: a.o.RedisEmbedded, Host: a.host, Every: a.beatEvery()})
}

// beatEvery is how often this process sees whether it still lives here.
func (a *App) beatEvery() time.Duration { return max(place.Every, a.o.CheckRedis) }

// settle is asked before Redis is proven: whether we live here. If not, nothing reads or
// writes a customer, and so nothing is taken in, planned or sent.
func (a *App) settle(ctx context.Context) error {
	if a.place == nil {
		return nil
	}
	err := a.place.Settle(ctx)
	if r, refused := errors.AsType[*place.Refused](err); refused {
		a.controls.Stop(reason.Unadopted, r.Error())
	} else if err == nil {
		a.controls.Over(reason.Unadopted)
	}
	return err
}

// runPlace says from time to time that somebody lives here, and notices when the place
// was taken over by others.
func (a *App) runPlace(ctx context.Context) {
	if a.place == nil {
		return
	}
	if err := bus.Ask(ctx, a.place.Arrive); err != nil { // Redis will be asked as well
		a.log.Warn("looking whether somebody lives here", zap.Error(err))
	}
	a.running.Go(func() {
		for wait := time.Second; ; wait = a.beatEvery() / 2 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			a.beat(ctx)
		}
	})
}

func (a *App) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	home, err := a.place.Beat(ctx)
	switch {
	case !home && err == nil:
		a.controls.Stop(reason.Unadopted, "another copy of this installation was adopted, or a backup was restored over it")
		a.guard.Distrust() // the proof asks where we live
	case err != nil && ctx.Err() == nil:
		a.log.Debug("saying that somebody lives here", zap.Error(err))
	}
}

// leavePlace says that this process stops in order.
func (a *App) leavePlace() {
	if a.place == nil || !a.started.Load() || !a.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if err := a.place.Leave(ctx); err != nil {
		a.log.Debug("saying that this process stops", zap.Error(err))
	}
}

// doubt is until when emails may have been sent elsewhere; see place.
func (a *App) doubt() time.Time {
	if a.place == nil {
		return time.Time{}
	}
	return a.place.Doubt()
}
