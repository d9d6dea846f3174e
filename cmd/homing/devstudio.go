package main

import (
	"errors"
	"net"
	"strconv"

	"homing/pkg/app"
	"homing/pkg/studio"
)

// startStudio opens a studio over the templates of homing dev, next to its inbox, which
// leads to it. Its tests go where all emails go: into the inbox, or to the relay of --smtp.
func (f *devFlags) startStudio(r devRun) (*studio.Studio, func() error, error) {
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
	o.Sender, o.Log, o.NextFree = trials, r.log, true
	if f.smtp == "" {
		o.Inbox = r.servers.inbox.URL()
	}
	o.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(f.studioPort))
	s, err := studio.Start(o)
	if err != nil {
		return nil, nil, errors.Join(err, trials.Close())
	}
	r.servers.inbox.SetStudio(s.URL())
	return s, func() error { return errors.Join(stopStudio(s), trials.Close()) }, nil
}
