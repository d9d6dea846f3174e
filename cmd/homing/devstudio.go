package main

import (
	"errors"
	"net"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/app"
	"homing/pkg/doctor"
	"homing/pkg/installation"
	"homing/pkg/studio"
)

// devChecks are what the doctor looks at in homing dev: its servers are its own, and its
// shop has no domain.
var devChecks = []string{doctor.Secret, doctor.Streams, doctor.Storage, doctor.Lag, doctor.Replicas}

// startStudio opens a studio over the templates of homing dev, next to its inbox, which
// leads to it. Its tests go where all emails go: into the inbox, or to the relay of --smtp.
func (f *devFlags) startStudio(js jetstream.JetStream, r devRun) (*studio.Studio, func() error, error) {
	c := *r.config
	if f.templates != "" {
		c.Templates.Dir = f.templates
	}
	o, err := studioOptions(&c)
	if err != nil {
		return nil, nil, err
	}
	trials, err := app.OpenTrials(&c, f.smtp == "", r.log)
	if err != nil {
		return nil, nil, err
	}
	at, err := installation.Open(installation.Options{Config: &c, JS: js, Scale: r.scale})
	if err != nil {
		return nil, nil, errors.Join(err, trials.Close())
	}
	end := func() error { return errors.Join(at.Close(), trials.Close()) }
	known := app.NewCustomers(at, &c, r.log)
	o.Sender, o.Customers, o.Log, o.NextFree = trials, known, r.log, true
	o.Sections = app.ConsoleSections(known, app.Running{Config: &c, JS: js, Scale: r.scale, Build: ownBuild(), Checks: devChecks}, &c)
	if f.smtp == "" {
		o.Inbox = r.servers.inbox.URL()
	}
	o.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.studioPort))
	s, err := studio.Start(o)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	r.servers.inbox.SetStudio(s.URL())
	return s, func() error { return errors.Join(stopStudio(s), end()) }, nil
}
