package app

import (
	"context"
	"net/http"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/doctor"
	"homing/pkg/doctor/examine"
	"homing/pkg/installation"
	"homing/pkg/numbers"
	"homing/pkg/programme"
	"homing/pkg/running"
	"homing/pkg/studio"
)

// Examination says what is examined of the installation of a configuration, by a program
// of some build. Its servers are still to be named.
func Examination(c *config.Config, build string) (o examine.Options, err error) {
	o = examine.Options{Config: c, Roles: ExpectedRoles(c), Build: build, Resolver: examine.At(""),
		HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	o.Limits, o.Workers = Expected(c)
	if o.Relays, err = Relays(c); err != nil {
		return o, err
	}
	o.Links, err = Links(c)
	return o, err
}

// Running tells the console how the installation is.
type Running struct {
	Config *config.Config
	JS     jetstream.JetStream
	Scale  clock.Scale
	Build  string
	// Checks are those that the doctor does; none: all.
	Checks []string
	// RedisDial dials Redis; nil: by the configuration's URL.
	RedisDial connect.Dialer
	// At is the installation as it is read, and Log has who paused what; the console sets
	// both.
	At  *installation.Installation
	Log *zap.Logger

	nights *Nights
}

// Night implements running.Installation.
func (r Running) Night(ctx context.Context, store string) (*numbers.Snapshot, error) {
	return r.nights.Read(ctx, store)
}

// patience is how long the doctor looks for one thing before it goes on without it.
const patience = 10 * time.Second

// Status implements running.Installation.
func (r Running) Status(ctx context.Context) (*installation.Status, error) {
	return installation.ReadStatus(ctx, r.Config, r.JS, r.Scale)
}

// Pending implements running.Installation.
func (r Running) Pending(ctx context.Context, days int) (p running.Pending, err error) {
	p.First = map[string]time.Time{}
	for _, store := range programme.StoreNames(r.Config) {
		p.First[store] = r.At.Today(store)
	}
	p.Counts, err = r.At.PendingByDay(ctx, days, func(int) {})
	return p, err
}

// Rule implements running.Installation.
func (r Running) Rule(worker, store string) (installation.Rule, bool) {
	return r.At.Rule(worker, store)
}

// Pause implements running.Installation. The fact on the timeline has no name; the log has.
func (r Running) Pause(ctx context.Context, worker, store, why string) (installation.Switched, error) {
	done, err := installation.Pause(ctx, r.Config, r.JS, r.Scale, worker, store, why)
	r.switched(ctx, "a worker is paused", done, err)
	return done, err
}

// Resume implements running.Installation.
func (r Running) Resume(ctx context.Context, worker, store string) (installation.Switched, error) {
	done, err := installation.Resume(ctx, r.Config, r.JS, r.Scale, worker, store)
	r.switched(ctx, "a worker is resumed", done, err)
	return done, err
}

func (r Running) switched(ctx context.Context, what string, done installation.Switched, err error) {
	if err == nil && done.Changed {
		r.Log.Info(what, zap.String("worker", done.Worker), zap.String("store", done.Store), zap.String("by", studio.VisitorOf(ctx).Name))
	}
}

// Examine implements running.Installation.
func (r Running) Examine(ctx context.Context) (doctor.Report, error) {
	o, err := Examination(r.Config, r.Build)
	if err != nil {
		return doctor.Report{}, err
	}
	rdb, err := connect.Redis(r.Config, r.RedisDial, nil)
	if err != nil {
		return doctor.Report{}, err
	}
	defer func() { _ = rdb.Close() }() // nothing was written
	o.JS, o.Redis, o.Timeout, o.Only = r.JS, rdb, patience, r.Checks
	return examine.Run(ctx, o), nil
}
