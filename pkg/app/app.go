// Package app wires the stages into a running system: it makes the connections,
// runs the roles that were asked for, and stops them in order. It decides
// nothing about mail.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/pkg/announcement"
	"homing/pkg/bus"
	"homing/pkg/click"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/console"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/inbound"
	"homing/pkg/intake"
	"homing/pkg/link"
	"homing/pkg/localtime"
	"homing/pkg/place"
	"homing/pkg/problem"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/render"
	"homing/pkg/returnpath"
	"homing/pkg/statistics"
	"homing/pkg/studio"
	"homing/pkg/templatestore"
	"homing/pkg/trace"
	"homing/pkg/visit"
	"homing/pkg/webhook"
)

// RoleIntake is the role that takes events in. Every worker's name is a role too.
const RoleIntake = "intake"

// Options are what an App is made of.
type Options struct {
	Config *config.Config
	Roles  []string // none: all of them
	// Partitions are those whose customers' emails the workers of this process plan and
	// send, where nats.partitions is more than 1; none: all. What is no worker works for
	// all of them in any process.
	Partitions []int
	Log        *zap.Logger
	Scale      clock.Scale

	Templates fs.FS // nil: as the configuration says, a folder or the bucket
	// Load makes templates usable, which takes as long as a start may take; nil: templatestore.Load.
	Load func(fs.FS) (*render.Set, error)

	// PullFor is how long a pull waits for messages; 0: as bus decides.
	PullFor time.Duration

	// CheckRedis is how often to see that Redis was not emptied; 0: as projection decides.
	CheckRedis time.Duration

	// ConfirmControls is how often to confirm what is paused; 0: as control decides.
	ConfirmControls time.Duration

	// ConfirmProducts is how often to look at the product statistics without having been
	// told; 0: as statistics decides.
	ConfirmProducts time.Duration

	// Version and Revision say which build this is.
	Version, Revision string

	// For servers inside this process; nil: by the configuration's URLs.
	NATS                          []nats.Option
	RedisDial                     connect.Dialer
	RedisEmbedded                 bool
	Alone                         bool // its Redis lives and ends with this process: nothing of it is ever missed
	TellDetails                   bool // the log says what is wrong with an event that was warned about: for developers
	SMTPDial                      connect.Dialer
	ChannelDial                   connect.Dialer // to the endpoints of channels
	TraceDial                     connect.Dialer // to the collector of traces
	GatewayListen, FeedbackListen func(network, addr string) (net.Listener, error)
}

func (o *Options) validate() error {
	if o.Config == nil || o.Log == nil {
		return errors.New("app: Config and Log are required")
	}
	if o.Config.Secret.Reveal() == "" {
		return errors.New("secret: none is configured; make one with `openssl rand -base64 32`, keep it for ever, " +
			"and name its file with secret_file or HOMING_SECRET_FILE")
	}
	known := RoleNames()
	for _, r := range o.Roles {
		if !slices.Contains(known, r) {
			return fmt.Errorf("no such role: %q; there are %s", r, strings.Join(known, ", "))
		}
	}
	if len(o.Roles) == 0 { // all that make sense
		o.Roles = slices.DeleteFunc(known, func(r string) bool { return o.nowhere(r) != nil })
	}
	for _, r := range o.Roles {
		if err := o.nowhere(r); err != nil {
			return err
		}
	}
	return o.share()
}

// share checks the partitions, and fills in all where none is named.
func (o *Options) share() error {
	count := bus.Partitions(o.Config.NATS.Partitions).Count()
	if len(o.Partitions) == 0 {
		o.Partitions = make([]int, count)
		for p := range o.Partitions {
			o.Partitions[p] = p
		}
	}
	for _, p := range o.Partitions {
		if p < 0 || p >= count {
			return fmt.Errorf("--partitions: there is no partition %d: nats.partitions is %d, so they are 0 to %d", p, count, count-1)
		}
	}
	return nil
}

// nowhere says why a role has nothing to serve: nobody could reach it.
func (o *Options) nowhere(role string) error {
	switch {
	case role == RoleGateway && o.Config.HTTP.PublicURL == "":
		return &problem.Problem{Key: "http.public_url", Text: "is empty; the role gateway answers the links that begin with it, " +
			"so set it to the address by which recipients reach it"}
	case role == RoleConsole && o.Config.Console.URL == "":
		return &problem.Problem{Key: "console.url", Text: "is empty; the role console is the web app that people reach by it, " +
			"so set it, and say under console.people who may use it"}
	}
	return nil
}

