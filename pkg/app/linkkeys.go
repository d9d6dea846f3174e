package app

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/fingerprint"
)

// keepLinks refuses a key of links that has the id of another one.
func keepLinks(ctx context.Context, c *config.Config, js jetstream.JetStream) error {
	if len(c.LinkKeys) == 0 {
		return nil
	}
	links, err := openLinks(c)
	if err != nil || links == nil {
		return err
	}
	return bus.Ask(ctx, func(ctx context.Context) error { return fingerprint.KeepLinks(ctx, js, links.Prints()) })
}

// A linkWatch says in the log, once a change, if links would be refused because those who
// sign and those who verify have different keys.
type linkWatch struct {
	missing []string // keys that links were signed with and this gateway has not
	alone   bool     // no gateway has the key that this process signs with
}

// verifyLinks notes which keys a gateway has. Before it is known what others sign with
// nothing is said.
func (a *App) verifyLinks(ctx context.Context) error {
	if a.links == nil || !slices.Contains(a.o.Roles, RoleGateway) {
		return nil
	}
	missing, err := fingerprint.Verifies(ctx, a.js, a.links.Prints())
	if err != nil {
		return err
	}
	if len(missing) > 0 && !slices.Equal(missing, a.linkWatch.missing) {
		a.log.Warn("links in emails were signed with keys that link_keys does not have: this gateway refuses them, and customers cannot leave. "+
			"Unless such a key has leaked, put it at the end of link_keys and restart the gateways", zap.Strings("keys", missing))
	}
	a.linkWatch.missing = missing
	return nil
}

// signLinks notes what a sender signs links with. It is asked a while after the start, so
// that a gateway that starts at the same time is not missed.
func (a *App) signLinks(ctx context.Context) error {
	if a.links == nil || len(a.links.Prints()) == 0 || len(a.sends) == 0 {
		return nil
	}
	key := a.links.Prints()[0]
	known, err := fingerprint.Signs(ctx, a.js, key)
	if err != nil {
		return err
	}
	if !known && !a.linkWatch.alone {
		a.log.Warn("links in emails are signed with a key that no gateway is known to have: it refuses them, and customers cannot leave. "+
			"Put the key at the end of link_keys of every gateway and restart them", zap.String("key", key.ID))
	}
	if known && a.linkWatch.alone {
		a.log.Info("a gateway has the key that links are signed with", zap.String("key", key.ID))
	}
	a.linkWatch.alone = !known
	return nil
}
