package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/clock"
	"homing/pkg/config"
)

// rights tells what the user of a storefront may not do, as the server says it: it
// does so at once, and a request would only time out.
type rights struct {
	clock   context.CancelFunc // ends the question how business time runs
	publish context.CancelCauseFunc
	c       *config.Config
	store   string
}

// handler is for the connection.
func (r *rights) handler() nats.Option {
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		switch text := err.Error(); {
		case !errors.Is(err, nats.ErrPermissionViolation):
		case strings.Contains(text, "Publish to \"$JS."):
			r.clock()
		case strings.Contains(text, "Subscription to"):
			r.publish(usagef("the NATS user may not subscribe to %s.>, where acknowledgements arrive; name what it may with --inbox-prefix, for example _INBOX_%s: %w", r.c.NATS.InboxPrefix, r.store, err))
		case strings.Contains(text, "Publish to \"storefront."):
			r.publish(usagef("the NATS user may not publish events of the store %s; name its own store with --store: %w", r.store, err))
		}
	})
}

// reachAsStorefront is reach for a user that may do nothing but publish the events of
// a store, and returns how business time runs: if that is not for them to know, as it
// really does. The context ends when it turns out that they may not publish.
func (p *program) reachAsStorefront(ctx context.Context, c *config.Config, f *publishFlags, store string) (context.Context, *nats.Conn, jetstream.JetStream, clock.Scale, error) {
	if f.inbox != "" {
		c.NATS.InboxPrefix = f.inbox
	}
	ctx, refuse := context.WithCancelCause(ctx)
	asked, forget := context.WithTimeout(ctx, 3*time.Second)
	defer forget()
	nc, js, err := p.reach(ctx, c, f.timeout, (&rights{forget, refuse, c, store}).handler())
	if err != nil {
		return ctx, nil, nil, clock.Scale{}, err
	}
	scale, err := businessClock(asked, js)
	if err != nil && (asked.Err() != nil || errors.Is(err, nats.ErrNoResponders)) { // none here, at a leaf node
		scale, err = clock.Scale{}, ctx.Err()
	}
	if err != nil {
		nc.Close()
		return ctx, nil, nil, scale, denied(ctx, err)
	}
	return ctx, nc, js, scale, nil
}

// denied returns why a context ended in the place of an error that only says that it
// did.
func denied(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}
