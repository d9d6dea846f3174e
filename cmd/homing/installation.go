package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/fingerprint"
	"homing/pkg/installation"
	"homing/pkg/localtime"
)

// devKey is the entry of the bucket `controls` by which commands find what only
// `homing dev` knows: its Redis, and the folder in which it keeps its secret.
const devKey = "dev"

// devPlaces is that entry, in JSON.
type devPlaces struct {
	Redis string `json:"redis"`
	State string `json:"state"` // absolute
}

// setDev says where homing dev keeps its things, for other commands on this machine.
func setDev(ctx context.Context, js jetstream.JetStream, s *devServers) error {
	var d devPlaces
	if s.redis != nil {
		d.Redis = s.redis.URL()
	}
	var err error
	if d.State, err = filepath.Abs(s.state); err != nil {
		return err
	}
	return writeControl(ctx, js, devKey, d)
}

// asDev completes the configuration with what a running `homing dev` says.
func asDev(ctx context.Context, js jetstream.JetStream, c *config.Config) error {
	var d devPlaces
	found, err := readControl(ctx, js, devKey, &d)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return errors.New("nothing is set up there yet; `homing setup` or `homing run` does it")
	}
	if err != nil || !found { // not found: it is not homing dev
		return err
	}
	if len(c.Stores) == 0 {
		c.Stores = config.Example().Stores
	}
	if d.Redis != "" {
		c.Redis.URL = config.URL(d.Redis)
	}
	if c.Secret == "" {
		secret, err := os.ReadFile(filepath.Join(d.State, "secret"))
		if err != nil {
			return fmt.Errorf("the secret of homing dev: %w", err)
		}
		c.Secret = config.Secret(strings.TrimSpace(string(secret)))
	}
	return nil
}

// opened is an installation that a command works on.
type opened struct {
	*installation.Installation
	js     jetstream.JetStream
	config *config.Config
	scale  clock.Scale
	now    time.Time // business time
}

// open opens the installation of a configuration, and completes that with what a running
// `homing dev` says; refuse, if it is not nil, is asked once it is complete. end closes it.
func (p *program) open(ctx context.Context, c *config.Config, timeout time.Duration, refuse func() error) (l *opened, end func(), err error) {
	redis.SetLogger(redisLog{zap.NewNop()}) // what goes wrong is said once, by us
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return nil, nil, err
	}
	shut := nc.Close
	defer func() {
		if err != nil {
			shut()
		}
	}()
	if err := asDev(ctx, js, c); err != nil {
		return nil, nil, err
	}
	if refuse != nil {
		if err := refuse(); err != nil {
			return nil, nil, err
		}
	}
	scale, err := businessClock(ctx, js)
	if err != nil {
		return nil, nil, err
	}
	at, err := installation.Open(installation.Options{Config: c, JS: js, Scale: scale})
	if err != nil {
		return nil, nil, usage(err)
	}
	shut = func() {
		_ = at.Close() // nothing was written
		nc.Close()
	}
	if err := at.CheckSecret(ctx); err != nil {
		if _, other := errors.AsType[*fingerprint.Other](err); other {
			err = usage(err)
		}
		return nil, nil, err
	}
	return &opened{at, js, c, scale, scale.Now()}, shut, nil
}

// onInstallation runs a command with an installation open.
func (p *program) onInstallation(timeout *time.Duration, do func(ctx context.Context, l *opened, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		c, err := p.load()
		if err != nil {
			return err
		}
		if err := checkStore(cmd, c); err != nil {
			return err
		}
		l, end, err := p.open(ctx, c, *timeout, func() error { return checkStore(cmd, c) })
		if err != nil {
			return err
		}
		defer end()
		l.Progress = func(s string) { fmt.Fprintln(p.err, s) }
		err = do(ctx, l, args)
		if _, away := errors.AsType[*net.OpError](err); away {
			return &exitError{exitUnreachable, fmt.Errorf("redis.url %v: %w", c.Redis.URL, err)}
		}
		if errors.Is(err, installation.ErrBehind) {
			return &exitError{exitUnreachable, err}
		}
		return err
	}
}

// checkStore refuses a store that is named and not configured. Without a
// configuration the stores are homing dev's, and it says which: there are none yet.
func checkStore(cmd *cobra.Command, c *config.Config) error {
	named := cmd.Flags().Lookup("store")
	if named == nil || named.Value.String() == "" || len(c.Stores) == 0 {
		return nil
	}
	_, err := storeOf(c, named.Value.String())
	return err
}

// parseSince reads how far back --since looks: 7d, or a time; "" is the beginning.
func parseSince(s string, now time.Time) (time.Time, error) { return parsePast("--since", s, now) }

// parsePast reads a flag like that.
func parsePast(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	d, err := localtime.ParseDuration(s)
	if err != nil {
		return time.Time{}, usagef("%s: %q is neither a duration, as in 7d or 12h, nor a date, as in 2026-03-02", flag, s)
	}
	return now.Add(-d), nil
}
