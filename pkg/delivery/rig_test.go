package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/codelist"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/email"
	"homing/pkg/gate"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/mailer"
	"homing/pkg/offer"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/reason"
	"homing/pkg/render"
	"homing/pkg/schedule"
	"homing/pkg/timeline"
	"homing/pkg/touch"
	"homing/workers"
)

const (
	day    = 24 * time.Hour
	worker = "win-back"
)

// series is a worker whose answers come from each test.
type series struct {
	steps   []touch.Step
	compose func(t touch.Touch, in workers.Input) workers.Wording
	wanted  func(t touch.Touch, in workers.Input) touch.Verdict
	gathers func(t touch.Touch, in workers.Input) []touch.Touch
}

// as is the series as a worker of a name.
func (s *series) as(name string, priority int, p gate.Policy) *programme.Worker {
	return &programme.Worker{Kind: workers.Kind{Name: name}, Policy: p, Worker: workers.Worker{
		Settings: workers.Settings{Status: workers.Live, Class: touch.Marketing, Priority: priority},
		Steps:    s.steps, Wanted: s.Wanted, Compose: s.Compose, Gathers: s.Gathers,
	}}
}

func (s *series) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	if s.wanted == nil {
		return touch.Verdict{}
	}
	return s.wanted(t, in)
}
func (s *series) Compose(t touch.Touch, in workers.Input) workers.Wording {
	if s.compose == nil {
		return workers.Wording{}
	}
	return s.compose(t, in)
}
func (s *series) Gathers(t touch.Touch, in workers.Input) []touch.Touch {
	if s.gathers == nil {
		return nil
	}
	return s.gathers(t, in)
}

// offering returns a worker all of whose emails make one offer.
func offering(terms offer.Terms) *series {
	return &series{compose: func(touch.Touch, workers.Input) workers.Wording { return workers.Wording{Offer: &terms} }}
}

// rig is a delivery with real servers around it, on fake time.
type rig struct {
	t      *testing.T
	js     jetstream.JetStream
	rdb    redis.UniversalClient
	ids    *customer.Identity
	store  *projection.Customers
	sink   *homingtest.Sink
	worker *series
	offers programme.OfferCap
	caps   []gate.Window
	rate   delivery.Rate
	batch  int // of the loop
	logs   *observer.ObservedLogs
	log    *zap.Logger

	mu       sync.Mutex
	rendered []render.Data
	holds    map[reason.Reason]int
	fault    func(op string) error // asked before ("save") and after ("saved") each act
	running  []*delivery.Delivery  // that were not stopped
}

func bubble(t *testing.T, w *series, f func(r *rig)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, worker: w, sink: &homingtest.Sink{}, holds: map[reason.Reason]int{}, rate: noLimit{}, batch: 48}
		if w.steps == nil {
			w.steps = []touch.Step{{Name: "offer", Template: "win-back/offer", Class: touch.Marketing, Expires: 14 * day}}
		}
		r.servers(natstest.Start(t, dir).JS, homingtest.RedisInProcess(t))
		core, logs := observer.New(zapcore.InfoLevel)
		r.log, r.logs = zap.New(core), logs
		f(r)
		r.audit()
	})
}

