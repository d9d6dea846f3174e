// Package homingtest runs the whole of Homing inside one testing/synctest
// bubble: embedded NATS with its schedules, a Redis in the process, mail over
// pipes. Time is fake, so that a customer's month takes seconds.
package homingtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/devstack"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/programme"
	"homing/pkg/timeline"
	"homing/templates"
)

// Secret is the installation's secret in tests.
const Secret = "a secret that only tests use, 32+ bytes"

// World is one installation on fake time.
type World struct {
	T      *testing.T
	Config *config.Config
	NATS   *devstack.NATS
	Redis  *devstack.Redis
	Sink   *Sink
	JS     jetstream.JetStream
	Log    *zap.Logger
	// TraceDial is how the collector of traces is reached; see Collector.
	TraceDial func(context.Context, string, string) (net.Conn, error)
	// ChannelDial is how the endpoints of channels are reached.
	ChannelDial func(context.Context, string, string) (net.Conn, error)
	Watch       bool // looks at Redis, products and what is paused as often as in production

	nats      *natstest.NATS
	dir       string // of its streams
	within    *within
	app       *app.App
	dialRedis func(context.Context, string, string) (net.Conn, error)
	gateway   *pipes
	feedback  *pipes // nil without feedback.listen
	ids       int
}

// New makes a world: servers, but no Homing yet; see Start. dir is a t.TempDir
// made before the bubble. more is YAML of further configuration.
func New(t *testing.T, dir, more string) *World {
	t.Helper()
	return begin(t, dir, Config(t, more))
}

// Split is New, over some partitions.
func Split(t *testing.T, dir string, partitions int, more string) *World {
	t.Helper()
	c := Config(t, more)
	c.NATS.Partitions = partitions
	return begin(t, dir, c)
}

func begin(t *testing.T, dir string, c *config.Config) *World {
	t.Helper()
	w := &World{T: t, Config: c, Sink: &Sink{}, Log: zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel))}
	w.Config.HTTP.Listen = ""
	w.Redis = devstack.StartRedisInProcess()
	w.dialRedis = dialer(w.Redis)
	w.startNATS(dir)
	t.Cleanup(func() {
		w.Stop()
		w.Sink.Close()
		w.Redis.Stop()
	})
	return w
}

// within is how processes reach the NATS that runs, which may have been started again since.
// All of an installation share it.
type within struct {
	mu     sync.Mutex
	server *server.Server // nil: it is down
}

// InProcessConn implements nats.InProcessConnProvider.
func (x *within) InProcessConn() (net.Conn, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.server == nil {
		return nil, errors.New("NATS is down")
	}
	return x.server.InProcessConn()
}

func (x *within) set(s *server.Server) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.server = s
}

// StopNATS takes NATS away from the processes that run, until StartNATS.
func (w *World) StopNATS() {
	w.T.Helper()
	w.within.set(nil)
	w.nats.Close()
}

// StartNATS starts it again, with what it had.
func (w *World) StartNATS() {
	w.T.Helper()
	w.startNATS(w.dir)
}

func (w *World) startNATS(dir string) {
	w.T.Helper()
	if w.dir = dir; w.within == nil {
		w.within = &within{}
	}
	defer func() { w.within.set(w.NATS.Server()) }()
	w.nats = natstest.Start(w.T, dir)
	w.NATS, w.JS = w.nats.Server, bus.Split(w.nats.JS, bus.Partitions(w.Config.NATS.Partitions))
}

// LiveLong has many fake days cost little: streams are kept in memory, where nothing wakes up
// to write and to forget what was read, and what expires in Redis does so up to an hour late.
// It is called before Start.
func (w *World) LiveLong() {
	w.Config.NATS.InMemory = true
	w.Redis.ExpireRoughly(time.Hour)
}

// ReplaceNATS replaces the NATS with an empty one. Homing is stopped while it
// does.
func (w *World) ReplaceNATS(dir string) {
	w.T.Helper()
	w.nats.Close()
	w.startNATS(dir)
}

