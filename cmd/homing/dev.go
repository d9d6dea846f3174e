package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/demoshop"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/workers"
)

const devHelp = `Starts the whole of Homing in one process: NATS, Redis, an inbox that catches every
email and shows it in the browser, and the engine. Nothing else is needed, and
nobody is really mailed unless --smtp names a relay.

The configuration is the usual one if there is any, else a built-in example with
one store, main. The addresses of the servers in it, and its throughput, are
replaced. Templates are those of the configuration, or, where there is no folder
templates, the ones that come with Homing.

What happened is kept in --state and is there again after a restart. With --speed
it is not kept, unless --state says so: a fast clock runs ahead of the real one,
and the next start would go back in time.`

// devFlags are the flags of homing dev.
type devFlags struct {
	natsPort, smtpPort, inboxPort, httpPort, gatewayPort, studioPort int

	redis, smtp, state, templates, publicURL string

	ephemeral, demo bool
	demoCustomers   int
	speed           float64

	given func(flag string) bool
}

const (
	defaultState = ".homing"
	readyTimeout = 30 * time.Second
	foldTimeout  = 5 * time.Minute // with a year of a shop
)

func (p *program) devCommand() *cobra.Command {
	f := &devFlags{}
	cmd := &cobra.Command{
		Use: "dev", Short: "Start everything in one process, with an inbox to see the emails in",
		Long: devHelp, Args: cobra.NoArgs,
		Example: "  homing dev --demo                  with a year of a shop to look at, after some 20 seconds\n" +
			"  homing dev --demo --speed 3600     a shop's day in 24 seconds\n" +
			"  homing dev --ephemeral             leave nothing behind",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.given = cmd.Flags().Changed
			if err := f.validate(); err != nil {
				return usage(err)
			}
			return p.dev(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.natsPort, "nats-port", 4222, "`port` of NATS; 0 is any free one (default: 4222 or the next free one)")
	flags.IntVar(&f.inboxPort, "inbox-port", 8025, "`port` of the inbox's web page (default: 8025 or the next free one)")
	flags.IntVar(&f.smtpPort, "smtp-port", 1025, "`port` of the inbox's SMTP server (default: 1025 or the next free one)")
	flags.IntVar(&f.httpPort, "http-port", 0, "`port` of health and metrics (default: that of http.listen or the next free one)")
	flags.IntVar(&f.gatewayPort, "gateway-port", 0, "`port` of the pages that links in emails open (default: that of http.gateway or the next free one)")
	flags.IntVar(&f.studioPort, "studio-port", defaultStudioPort, "`port` of the studio, in which emails are edited; 0 is any free one (default: 8026 or the next free one)")
	for _, name := range []string{"nats-port", "inbox-port", "smtp-port", "http-port", "gateway-port", "studio-port"} {
		flags.Lookup(name).DefValue = "0" // the usage says it better
	}
	flags.StringVar(&f.redis, "redis", "", "a Redis `url` instead of the embedded one")
	flags.StringVar(&f.smtp, "smtp", "", "a relay's `url` instead of the inbox: emails really leave")
	flags.StringVar(&f.publicURL, "public-url", "", "what links in emails begin with: a `url` that leads to the gateway's port (default: that port on this machine)")
	flags.StringVar(&f.state, "state", defaultState, "`folder` in which the state is kept")
	flags.BoolVar(&f.ephemeral, "ephemeral", false, "keep the state in a temporary folder, removed at the end")
	flags.StringVar(&f.templates, "templates", "", "`folder` of the email templates")
	flags.Float64Var(&f.speed, "speed", 1, "how fast business time runs; 3600 makes an hour a second")
	flags.BoolVar(&f.demo, "demo", false, "make up a small tea and coffee shop: a year of it, and then a day; with --speed the day alone")
	flags.IntVar(&f.demoCustomers, "demo-customers", demoshop.Customers, "how many customers that year has; 0 is no year, and the day alone")
	p.outputFlag(cmd)
	return cmd
}

func (f *devFlags) validate() error {
	switch {
	case f.ephemeral && f.given("state"):
		return errors.New("--ephemeral and --state: keep one of the two")
	case f.demoCustomers < 0 || f.demoCustomers > mostDemoCustomers:
		return fmt.Errorf("--demo-customers: %d is not between 0 and %d", f.demoCustomers, mostDemoCustomers)
	case !(f.speed > 0) || f.speed > 1e6:
		return fmt.Errorf("--speed: %v is not between 0 and 1,000,000", f.speed)
	}
	// Business time runs ahead of the real one, so a kept state lies in the
	// future when it is opened again.
	if f.speed != 1 && !f.given("state") {
		f.ephemeral = true
	}
	return nil
}

// dev starts everything, waits until it is ready, says where it is, and stops
// it when ctx ends.
func (p *program) dev(ctx context.Context, f *devFlags) (err error) {
	log := p.logger(zapcore.WarnLevel)
	c, err := p.devConfig()
	if err != nil {
		return err
	}
	s, err := f.startServers(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	// Before the configuration is pointed at the servers in this process:
	// that is where a bare `homing publish` goes.
	usual := c.NATS.URL.Reveal()
	if err := f.apply(c, s); err != nil {
		return err
	}
	for _, w := range c.Warnings() {
		log.Warn("configuration: " + w)
	}
	templates, err := f.templateFiles(c)
	if err != nil {
		return err
	}
	if f.demo {
		if err := announces(c); err != nil {
			return err
		}
	}
	scale := f.scale()
	year := false
	if f.demo && f.demoCustomers > 0 && f.speed == 1 {
		if year, err = p.tellYear(ctx, c, s, f.demoCustomers); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	build := readVersions()
	a, err := app.New(app.Options{
		Config: c, Log: log, Scale: scale, Templates: templates, RedisEmbedded: s.redis != nil, Alone: s.redis != nil, TellDetails: true, Version: build.Version, Revision: build.Revision,
		NATS:          []nats.Option{nats.InProcessServer(s.nats.Server())},
		GatewayListen: func(string, string) (net.Listener, error) { return s.links, nil },
	})
	if err != nil {
		return usage(err)
	}
	if err := a.Start(); err != nil {
		return err
	}
	defer stopApp(a, log)
	return p.devRun(ctx, f, devRun{app: a, config: c, servers: s, scale: scale, usual: usual, year: year, log: log})
}

// devRun is a started installation.
type devRun struct {
	app     *app.App
	config  *config.Config
	servers *devServers
	scale   clock.Scale
	studio  string // its URL
	usual   string // where the configuration alone would find NATS
	year    bool   // the demo's is on its timeline
	log     *zap.Logger
}

func (p *program) devRun(ctx context.Context, f *devFlags, r devRun) error {
	within := readyTimeout
	if r.year {
		within = foldTimeout
	}
	if err := waitReady(ctx, r.app, within); err != nil {
		return err
	}
	nc, err := r.servers.nats.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = writeControl(ctx, js, clockKey, r.scale)
	}
	if err == nil {
		err = setDev(ctx, js, r.servers)
	}
	if err != nil {
		return err
	}
	studio, stop, err := f.startStudio(js, r)
	if err != nil {
		return err
	}
	defer func() { _ = stop() }() // the process ends
	r.studio = studio.URL()
	if err := p.announce(f, r); err != nil {
		return err
	}
	if r.year {
		if err := announceYear(ctx, r.config, js, time.Now()); err != nil && ctx.Err() == nil {
			return fmt.Errorf("demo: %w", err)
		}
		if err := countYear(ctx, r.config, js); err != nil && ctx.Err() == nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	if f.demo {
		if err := p.playDemo(ctx, js, r); err != nil && ctx.Err() == nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.app.Failed():
		return err
	}
}

func waitReady(ctx context.Context, a *app.App, within time.Duration) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(within)
	for {
		err := a.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		case err := <-a.Failed():
			return usage(err)
		case <-late:
			return &exitError{exitUnreachable, fmt.Errorf("not ready after %v: %w", within, err)}
		}
	}
}

func (f *devFlags) scale() clock.Scale {
	if f.speed == 1 {
		return clock.Scale{}
	}
	return clock.Scale{Start: time.Now(), Speed: f.speed}
}

// announce says where everything is, and what to do next.
func (p *program) announce(f *devFlags, r devRun) error {
	s := r.servers
	health := "http://" + r.app.Addr()
	if p.asJSON() {
		return writeJSON(p.out, map[string]any{
			"inbox": s.inbox.URL(), "studio": r.studio, "nats": s.nats.URL(), "smtp": s.inbox.SMTPURL(), "http": health, "links": r.config.HTTP.PublicURL,
			"api": r.config.HTTP.PublicURL + "/v1/events", "api_key_file": apiKey(r.config),
			"state": s.state, "kept": !f.ephemeral, "speed": f.speed,
		})
	}
	state := s.state + ", kept for the next start"
	switch {
	case f.ephemeral && !f.given("ephemeral"):
		state = "not kept, because of --speed (--state FOLDER keeps it)"
	case f.ephemeral:
		state = "not kept"
	}
	rows := [][]string{
		{"", "Inbox", s.inbox.URL(), "the emails, as they arrive"},
		{"", "Studio", r.studio, "where the emails are edited"},
		{"", "Events", s.nats.URL(), "where storefronts publish (NATS)"},
		{"", "API", r.config.HTTP.PublicURL + "/v1/events", "the same over HTTP; a key is in " + apiKey(r.config)},
		{"", "Links", r.config.HTTP.PublicURL, "what the links in emails open (unsubscribe, answers)"},
		{"", "Health", health + "/readyz", "metrics are at " + health + "/metrics"},
		{"", "State", state},
	}
	if f.smtp != "" {
		rows[0] = []string{"", "Relay", config.URL(f.smtp).String(), "MAILS REALLY LEAVE"}
	}
	if f.speed != 1 {
		rows = append(rows, []string{"", "Time", fmt.Sprintf("runs %v times as fast: an hour is %v", f.speed, hour(f.speed))})
	}
	fmt.Fprint(p.out, "Homing is ready.\n\n")
	if err := table(p.out, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.out, "\nNext, in another terminal:\n\n  %s\n\n%s\nCtrl-C stops everything.\n", p.nextCommand(r), after(r))
	return err
}

// nextCommand is a publish that reaches the NATS of this process.
func (p *program) nextCommand(r devRun) string {
	cmd := p.name + " publish order.placed --customer ann --email ann@example.com"
	if store, err := storeOf(r.config, ""); err != nil || len(r.config.Stores) > 1 {
		for id := range r.config.Stores {
			store = max(store, id)
		}
		cmd += " --store " + store
	}
	if url := r.servers.nats.URL(); url != r.usual {
		cmd += " --nats " + url
	}
	if p.config != "" {
		cmd += " --config " + p.config
	}
	return cmd
}

// firstEmail is how long after an order the first email follows.
func firstEmail(c *config.Config) time.Duration {
	stores, _ := programme.Open(c, nil) // what is wrong with it was said before
	d := &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1001"}}
	e := events.Event{Type: d.Type(), Time: time.Now().Truncate(time.Millisecond), Data: d}
	var who customer.Customer
	customer.Apply(&who, e)
	wait, none := time.Duration(0), true
	for _, s := range stores {
		for _, w := range s.Workers {
			if !w.Concerned(e) {
				continue
			}
			for _, t := range w.Touches(workers.Input{Event: e, Customer: &who, Now: e.Time}) {
				if in := t.Due.Sub(e.Time); none || in < wait {
					wait, none = in, false
				}
			}
		}
	}
	return wait
}

// after says when the first email of that command will come, and how not to wait.
func after(r devRun) string {
	wait := firstEmail(r.config)
	switch {
	case wait == 0:
		return "Its first email follows at once."
	case r.scale.Speed > 1:
		return fmt.Sprintf("Its first email follows %s of business time later, in %v.", localtime.FormatDuration(wait),
			(time.Duration(float64(wait) / r.scale.Speed)).Round(time.Millisecond))
	}
	d := localtime.FormatDuration(wait)
	return fmt.Sprintf("Its first email follows %s after the order. So as not to wait, add --time -%s, or start\nwith --speed 3600.", d, d)
}

func hour(speed float64) time.Duration {
	return time.Duration(float64(time.Hour) / speed).Round(time.Millisecond)
}