// servers connects a rig to its servers.
func (r *rig) servers(js jetstream.JetStream, rdb redis.UniversalClient) {
	r.t.Helper()
	r.t.Cleanup(r.sink.Close)
	r.js, r.rdb, r.store = js, rdb, projection.New(rdb, nil)
	_, err := bus.Setup(r.t.Context(), js, bus.Limits{}, []bus.Worker{{Name: worker}}, time.Now())
	if err == nil {
		r.ids, err = customer.NewIdentity(homingtest.Secret)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.store.IntroduceTo(timeline.New(js), r.ids)
}

// address is the hash of the address that a customer has from the start.
func (r *rig) address(id string) string { return r.ids.Address("main", id+"@example.com") }

func (r *rig) key(id string) customer.Key { return r.ids.Key("main", id) }

// happened has something happen to a customer, as intake would.
func (r *rig) happened(id string, d events.Data) {
	r.t.Helper()
	r.happenedTo(r.key(id), d)
}

func (r *rig) happenedTo(k customer.Key, d events.Data) {
	r.t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	e := events.Event{ID: fmt.Sprint(d.Type(), at.UnixNano()), Source: "/shop", Type: d.Type(), Store: k.Store, Time: at, Data: d}
	entries := []customer.Entry{{Key: k, Event: e}}
	for _, act := range []func() error{
		func() error { return r.store.Fold(r.t.Context(), entries) },
		func() error { return timeline.New(r.js).Append(r.t.Context(), entries) },
		func() error { return r.store.Mark(r.t.Context(), entries) },
	} {
		if err := act(); err != nil {
			r.t.Fatal(err)
		}
	}
}

// known has customers order something, so that they may be mailed.
func (r *rig) known(ids ...string) {
	for _, id := range ids {
		r.happened(id, homingtest.Order(id, "1001"))
	}
}

// touch puts a touch of a customer on the schedule.
func (r *rig) touch(id, step, occasion string, in time.Duration, s *touch.Snapshot) touch.Touch {
	r.t.Helper()
	at := time.Now().Add(in).UTC()
	t := touch.Touch{Worker: worker, Step: step, Customer: r.key(id), Occasion: occasion, Due: at, Wake: at, Address: r.address(id), Snapshot: s}
	r.put(t)
	return t
}

func (r *rig) put(t touch.Touch) {
	r.t.Helper()
	if err := schedule.New(r.js, clock.Scale{}).Put(r.t.Context(), []touch.Touch{t}); err != nil {
		r.t.Fatal(err)
	}
}

// process is one replica that delivers.
type process struct {
	stop  func()
	pause func() // it takes no more touches, and remembers
	loop  *bus.Loop
}

// start starts a replica. Stopping it takes with it all that it knew.
func (r *rig) start(with ...func(o *delivery.Options)) *process {
	relay, err := mailer.New(mailer.Options{URL: "smtp+insecure://127.0.0.1:25", Dial: r.sink.Dial, Log: zap.NewNop()})
	if err != nil {
		r.t.Fatal(err)
	}
	o := delivery.Options{
		Stores:    map[string]*programme.Store{"main": r.programme()},
		Routes:    map[string]delivery.Route{"main": {Channel: r.email(relay), Rate: r.rate}},
		Customers: shakyStore{r.store, r}, People: projection.NewPeople(r.store, r.ids), Timeline: shakyTimeline{timeline.New(r.js), r}, Schedule: schedule.New(r.js, clock.Scale{}),
		Codes: shakyCodes{codelist.New(r.js), r}, Address: r.ids.Address, Mailbox: r.ids.AddressKey,
		Take: func(ctx context.Context, es []customer.Entry) error { return r.store.Fold(ctx, es) },
		Log:  r.log,
		Held: func(why reason.Reason, _ error) { r.mu.Lock(); r.holds[why]++; r.mu.Unlock() },
	}
	for _, change := range with {
		change(&o)
	}
	d := delivery.New(o)
	r.running = append(r.running, d)
	ctx, cancel := context.WithCancel(context.Background())
	loop := bus.NewLoop(bus.LoopOptions{Name: "due", Consumer: bus.Consumer(r.js, bus.ScheduleStream(worker), bus.DueConsumer(worker)),
		Handler: d.Handle, Reject: bus.RejectTo(r.js), Batch: r.batch, Parallel: 1, PullFor: 10 * time.Hour, Log: zap.NewNop()})
	done := make(chan struct{})
	go func() { defer close(done); loop.Run(ctx) }()
	pause := func() { cancel(); <-done }
	gone, forget := context.WithCancel(context.Background())
	forget()
	p := &process{loop: loop, pause: pause, stop: sync.OnceFunc(func() {
		pause()
		d.Close(gone)
		_ = relay.Close()
		r.running = slices.DeleteFunc(r.running, func(x *delivery.Delivery) bool { return x == d })
	})}
	r.t.Cleanup(p.stop)
	return p
}

// programme is the rig's store.
func (r *rig) programme() *programme.Store {
	return &programme.Store{
		ID: "main", Offers: r.offers, View: render.Store{Name: "Shop"}, Zone: zone(r.t, "Europe/London"), From: "Shop <hello@shop.example>", Domain: "shop.example",
		Workers: []*programme.Worker{r.worker.as(worker, 0, gate.Policy{
			Sunset: true, Sections: gate.Sections{Consent: gate.Consent{Policy: gate.SoftOptIn}}, Pacing: gate.Pacing{Frequency: r.caps},
		})},
	}
}

// alike adds a store that is like main, and sends through the same relay.
func alike(store string) func(o *delivery.Options) {
	return func(o *delivery.Options) { o.Stores[store], o.Routes[store] = o.Stores["main"], o.Routes["main"] }
}

// email is the email channel of the rig's store, through a relay.
func (r *rig) email(relay *mailer.Relay) *email.Channel {
	return email.New(email.Options{
		Store: r.programme(), Relay: relay, Templates: func() (email.Renderer, string) { return renderer{r}, "12" },
		Unsubscribe: func(customer.Key, string) string { return "https://mail.shop.example/u" },
		Answer: func(_ customer.Key, _ string, a email.Answer) string {
			return "https://mail.shop.example/" + a.Question + "/" + a.Choice
		},
	})
}

type noLimit struct{}

func (noLimit) Wait(context.Context, string, bool, bool) (time.Duration, string, error) {
	return 0, "", nil
}

func (noLimit) GiveBack(context.Context, time.Time) error { return nil }

// renderer notes what it is told, and makes an email whose subject is the code.
type renderer struct{ r *rig }

func (x renderer) Render(name string, d render.Data) (render.Mail, error) {
	x.r.mu.Lock()
	defer x.r.mu.Unlock()
	x.r.rendered = append(x.r.rendered, d)
	code := "none"
	if d.Offer != nil {
		code = d.Offer.Code
	}
	return render.Mail{Template: name, Subject: code, SubjectArm: "b", HTML: "<p>" + name, Text: name}, nil
}

// last returns what was rendered last.
func (r *rig) last() render.Data {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rendered) == 0 {
		r.t.Fatal("nothing was rendered")
	}
	return r.rendered[len(r.rendered)-1]
}

