package app

import (
	"errors"
	"slices"

	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/link"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// Check makes the stores and their workers as New does, and connects to nothing.
// With a nil set it leaves out what needs templates. Its error joins all
// problems.
func Check(c *config.Config, set *render.Set) error {
	stores, err := programme.Open(c, nil)
	_, cannot := openRoutes(c, nil, relayWatch{}, zap.NewNop())
	return errors.Join(err, cannot, programme.Check(c, stores, set))
}

// Expected is what the streams and consumers of a configuration are made of.
func Expected(c *config.Config) (bus.Limits, []bus.Worker) { return limits(c), busWorkers() }

// Relays are the relays of a configuration by store. Stores that name the same one share
// it. Nothing is connected.
func Relays(c *config.Config) (map[string]*mailer.Relay, error) {
	routes, err := openRoutes(c, nil, relayWatch{}, zap.NewNop())
	out := map[string]*mailer.Relay{}
	for id, r := range routes {
		out[id] = r.relay
	}
	return out, err
}

// Links signs links as this configuration does; nil without an address for them, or
// without a secret.
func Links(c *config.Config) (*link.Signer, error) {
	if c.Secret == "" {
		return nil, nil
	}
	return openLinks(c)
}

// ExpectedRoles are those that some process should have, for all that is configured to
// work.
func ExpectedRoles(c *config.Config) []string {
	o := Options{Config: c}
	return slices.DeleteFunc(RoleNames(), func(r string) bool { return o.nowhere(r) != nil })
}
