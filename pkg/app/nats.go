package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/fingerprint"
)

// slow is after how long what takes long says so.
const slow = 2 * time.Second

// setUp sets the streams up, as soon as NATS and JetStream answer; false: the process
// is ending. Why there is no connection is said by the connection.
func (a *App) setUp(ctx context.Context) bool {
	said := new(string)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		if !a.connected(ctx) {
			return false
		}
		late := time.AfterFunc(slow, func() { a.log.Info("setting up streams and consumers takes long; waiting for JetStream") })
		changes, err := a.Setup(ctx)
		late.Stop()
		a.tellChanges(changes, a.log.Info, "")
		if err == nil {
			return true
		}
		if ctx.Err() != nil || a.refused(err) {
			return false
		}
		if _, lost := errors.AsType[*bus.ControlsLost](err); lost {
			a.controls.Doubt()
		}
		if a.nc.IsConnected() && err.Error() != *said {
			said = new(err.Error())
			a.notSetUp.Store(said)
			a.log.Warn("waiting for JetStream", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// connected waits for the connection; false: the process is ending.
func (a *App) connected(ctx context.Context) bool {
	changes := a.nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer a.nc.RemoveStatusListener(changes)
	for !a.nc.IsConnected() {
		if a.nc.IsClosed() {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-changes:
		}
	}
	return true
}

// lookEvery is how often it is looked whether NATS has what was set up, apart from when
// the connection is back.
func (a *App) lookEvery() time.Duration { return max(time.Minute, a.o.CheckRedis) }

// watchNATS looks, whenever the connection is back and each minute, whether what it leads
// to is still what was set up, and has the process end when the connection is closed
// for good.
func (a *App) watchNATS(ctx context.Context) {
	changes := a.nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer a.nc.RemoveStatusListener(changes)
	regularly := time.NewTicker(a.lookEvery())
	defer regularly.Stop()
	var again <-chan time.Time
	said := ""
	for !a.nc.IsClosed() { // it may have been before we began to listen
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case <-again:
		case <-regularly.C:
		}
		again = nil
		if !a.nc.IsConnected() || !a.started.Load() { // what sets up looks by itself
			continue
		}
		err := a.look(ctx)
		if err == nil || ctx.Err() != nil || a.refused(err) {
			said = ""
			continue
		}
		if err.Error() != said {
			said = err.Error()
			a.log.Warn("looking whether NATS still has what was set up", zap.Error(err))
		}
		again = time.After(slow)
	}
	if ctx.Err() == nil && !a.stopping.Load() {
		a.fail(fmt.Errorf("the connection to NATS was closed for good: %w", cmp.Or(a.nc.LastError(), nats.ErrConnectionClosed)))
	}
}

// look returns nil if the servers can do what we need, have our secret, and have what
// was set up; what they have not is set up again.
func (a *App) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := bus.Able(ctx, a.js); err != nil {
		return err
	}
	if err := fingerprint.Check(ctx, a.js, a.identity); err != nil {
		return err
	}
	if err := bus.Verify(ctx, a.js, limits(a.o.Config), busWorkers()); err != nil {
		changes, err := a.Setup(ctx)
		a.tellChanges(changes, a.log.Warn, " again")
		if err != nil {
			return err
		}
	}
	if err := keepLinks(ctx, a.o.Config, a.js); err != nil {
		return err
	}
	return errors.Join(a.verifyLinks(ctx), a.signLinks(ctx))
}

// tellChanges logs what was set up, and what of it somebody else had changed.
func (a *App) tellChanges(changes []bus.Change, log func(string, ...zap.Field), again string) {
	for _, c := range changes {
		if c.Did != bus.Unchanged {
			log(c.Did+" "+c.Kind+again, zap.String("name", c.Name), zap.Strings("otherwise", c.Fields))
		}
		if c.Dropped() {
			a.log.Error("somebody gave this stream a limit, which deletes emails that are planned; it is gone again. Run homing replan to plan again what is missing",
				zap.String("name", c.Name), zap.Strings("limits", c.Fields))
		}
	}
}
