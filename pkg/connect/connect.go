// Package connect opens connections to NATS and Redis, as the configuration says
// where they are. No error shows a password.
package connect

import (
	"context"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"homing/pkg/config"
)

// Dialer opens a network connection; nil: the usual way.
type Dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// Redis makes a client for the configured URL. dial, if not nil, opens its network
// connections, over which it speaks TLS if so configured. onConnect, if not nil, may refuse
// a connection.
func Redis(c *config.Config, dial Dialer, onConnect func(context.Context, *redis.Conn) error) (redis.UniversalClient, error) {
	o, kind, err := redisOptions(c.Redis.URL.Reveal())
	if err != nil {
		// The parser's own words may quote the password.
		return nil, fmt.Errorf("redis.url %s: not an address of a Redis", c.Redis.URL)
	}
	if o.TLSConfig != nil || c.Redis.TLS.Any() {
		if o.TLSConfig, err = secure(c.Redis.TLS); err != nil {
			return nil, err
		}
	}
	o.Protocol = 2
	o.DisableIdentity = true
	o.MaxRetries = 1 // the loops wait and try again; a hidden wait would only delay the word
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true // who asks with a deadline wants an answer by then
	o.PoolSize = max(o.PoolSize, 16)
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.Dialer = dial; dial != nil && o.TLSConfig != nil {
		o.Dialer = secured(dial, o.TLSConfig)
	}
	o.OnConnect = onConnect
	switch kind {
	case "cluster":
		return redis.NewClusterClient(o.Cluster()), nil
	case "sentinel":
		return redis.NewFailoverClient(o.Failover()), nil
	}
	return redis.NewClient(o.Simple()), nil
}