// Config returns the configuration of the store main, without a limit of
// throughput, and with more YAML.
func Config(t *testing.T, more string) *config.Config {
	t.Helper()
	c, err := config.Parse("test", []byte(base+more), nil, programme.WorkerNames())
	if err == nil {
		c.Secret, c.HTTP.PublicURL, c.NATS.Partitions = Secret, PublicURL, Partitions()
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// PartitionsVariable is the variable of the environment that says over how many partitions
// the streams of tests are split, so that every story can be told of several.
const PartitionsVariable = "HOMING_TEST_PARTITIONS"

// Partitions is over how many partitions the streams of tests are split; usually one.
func Partitions() int {
	n, err := strconv.Atoi(os.Getenv(PartitionsVariable))
	if err != nil {
		return 1
	}
	return n
}

// No stream has a max_age here: nats-server judges age by a clock that natstest
// moves once an hour.
const base = `
nats: {streams: {storefront: {max_age: 0s}, rejected: {max_age: 0s}}}
stores:
  main:
    name: Example Shop
    url: "https://shop.example"
    from: "Example Shop <hello@shop.example>"
    postal_address: 1 High Street, Exampleton
    time_zone: Europe/London
    locale: en
    currency: GBP
    pacing: {throughput: {per_second: 0}}
`

// look is how often a world sees that its Redis was not emptied: there are many
// minutes in a year.
const look = 24 * time.Hour

// Start runs Homing with some roles, and waits until it is ready; none: all of them.
func (w *World) Start(roles ...string) {
	w.T.Helper()
	w.Begin(roles...)
	w.ready()
}

func (w *World) ready() {
	w.T.Helper()
	for range 600 {
		if w.app.Ready() == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.T.Fatalf("not ready: %v", w.app.Ready())
}

// Begin is Start without waiting.
func (w *World) Begin(roles ...string) {
	w.T.Helper()
	w.begin(app.Options{Roles: roles})
}

// Share is Start for the customers of some partitions.
func (w *World) Share(partitions ...int) {
	w.T.Helper()
	w.ShareOf(nil, partitions...)
}

// ShareOf is Share with some roles; none: all of them.
func (w *World) ShareOf(roles []string, partitions ...int) {
	w.T.Helper()
	w.begin(app.Options{Roles: roles, Partitions: partitions})
	w.T.Cleanup(w.Stop)
	w.ready()
}

// Beside returns the same installation with a process of its own, which is yet to start.
func (w *World) Beside() *World {
	other := *w
	other.app = nil
	return &other
}

func (w *World) begin(o app.Options) {
	w.T.Helper()
	look := look
	if w.Watch {
		look = 0
	}
	o.Config, o.Log, o.Templates, o.Load = w.Config, w.Log, w.templates(), Load
	o.NATS = []nats.Option{nats.InProcessServer(w.within), nats.PingInterval(natstest.Rarely)}
	o.RedisDial, o.RedisEmbedded = w.dialRedis, true
	o.SMTPDial, o.TraceDial, o.ChannelDial = w.Sink.Dial, w.TraceDial, w.ChannelDial
	o.PullFor = 100 * time.Hour
	o.CheckRedis, o.ConfirmControls, o.ConfirmProducts = look, look, look
	o.GatewayListen = func(string, string) (net.Listener, error) {
		w.gateway = newPipes()
		return w.gateway, nil
	}
	o.FeedbackListen = func(string, string) (net.Listener, error) {
		w.feedback = newPipes()
		return w.feedback, nil
	}
	var err error
	if w.app, err = app.New(o); err == nil {
		err = w.app.Start()
	}
	if err != nil {
		w.T.Fatal(err)
	}
}

// Refused starts a further process that has to end by itself, with a configuration and
// a Redis of its own, and returns why it did.
func (w *World) Refused(c *config.Config, redis *devstack.Redis, roles ...string) error {
	w.T.Helper()
	a, err := app.New(app.Options{
		Config: c, Roles: roles, Log: zap.NewNop(), Templates: Templates(), Load: Load,
		NATS:      []nats.Option{nats.InProcessServer(w.within), nats.PingInterval(natstest.Rarely)},
		RedisDial: dialer(redis), RedisEmbedded: true, SMTPDial: w.Sink.Dial, PullFor: 100 * time.Hour, CheckRedis: look, ConfirmControls: look, ConfirmProducts: look,
		GatewayListen: func(string, string) (net.Listener, error) { return newPipes(), nil },
	})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		w.T.Fatal(err)
	}
	select {
	case err = <-a.Failed():
	case <-time.After(time.Minute):
		w.T.Error("it goes on")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		w.T.Errorf("stopping: %v", err)
	}
	return err
}

// Ready says what keeps Homing from working.
func (w *World) Ready() error { return w.app.Ready() }

// Stop stops Homing; the servers stay.
func (w *World) Stop() {
	if w.app == nil {
		return
	}
	// What the relay is still asked to take is not waited for beyond a minute.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.app.Stop(ctx); err != nil {
		w.T.Errorf("stopping: %v", err)
	}
	w.app = nil
}

// StopWithin stops Homing as a signal does, and returns what App.Stop does.
func (w *World) StopWithin(d time.Duration) error {
	w.T.Helper()
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, fmt.Errorf("%v have passed", d))
	defer cancel()
	a := w.app
	w.app = nil
	return a.Stop(ctx)
}