// codesOf lists the codes that were rendered, oldest first.
func (r *rig) codesOf() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.rendered {
		out = append(out, d.Offer.Code)
	}
	return out
}

// held returns how often the system was the reason to wait.
func (r *rig) held(why reason.Reason) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holds[why]
}

var errFault = errors.New("a fault of the test")

func (r *rig) fails(op string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault == nil {
		return nil
	}
	return r.fault(op)
}

type shakyStore struct {
	*projection.Customers
	r *rig
}

func (s shakyStore) Save(ctx context.Context, rs []*customer.Record) ([]bool, error) {
	if err := s.r.fails("save"); err != nil {
		return nil, err
	}
	ok, err := s.Customers.Save(ctx, rs)
	if err == nil {
		err = s.r.fails("saved")
	}
	return ok, err
}

func (s shakyStore) SaveAgainst(ctx context.Context, r *customer.Record, others []*customer.Record, links []customer.Links) (saved, same bool, err error) {
	if err := s.r.fails("save"); err != nil {
		return false, false, err
	}
	saved, same, err = s.Customers.SaveAgainst(ctx, r, others, links)
	if err == nil {
		err = s.r.fails("saved")
	}
	return saved, same, err
}

func (s shakyStore) MarkIn(ctx context.Context, epoch uint64, es []customer.Entry) error {
	if err := s.r.fails("mark " + string(es[0].Event.Type)); err != nil {
		return err
	}
	return s.Customers.MarkIn(ctx, epoch, es)
}

type shakyTimeline struct {
	*timeline.Timeline
	r *rig
}

