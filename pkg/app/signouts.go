package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/console"
	"homing/pkg/studio"
)

// consoleOIDC is the provider with which people sign in. Its sessions are signed with a key
// that all processes with the installation's secret have.
func (a *App) consoleOIDC(c config.Console) (*console.OIDC, error) {
	key, err := hkdf.Key(sha256.New, []byte(a.o.Config.Secret.Reveal()), nil, "homing console oidc v1", sha256.Size)
	return &console.OIDC{
		Issuer: c.OIDC.Issuer, ClientID: c.OIDC.ClientID, ClientSecret: c.OIDC.ClientSecret.Reveal(), Redirect: strings.TrimRight(c.URL, "/") + studio.Returns,
		Scopes: c.OIDC.Scopes, NameClaim: c.OIDC.NameClaim, RolesClaim: c.OIDC.RolesClaim, Editors: c.OIDC.Editors, Viewers: c.OIDC.Viewers, Key: key,
	}, err
}

// Sessions that were ended are entries of the bucket of what is paused, session.<id>, until
// they would have ended: processes read it anyway, and no right is new.
const ended = "session."

// tellSignedOut tells all processes that a session has ended.
func (a *App) tellSignedOut(id string, until time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	kv, err := a.js.KeyValue(ctx, bus.ControlsBucket)
	if err == nil {
		_, err = kv.PutString(ctx, ended+id, strconv.FormatInt(until.Unix(), 10))
	}
	if err != nil {
		a.log.Named("console").Warn("only this process knows that a session has ended", zap.Error(err))
	}
}

// runSignOuts has the console know of sessions that were ended in any process, until ctx ends.
func (a *App) runSignOuts(ctx context.Context) {
	if a.access == nil {
		return
	}
	a.running.Go(func() {
		for ctx.Err() == nil {
			if err := a.followSignOuts(ctx); err != nil && ctx.Err() == nil {
				a.log.Named("console").Warn("cannot be told which sessions have ended", zap.Error(err))
			}
			select {
			case <-ctx.Done():
			case <-time.After(slow):
			}
		}
	})
}

func (a *App) followSignOuts(ctx context.Context) error {
	kv, err := a.js.KeyValue(ctx, bus.ControlsBucket)
	if err != nil {
		return err
	}
	w, err := kv.Watch(ctx, ended+">", jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Updates():
			if !ok {
				return nil // the connection is closed
			}
			if e == nil { // all that there was
				continue
			}
			seconds, err := strconv.ParseInt(string(e.Value()), 10, 64)
			if until := time.Unix(seconds, 0); err == nil && time.Now().Before(until) {
				a.access.End(strings.TrimPrefix(e.Key(), ended), until)
				continue
			}
			if err := kv.Purge(ctx, e.Key(), jetstream.LastRevision(e.Revision())); err != nil {
				return err
			}
		}
	}
}