// Publish publishes an event that happens now, and returns its id.
func (w *World) Publish(store string, data events.Data) string {
	w.T.Helper()
	w.ids++
	e := events.Event{ID: fmt.Sprintf("e-%d", w.ids), Source: "/test", Type: data.Type(), Store: store, Time: time.Now().UTC().Truncate(time.Millisecond), Data: data}
	w.PublishEvent(e)
	return e.ID
}

// PublishEvent publishes an event as it is.
func (w *World) PublishEvent(e events.Event) {
	w.T.Helper()
	body, err := events.Encode(e)
	if err == nil {
		_, err = w.JS.Publish(context.Background(), events.Subject(e.Store, e.Type), body)
	}
	if err != nil {
		w.T.Fatalf("publishing %s: %v", e.Type, err)
	}
}

// Facts returns the facts on the timeline, oldest first.
func (w *World) Facts() []events.Event {
	w.T.Helper()
	var out []events.Event
	for _, e := range w.Timeline() {
		if _, ok := e.Data.(events.Fact); ok {
			out = append(out, e)
		}
	}
	return out
}

// Timeline returns everything on the timeline, oldest first.
func (w *World) Timeline() []events.Event {
	w.T.Helper()
	var all []customer.Entry
	tl := timeline.New(w.JS)
	for _, stream := range bus.PartitionsOf(w.JS).Timelines() {
		c, err := w.JS.OrderedConsumer(context.Background(), stream, jetstream.OrderedConsumerConfig{})
		if err != nil {
			w.T.Fatal(err)
		}
		for n := -1; n != 0; {
			batch, err := c.FetchNoWait(1000)
			if err != nil {
				w.T.Fatal(err)
			}
			n = 0
			for m := range batch.Messages() {
				n++
				e, err := tl.Decode(m)
				if err != nil {
					w.T.Fatal(err)
				}
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, customer.CompareEntries)
	var out []events.Event
	for _, e := range all {
		out = append(out, e.Event)
	}
	return out
}

// templates are those of the repository, unless they come from the bucket.
func (w *World) templates() fs.FS {
	if w.Config.Templates.Bucket() {
		return nil
	}
	return Templates()
}

// Templates are the templates of the repository.
func Templates() fs.FS { return templates.Files }

// Order returns an order of one item.
func Order(customer, order string) *events.OrderPlaced {
	price, err := events.ParseMoney("12.95", "GBP")
	if err != nil {
		panic(err)
	}
	return &events.OrderPlaced{
		Customer: events.Customer{ID: customer, Email: customer + "@example.com", FirstName: "Ann", TimeZone: "Europe/London"},
		Order: events.Order{ID: order, Total: price,
			Items: []events.Item{{ProductID: "tea-1", Name: "Assam, 250 g", Quantity: 1, Price: price}}},
	}
}
