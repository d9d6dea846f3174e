package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/projection"
	"homing/pkg/timeline"
)

// asyncPending bounds the publishes of one process that wait for their acks.
const asyncPending = 8192

// Connect opens a connection to NATS that never gives up: a server that is away
// is waited for.
func Connect(c *config.Config, name string, log *zap.Logger, more ...nats.Option) (*nats.Conn, error) {
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

func (a *App) connect() error {
	var err error
	if a.nc, err = Connect(a.o.Config, strings.Join(a.o.Roles, " "), a.log.Named("nats"), a.o.NATS...); err != nil {
		return err
	}
	if a.js, err = jetstream.New(a.nc, jetstream.WithPublishAsyncMaxPending(asyncPending), jetstream.WithPublishAsyncTimeout(bus.AckTimeout)); err != nil {
		return err
	}
	a.guard = projection.NewGuard(a.o.RedisEmbedded)
	if a.rdb, err = openRedis(a.o.Config, a.o.RedisDial, a.guard); err != nil {
		return err
	}
	if a.raw, err = openRedis(a.o.Config, a.o.RedisDial, nil); err != nil {
		return err
	}
	a.customers = projection.New(a.rdb, a.guard)
	return nil
}

func (a *App) rebuilder() *projection.Rebuilder {
	return projection.NewRebuilder(a.raw, a.guard, a.readTimeline(), projection.RebuildOptions{
		Stores: storeNames(a.o.Config), Log: a.log.Named("projection"), Look: a.o.Look,
	})
}

// readTimeline returns the timeline for who reads much of it: what cannot be read
// is logged, and left out.
func (a *App) readTimeline() *timeline.Timeline {
	t := timeline.New(a.js)
	t.Skipped = func(sequence uint64, err error) {
		a.log.Error("an entry of the timeline cannot be read and is left out", zap.Uint64("sequence", sequence), zap.Error(err))
	}
	return t
}

// openRedis makes a client for the configured URL. With a guard, connections to
// a Redis that is not proven complete are refused.
func openRedis(c *config.Config, dial func(ctx context.Context, network, addr string) (net.Conn, error), guard *projection.Guard) (redis.UniversalClient, error) {
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
	if guard != nil {
		o.OnConnect = guard.OnConnect
	}
	switch kind {
	case "cluster":
		return redis.NewClusterClient(o.Cluster()), nil
	case "sentinel":
		return redis.NewFailoverClient(o.Failover()), nil
	}
	return redis.NewClient(o.Simple()), nil
}

func limits(c *config.Config) bus.Limits {
	s := c.NATS.Streams
	return bus.Limits{
		Replicas:           c.NATS.Replicas,
		StorefrontMaxAge:   s.Storefront.MaxAge,
		StorefrontMaxBytes: int64(s.Storefront.MaxBytes),
		TimelineMaxAge:     s.Timeline.MaxAge,
		TimelineMaxBytes:   int64(s.Timeline.MaxBytes),
		RejectedMaxAge:     s.Rejected.MaxAge,
		RejectedMaxBytes:   int64(s.Rejected.MaxBytes),
	}
}
