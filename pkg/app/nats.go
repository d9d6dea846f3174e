package app

import (
	"cmp"
	"context"
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
	said := ""
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		if !a.connected(ctx) {
			return false
		}
		late := time.AfterFunc(slow, func() { a.log.Info("setting up streams and consumers takes long; waiting for JetStream") })
		changes, err := a.Setup(ctx)
		late.Stop()
		for _, c := range changes {
			if c.Did != bus.Unchanged {
				a.log.Info(c.Did+" "+c.Kind, zap.String("name", c.Name))
			}
		}
		if err == nil {
			return true
		}
		if ctx.Err() != nil || a.refused(err) {
			return false
		}
		if a.nc.IsConnected() && err.Error() != said {
			said = err.Error()
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

// watchNATS looks, whenever the connection is back, whether what it leads to is still
// what was set up, and has the process end when the connection is closed for good.
func (a *App) watchNATS(ctx context.Context) {
	changes := a.nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer a.nc.RemoveStatusListener(changes)
	var again <-chan time.Time
	for !a.nc.IsClosed() { // it may have been before we began to listen
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case <-again:
		}
		again = nil
		if !a.nc.IsConnected() || !a.started.Load() { // what sets up looks by itself
			continue
		}
		if err := a.look(ctx); err != nil && ctx.Err() == nil && !a.refused(err) {
			a.log.Warn("looking whether NATS still has what was set up", zap.Error(err))
			again = time.After(slow)
		}
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
	if err := bus.Verify(ctx, a.js, limits(a.o.Config), busWorkers()); err == nil {
		return nil
	}
	changes, err := a.Setup(ctx)
	for _, c := range changes {
		if c.Did != bus.Unchanged {
			a.log.Warn(c.Did+" "+c.Kind+" again", zap.String("name", c.Name))
		}
	}
	return err
}
