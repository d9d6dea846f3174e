package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/programme"
)

// clockKey is the entry of the bucket `controls` that says how fast business
// time runs, as a clock.Scale in JSON. Without it, business time is real.
const clockKey = "clock"

// natsFlags adds the flags of a command that talks to NATS and then ends.
func (p *program) natsFlags(cmd *cobra.Command, timeout *time.Duration, wait time.Duration) {
	cmd.Flags().StringVar(&p.nats, "nats", "", "NATS `url` (default: HOMING_NATS_URL, or else nats.url)")
	cmd.Flags().DurationVar(timeout, "timeout", wait, "how long to wait for NATS")
}

// load reads the configuration for a command that needs no store.
func (p *program) load() (*config.Config, error) {
	c, err := config.Load(p.config, p.env, programme.WorkerNames())
	if err != nil {
		return nil, usage(err)
	}
	if p.nats != "" {
		c.NATS.URL = config.URL(p.nats)
	}
	return c, nil
}

// reach connects to NATS. Unlike what runs for long, a command gives up: after
// timeout, or at once when it is not let in.
func (p *program) reach(ctx context.Context, c *config.Config, timeout time.Duration, more ...nats.Option) (*nats.Conn, jetstream.JetStream, error) {
	opts := append([]nats.Option{nats.Name("homing command"),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, more...) // or the client prints them
	end, soon := time.After(timeout), time.After(lineEvery)
	for {
		nc, err := connect.Dial(c, opts...)
		if err == nil {
			js, err := connect.JetStream(c, nc, jetstream.WithPublishAsyncMaxPending(window))
			return nc, js, err
		}
		if _, setting := errors.AsType[*connect.Setting](err); setting {
			return nil, nil, usage(err)
		}
		if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) {
			return nil, nil, fmt.Errorf("NATS: %s: %w", connect.Trouble(err), err)
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-end:
			return nil, nil, &exitError{exitUnreachable, fmt.Errorf("NATS did not answer within %v: %s: %w", timeout, connect.Trouble(err), err)}
		case <-soon:
			fmt.Fprintf(p.err, "waiting up to %v for NATS: %s (%s)\n", timeout, connect.Trouble(err), c.NATS.URL)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// readControl reads an entry of the bucket `controls`, which is JSON; false: there
// is none.
func readControl(ctx context.Context, js jetstream.JetStream, key string, into any) (bool, error) {
	var entry jetstream.KeyValueEntry
	kv, err := js.KeyValue(ctx, bus.ControlsBucket)
	if err == nil {
		entry, err = kv.Get(ctx, key)
	}
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), into)
	}
	if err != nil {
		return false, fmt.Errorf("the entry %s of the bucket %s: %w", key, bus.ControlsBucket, err)
	}
	return true, nil
}

// writeControl writes such an entry.
func writeControl(ctx context.Context, js jetstream.JetStream, key string, what any) error {
	value, err := json.Marshal(what)
	var kv jetstream.KeyValue
	if err == nil {
		kv, err = js.KeyValue(ctx, bus.ControlsBucket)
	}
	if err == nil {
		_, err = kv.Put(ctx, key, value)
	}
	if err != nil {
		return fmt.Errorf("the entry %s of the bucket %s: %w", key, bus.ControlsBucket, err)
	}
	return nil
}

// businessClock reads how business time runs in the installation.
func businessClock(ctx context.Context, js jetstream.JetStream) (clock.Scale, error) {
	var s clock.Scale
	_, err := readControl(ctx, js, clockKey, &s)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return s, nil // nothing is set up yet
	}
	return s, err
}

// storeOf is the store a command means: the one that is named, or the only one
// that is configured, or main.
func storeOf(c *config.Config, named string) (string, error) {
	if named != "" {
		if _, ok := c.Stores[named]; !ok && len(c.Stores) > 0 {
			return "", usagef("--store: no store %s is configured; its events would be rejected as unknown_store", named)
		}
		return named, nil
	}
	if len(c.Stores) == 1 {
		for id := range c.Stores {
			return id, nil
		}
	}
	if _, ok := c.Stores["main"]; !ok && len(c.Stores) > 0 {
		return "", usagef("there are several stores; name one with --store")
	}
	return "main", nil
}

// storesOf are the stores that a command about all of them means: the one that is
// named, or each.
func storesOf(c *config.Config, named string) ([]string, error) {
	if named == "" {
		return slices.Sorted(maps.Keys(c.Stores)), nil
	}
	store, err := storeOf(c, named)
	return []string{store}, err
}
