package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/templates"
	"homing/workers"
	"homing/workers/advocacy"
	"homing/workers/thankyou"
)

// homingSpec says what a Homing process does.
type homingSpec struct {
	NATS     string   `json:"nats"`
	Redis    string   `json:"redis"`
	SMTP     string   `json:"smtp"`
	Roles    []string `json:"roles"`
	Paused   bool     `json:"paused,omitempty"`   // plan, and deliver nothing
	All      bool     `json:"all,omitempty"`      // workers that a shop must switch on are on too
	Doors    string   `json:"doors,omitempty"`    // a file with the key by which shops come in over HTTP
	Announce bool     `json:"announce,omitempty"` // announcements are on, and hours of quiet that are not now
	Later    bool     `json:"later,omitempty"`    // begin without waiting until it is ready; the question "ready" waits
}

// connections is how many connections to the sink there are, Homing's and the
// bare loop's alike.
const connections = 8

// The installation's secret, and what its links begin with.
const (
	benchSecret = "a secret that only the benchmark uses, 32+ bytes"
	benchURL    = "https://mail.shop.example"
)

// needs are what workers must be told to be on.
var needs = map[string]string{advocacy.Name: `, photo: "https://shop.example/photos"`}

// file is the configuration of the process, as an operator would write it.
func (s homingSpec) file() string {
	status := "live"
	if s.Paused {
		status = "paused"
	}
	doors := ""
	if s.Doors != "" {
		doors = fmt.Sprintf("woocommerce: {secret_file: %q}, api_keys: [{id: bench, key_file: %q}],", s.Doors, s.Doors)
	}
	var on strings.Builder
	quiet := ""
	if s.Announce {
		// Hours of quiet that are not now: they are asked about, and hold nobody up.
		quiet = `quiet_hours: {from: "02:00", to: "04:00"}`
		if time.Now().UTC().Hour() < 6 {
			quiet = `quiet_hours: {from: "12:00", to: "14:00"}`
		}
		on.WriteString("  announcements: {status: live}\n")
	}
	if s.All {
		for _, w := range programme.WorkerNames() {
			if w != thankyou.Name {
				on.WriteString("  " + w + ": {status: live" + needs[w] + "}\n")
			}
		}
	}
	return fmt.Sprintf(`
nats: {url: %q}
redis: {url: "redis://%s/0"}
smtp: {url: "smtp+insecure://%s", connections: %d}
http: {listen: "127.0.0.1:0", gateway: "127.0.0.1:0", public_url: %q}
secret: %q
stores:
  main: {name: Example Shop, url: "https://shop.example", from: "Example Shop <hello@shop.example>", postal_address: "1 High Street, Exampleton",
         time_zone: Europe/London, locale: en, currency: GBP, %s link_hosts: [shop.example]}
pacing:
  throughput: {per_second: 0}
  %s
workers:
  thank-you: {status: %s}
%s`, s.NATS, s.Redis, s.SMTP, connections, benchURL, benchSecret, doors, quiet, status, on.String())
}

// workers returns the names of the workers that are on.
func (s homingSpec) workers() (on []string, err error) {
	c, err := config.Parse("bench", []byte(s.file()), nil, programme.WorkerNames())
	for _, w := range programme.WorkerNames() {
		status, wrong := programme.StatusOf(c, w, "main")
		if err = errors.Join(err, wrong); err == nil && status != workers.Off {
			on = append(on, w)
		}
	}
	return on, err
}

// beginHoming runs Homing in this process, wired as the command wires it.
func beginHoming(raw json.RawMessage) (*work, error) {
	var spec homingSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	c, err := config.Parse("bench", []byte(spec.file()), nil, programme.WorkerNames())
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return nil, err
	}
	lc := zap.NewProductionConfig()
	lc.Level = zap.NewAtomicLevelAt(zap.WarnLevel)
	log, err := lc.Build()
	if err != nil {
		return nil, err
	}
	app.TuneGC()
	a, err := app.New(app.Options{Config: c, Roles: spec.Roles, Log: log, Templates: templates.Files})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		return nil, err
	}
	stop := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout/2)
		defer cancel()
		return a.Stop(ctx)
	}
	isReady := func() (any, error) {
		for end := time.Now().Add(readyWithin); a.Ready() != nil; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(end) {
				return nil, fmt.Errorf("not ready: %w", a.Ready())
			}
		}
		return nil, nil
	}
	if !spec.Later {
		if _, err := isReady(); err != nil {
			return nil, errors.Join(err, stop())
		}
	}
	return &work{ready: ready{Addr: a.GatewayAddr()}, stop: stop, answers: map[string]func() (any, error){"ready": isReady}}, nil
}

// readyWithin is how long a process may take to get ready: folding a million
// entries is in it.
const readyWithin = time.Minute

// homing is a Homing process, watched.
type homing struct {
	*child
	watch *watch
}

// startHoming starts a Homing process on the stack's servers.
func startHoming(ctx context.Context, s *stack, spec homingSpec) (*homing, error) {
	spec.NATS, spec.Redis, spec.SMTP = s.nats.ready.Addr, s.redis.ready.Addr, s.sink.ready.Addr
	c, err := spawn(ctx, taskHoming, spec)
	if err != nil {
		return nil, err
	}
	return &homing{c, startWatch(c.ready.PID)}, nil
}

// profiles has a process profile itself, if profiles are wanted.
func (b *bench) profiles(c *child, name string) error {
	if b.profile == "" {
		return nil
	}
	dir, err := filepath.Abs(b.profile)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	return c.ask(askProfile+filepath.Join(dir, name), nil)
}

// stop stops the process, and returns what it was seen to use.
func (h *homing) stop() (usage, error) {
	u := h.watch.stop()
	return u, h.child.stop()
}