// App is a running part of Homing: one process with one or more roles.
type App struct {
	o         Options
	log       *zap.Logger
	identity  *customer.Identity
	people    *projection.People
	read      *templatestore.InUse    // templates that were read from files; nil: they are followed
	follower  *templatestore.Follower // of published templates; nil: there are none to follow
	host      string                  // names this machine to people
	about     templatestore.About     // what this process is, as far as it never changes
	stores    map[string]*programme.Store
	routes    map[string]route // by store
	metrics   *metrics
	tracer    *trace.Tracer // nil: nothing is traced
	links     *link.Signer  // nil without http.public_url
	linkWatch linkWatch     // what was said about their keys
	clicks    *click.Signer
	waiting   *click.Waiting
	returns   *returnpath.Signer

	nc        *nats.Conn
	js        jetstream.JetStream
	rdb       redis.UniversalClient // behind the guard
	raw       redis.UniversalClient // for the rebuilder alone
	lines     connect.Lines         // of both
	forbidden chan struct{}         // has a token when Redis forbade something
	guard     *projection.Guard
	folding   *projection.Rebuilder
	customers *projection.Customers
	http      *httpServer
	keeping   keeping

	gateway    *httpServer
	visits     *visit.Recorder // of the gateway
	feedback   *inbound.Server // nil without feedback.listen
	console    *studio.Studio
	access     *console.Access // to it
	digests    digestsMade
	known      *Customers             // that the console shows
	statistics *statistics.Statistics // of product statistics
	warnings   *bus.Warnings          // about events that were taken in
	rejections *rejections            // events that were not
	strays     *intake.Strays         // events about orders of others

	announcements *announcement.Board

	controls *control.Controls // who is paused, and whether this process may send
	place    *place.Resident   // nil: its Redis begins empty each time, and no place is kept
	full     full              // the partitions whose timeline takes nothing

	notSetUp atomic.Pointer[string] // why the streams are not set up; nil: nothing is in the way
	admitted atomic.Bool            // the secret is that of the installation
	failed   chan error             // why the process has to end; see Failed
	loops    []*bus.Loop
	sends    []*delivery.Delivery
	leave    map[string]map[string]delivery.Route // by worker, by store
	webhooks map[string]*webhook.Channel          // by store and name
	started  atomic.Bool                          // streams are set up and the loops run
	opened   atomic.Bool                          // those that rest on the product statistics run too
	stopping atomic.Bool
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// New makes an app. It reads the templates and checks the configuration of the
// workers, and connects to nothing.
func New(o Options) (*App, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	a := &App{o: o, log: o.Log, metrics: newMetrics(), failed: make(chan error, 1), forbidden: make(chan struct{}, 1), leave: map[string]map[string]delivery.Route{}, webhooks: map[string]*webhook.Channel{}}
	var err error
	if a.identity, err = customer.NewIdentity(o.Config.Secret.Reveal()); err != nil {
		return nil, err
	}
	if a.clicks, err = click.NewSigner(o.Config.Secret.Reveal()); err != nil {
		return nil, err
	}
	if a.returns, err = returnpath.New(o.Config.Secret.Reveal()); err != nil {
		return nil, err
	}
	if a.host, err = os.Hostname(); err != nil {
		a.host = "this machine"
	}
	a.about = templatestore.About{Build: Build(o.Version, o.Revision), Config: o.Config.Hashes(), TimeZones: localtime.Zones().Version, Since: time.Now().UTC().Truncate(time.Second), Said: o.Config.Said}
	stores, err := programme.Open(o.Config, a.identity)
	routes, cannot := openRoutes(o.Config, o.SMTPDial, relayWatch{a.metrics.dialled, a.metrics.dialogue}, a.log)
	a.metrics.info("homing_build_info", "1; the labels say which build this is.", prometheus.Labels{"version": o.Version, "revision": o.Revision, "go": runtime.Version()})
	a.metrics.configuration(a.about.Config)
	a.stores, a.routes = stores, routes
	if err := errors.Join(err, cannot, a.openTemplates()); err != nil {
		return nil, err
	}
	if a.links, err = openLinks(o.Config); err != nil {
		return nil, err
	}
	return a, nil
}

// Start connects and runs the roles. It returns when the connections are being
// made, not when they stand: a server that is away is waited for, in the
// background, for as long as it takes. Ready says how far it has come.
func (a *App) Start() error {
	if err := a.connect(); err != nil {
		return err
	}
	if err := a.openTracer(); err != nil {
		return err
	}
	a.startKeeping()
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	if listen := a.o.Config.HTTP.Listen; listen != "" {
		var err error
		if a.http, err = serveHTTP(listen, a); err != nil {
			cancel()
			return err
		}
		a.log.Info("health and metrics", zap.String("address", a.http.addr))
	}
	if slices.Contains(a.o.Roles, RoleGateway) {
		var err error
		if a.gateway, err = a.serveGateway(); err != nil {
			cancel()
			return err
		}
		a.running.Go(func() { a.visits.Run(ctx) })
		if a.o.Config.Feedback.Listen != "" {
			if a.feedback, err = a.serveFeedback(); err != nil {
				cancel()
				return err
			}
		}
	}
	if slices.Contains(a.o.Roles, RoleConsole) {
		var err error
		if a.console, err = a.serveConsole(); err != nil {
			cancel()
			return err
		}
		a.log.Info("console", zap.String("address", a.console.Addr()), zap.String("public", a.o.Config.Console.URL))
	}
	a.running.Go(func() { a.run(ctx) })
	return nil
}

// run sets the streams up, as soon as NATS answers, and runs the roles.
func (a *App) run(ctx context.Context) {
	var checked atomic.Bool
	a.running.Go(func() { a.watchRedis(ctx, func() { checked.Store(true) }) })
	a.running.Go(func() { a.watchNATS(ctx) })
	a.running.Go(func() { templatestore.Answer(ctx, a.nc, a.follower, a.log.Named("templates"), a.process) })
	if !a.setUp(ctx) {
		return
	}
	if err := a.verifyLinks(ctx); err != nil { // looked at again in a minute
		a.log.Warn("looking at the keys of links", zap.Error(err))
	}
	a.runControls(ctx)
	a.runPlace(ctx)
	a.running.Go(func() { a.folding.Run(ctx) })
	for a.guard.Ready() != nil || !checked.Load() { // the loops would only fail until then
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	a.statistics, a.warnings = a.newStatistics(), a.newWarnings()
	a.rejections, a.strays = newRejections(a.log.Named("intake"), a.o.TellDetails), intake.NewStrays(a.people.Unhurried(), a.warn)
	a.runTemplates(ctx)
	loops, waiting := a.openLoops()
	a.loops = append(waiting, loops...)
	a.started.Store(true)
	a.runLoops(ctx, loops)
	if slices.Contains(a.o.Roles, RoleIntake) {
		a.running.Go(func() { a.warnings.Run(ctx) })
		a.running.Go(func() { a.rejections.run(ctx) })
		a.running.Go(func() { a.strays.Run(ctx) })
	}
	for _, w := range a.watchdogs() {
		a.running.Go(func() { w.Run(ctx) })
	}
	a.runCalendar(ctx)
	a.runAnnouncements(ctx)
	a.runDigests(ctx)
	a.runSignOuts(ctx)
	// Nothing but what rests on the product statistics waits for them: computing
	// them for the first time reads every customer there is.
	if !a.openProducts(ctx) {
		return
	}
	a.runLoops(ctx, waiting)
	a.opened.Store(true)
	a.log.Info("running", zap.Strings("roles", a.o.Roles), zap.Ints("partitions", a.o.Partitions))
}

func (a *App) runLoops(ctx context.Context, loops []*bus.Loop) {
	for _, l := range loops {
		a.running.Go(func() { l.Run(ctx) })
	}
}

// Setup creates the streams, consumers and buckets of all workers, whatever the
// roles of this process.
func (a *App) Setup(ctx context.Context) ([]bus.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	changes, err := setupStreams(ctx, a.o.Config, a.js, a.identity, a.o.Scale.Now())
	if err == nil {
		a.admitted.Store(true)
	}
	return changes, err
}

// Ready returns nil when every role can work, or what is missing.
func (a *App) Ready() error {
	switch {
	case a.stopping.Load():
		return errors.New("stopping")
	case a.nc == nil || !a.nc.IsConnected():
		return errors.New("not connected to NATS")
	}
	if err := a.stopped(); err != nil {
		return err
	}
	switch {
	case !a.started.Load():
		if why := a.notSetUp.Load(); why != nil {
			return fmt.Errorf("streams are not set up yet: %s", *why)
		}
		return errors.New("streams are not set up yet")
	case !a.opened.Load():
		return errors.New("waiting for the product statistics")
	}
	if err := a.guard.Ready(); err != nil {
		return err
	}
	for _, l := range a.loops {
		if l.Waiting() {
			return errors.New("waiting for a server; the log says which")
		}
	}
	return nil
}
