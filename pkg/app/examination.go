package app

import (
	"context"
	"net/http"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/doctor"
	"homing/pkg/doctor/examine"
	"homing/pkg/installation"
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
}

// patience is how long the doctor looks for one thing before it goes on without it.
const patience = 10 * time.Second

// Status implements running.Installation.
func (r Running) Status(ctx context.Context) (*installation.Status, error) {
	return installation.ReadStatus(ctx, r.Config, r.JS, r.Scale)
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
