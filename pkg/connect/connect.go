// Package connect opens connections to NATS and Redis, as the configuration says
// where they are. No error shows a password.
package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"

	"homing/pkg/config"
)

// Dialer opens a network connection; nil: the usual way.
type Dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// NATS opens a connection to NATS that never gives up: a server that is away
// is waited for.
func NATS(c *config.Config, name string, log *zap.Logger, more ...nats.Option) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("homing " + name), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("lost NATS", zap.Error(err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("NATS is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("NATS", zap.Error(err)) }),
	}
	if f := c.NATS.CredentialsFile; f != "" {
		opts = append(opts, nats.UserCredentials(f))
	}
	nc, err := nats.Connect(c.NATS.URL.Reveal(), append(opts, more...)...)
	if _, parse := errors.AsType[*url.Error](err); parse {
		return nil, fmt.Errorf("nats.url %s: not an address of a NATS server", c.NATS.URL) // the parser quotes the password
	}
	if err != nil {
		return nil, fmt.Errorf("nats.url %s: %w", c.NATS.URL, err)
	}
	return nc, nil
}

// Redis makes a client for the configured URL. onConnect, if not nil, may refuse a
// connection.
func Redis(c *config.Config, dial Dialer, onConnect func(context.Context, *redis.Conn) error) (redis.UniversalClient, error) {
	o, kind, err := redisOptions(c.Redis.URL.Reveal())
	if err != nil {
		// The parser's own words may quote the password.
		return nil, fmt.Errorf("redis.url %s: not an address of a Redis", c.Redis.URL)
	}
	o.Protocol = 2
	o.DisableIdentity = true
	o.MaxRetries = 1 // the loops wait and try again; a hidden wait would only delay the word
	o.DialerRetries = 1
	o.PoolSize = max(o.PoolSize, 16)
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if dial != nil {
		o.Dialer = dial
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