func (s shakyTimeline) Append(ctx context.Context, es []customer.Entry) error {
	if err := s.r.fails("append " + string(es[0].Event.Type)); err != nil {
		return err
	}
	return s.Timeline.Append(ctx, es)
}

type shakyCodes struct {
	*codelist.Lists
	r *rig
}

func (s shakyCodes) Take(ctx context.Context, store, list string) (string, error) {
	if err := s.r.fails("take"); err != nil {
		return "", err
	}
	code, err := s.Lists.Take(ctx, store, list)
	if err == nil {
		err = s.r.fails("taken")
	}
	return code, err
}

// dieAt has an act fail when it is done for the nth time, and all that follows:
// the process is as good as dead.
func dieAt(act string, n int) func(string) error {
	dead := false
	return func(op string) error {
		if op == act {
			n--
			dead = dead || n == 0
		}
		if dead {
			return errFault
		}
		return nil
	}
}

func (r *rig) setFault(f func(op string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = f
}

func (r *rig) load(list string, all ...string) {
	r.t.Helper()
	if _, err := codelist.New(r.js).Load(r.t.Context(), "main", list, all, nil); err != nil {
		r.t.Fatal(err)
	}
}

// subjects lists the subjects of the emails that were accepted: their codes.
func (r *rig) subjects() []string {
	var out []string
	for _, m := range r.sink.Mails() {
		out = append(out, m.Subject)
	}
	return out
}

// facts lists the timeline's facts of one type, oldest first.
func (r *rig) facts(types ...events.Type) []events.Event {
	var out []events.Event
	for _, e := range r.timeline() {
		if slices.Contains(types, e.Event.Type) {
			out = append(out, e.Event)
		}
	}
	return out
}

// issued lists the codes on the timeline.
func (r *rig) issued() []string {
	var out []string
	for _, e := range r.facts(events.TypeOfferIssued) {
		out = append(out, e.Data.(*events.OfferIssued).Code)
	}
	return out
}

func (r *rig) timeline() []customer.Entry {
	r.t.Helper()
	c, err := r.js.OrderedConsumer(context.Background(), bus.Timeline, jetstream.OrderedConsumerConfig{})
	if err != nil {
		r.t.Fatal(err)
	}
	var out []customer.Entry
	for {
		batch, err := c.FetchNoWait(1000)
		if err != nil {
			r.t.Fatal(err)
		}
		n := len(out)
		for m := range batch.Messages() {
			e, err := timeline.New(r.js).Decode(m)
			if err != nil {
				r.t.Fatal(err)
			}
			out = append(out, e)
		}
		if len(out) == n {
			return out
		}
	}
}

func (r *rig) customer(id string) customer.Customer {
	r.t.Helper()
	rs, err := r.store.Load(context.Background(), []customer.Key{r.key(id)})
	if err != nil {
		r.t.Fatal(err)
	}
	return rs[0].Customer
}

// audit folds the timeline from scratch, and compares it with what Redis has:
// whatever broke in between, a rebuild knows everything.
func (r *rig) audit() {
	r.t.Helper()
	for _, d := range r.running {
		if n := d.Remembered(); n != 0 {
			r.t.Errorf("a process remembers %d touches that are not in flight", n)
		}
	}
	people := map[customer.Key]*customer.Customer{}
	for _, e := range r.timeline() {
		if people[e.Key] == nil {
			people[e.Key] = &customer.Customer{}
		}
		customer.Apply(people[e.Key], e.Event)
	}
	for k, want := range people {
		rs, err := r.store.Load(context.Background(), []customer.Key{k})
		if err != nil {
			r.t.Fatal(err)
		}
		if d := cmp.Diff(*want, rs[0].Customer, cmpopts.EquateEmpty()); d != "" {
			r.t.Errorf("a refold knows other things than Redis (-refold +Redis):\n%s", d)
		}
	}
	for _, l := range r.logs.All() {
		if strings.Contains(fmt.Sprint(l.ContextMap(), l.Message), "@") {
			r.t.Errorf("an address in the log: %s %v", l.Message, l.ContextMap())
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
