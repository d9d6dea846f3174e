package homingtest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/customer"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
	"homing/pkg/statistics"
	"homing/pkg/templatestore"
)

// permitted is a server with the permissions that are shipped.
func permitted(t *testing.T) *server.Server {
	t.Helper()
	for _, who := range []string{"HOMING_NATS", "MAIN_DEVELOPER", "MAIN_NATS", "SECOND_NATS"} {
		t.Setenv(who+"_PASSWORD", "pw")
	}
	o, err := server.ProcessConfigFile(filepath.Join("..", "..", "configs", "nats-permissions.conf"))
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.StoreDir, o.NoLog, o.NoSigs = "127.0.0.1", -1, t.TempDir(), true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server did not start")
	}
	return s
}

// spy is a user of a storefront who listens wherever it can.
type spy struct {
	conn *nats.Conn
	js   jetstream.JetStream
	mu   sync.Mutex
	seen []string
}

func (s *spy) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.seen...)
}

func spyAs(t *testing.T, srv *server.Server, user, inbox string) *spy {
	t.Helper()
	s := &spy{}
	var err error
	s.conn, err = nats.Connect(srv.ClientURL(), nats.UserInfo(user, "pw"), nats.CustomInboxPrefix(inbox), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err == nil {
		s.js, err = jetstream.New(s.conn)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.conn.Close)
	for _, subject := range []string{">", "*.>", "_INBOX.>", "_HOMING_INBOX.>", "_HOMING_INBOX.*.*", "_INBOX_*.>", "_INBOX_main.>", "_INBOX_second.>", "_R_.>", "storefront.>", "storefront.main.>", "timeline.>", "due.>", "mails.>",
		"schedule.>", "rejected.>", "warned.>", "offers.>", "$KV.>", "$O.>", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "$SYS.>"} {
		if _, err := s.conn.Subscribe(subject, func(m *nats.Msg) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.seen = append(s.seen, fmt.Sprintf("%s: %.80s", m.Subject, m.Data))
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	return s
}

// publish publishes an event of some time ago as a storefront does.
func (s *spy) publish(t *testing.T, store, id string, ago time.Duration, data events.Data) {
	t.Helper()
	body, err := events.Encode(events.Event{ID: id, Source: "/test", Type: data.Type(), Store: store, Time: time.Now().Add(-ago), Data: data})
	if err == nil {
		_, err = s.js.Publish(t.Context(), events.Subject(store, data.Type()), body)
	}
	if err != nil {
		t.Fatalf("publishing as a storefront: %v", err)
	}
}

// underRights is what Homing is configured with to use a server with the shipped rights,
// and where its emails go. more is about stores.
func underRights(t *testing.T, srv *server.Server, more string) (*config.Config, *homingtest.Sink) {
	t.Helper()
	redis, err := devstack.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Stop)
	sink := &homingtest.Sink{}
	t.Cleanup(func() { sink.Close() })
	c := homingtest.Config(t, more)
	c.HTTP.Listen, c.Redis.URL, c.Templates.Source = "", config.URL(redis.URL()), config.SourceBucket
	c.NATS.URL = config.URL(strings.Replace(srv.ClientURL(), "nats://", "nats://homing:pw@", 1))
	return c, sink
}

// The whole of Homing works with the rights of configs/nats-permissions.conf, from the
// first stream to an erasure, and a storefront sees nothing of what it does, nor of
// other shops.
func TestTheShippedPermissionsAreEnoughAndNoStorefrontSeesAnything(t *testing.T) {
	srv := permitted(t)
	c, sink := underRights(t, srv, "  second: {name: Second, url: \"https://second.example\", from: \"hello@second.example\", postal_address: 2 High Street, time_zone: UTC, locale: en, currency: GBP}\n")
	core, logs := observer.New(zap.WarnLevel)
	start := func() *app.App {
		t.Helper()
		a, err := app.New(app.Options{Config: c, Log: zap.New(core), Load: homingtest.Load, RedisEmbedded: true, SMTPDial: sink.Dial,
			Roles: []string{app.RoleIntake, app.RoleCalendar, "thank-you", "cart-recovery", "win-back", "review-request", "birthday", "replenishment"}})
		if err == nil {
			err = a.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		until(t, "ready", func() bool { return a.Ready() == nil })
		return a
	}
	main, second := spyAs(t, srv, "main", "_INBOX_main"), spyAs(t, srv, "second", "_INBOX_second")
	developer := spyAs(t, srv, "main-developer", "_INBOX_main")
	a := start()
	main.publish(t, "main", "1", 31*time.Minute, homingtest.Order("ann", "1001"))
	second.publish(t, "second", "1", 31*time.Minute, homingtest.Order("bob", "2001"))
	main.publish(t, "main", "2", 0, homingtest.Order("cat", "1002")) // stays on the schedule
	developer.publish(t, "main", "3", 0, homingtest.Order("ann", "1003"))
	until(t, "two emails", func() bool { return len(sink.Mails()) == 2 })

	nc, err := connect.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := connect.JetStream(c, nc)
	if err != nil {
		t.Fatal(err)
	}
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "their copies", func() bool {
		st, err := js.Stream(t.Context(), bus.Mails)
		return err == nil && st.CachedInfo().State.Msgs == 2
	})
	subjects := func(stream, filter string) int {
		t.Helper()
		st, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		i, err := st.Info(t.Context(), jetstream.WithSubjectFilter(filter))
		if err != nil {
			t.Fatal(err)
		}
		return len(i.State.Subjects)
	}
	n := bus.PartitionsOf(js)
	pending := func(who string) int {
		k := id.Key("main", who)
		p := n.Of(k.Bucket)
		return subjects(n.Schedule("thank-you", p), n.Under("schedule", p)+".main."+k.Token+".>")
	}
	ofAnn := n.Timeline(n.Of(id.Key("main", "ann").Bucket))
	until(t, "the other orders planned", func() bool { return pending("ann") == 1 && pending("cat") == 1 })
	main.publish(t, "main", "4", 0, &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
	until(t, "erased, and what was pending too", func() bool {
		return subjects(ofAnn, "timeline.main.*.customer.erased") > 0 && pending("ann") == 0 && pending("cat") == 1
	})
	st, err := js.Stream(t.Context(), bus.Storefront)
	if err == nil {
		// As the nightly erasure does, which may have been here already for Ann: on the full
		// or half hour the calendar looks what is due. So it is Bob's order, the second event.
		err = st.SecureDeleteMsg(t.Context(), 2)
	}
	if err != nil {
		t.Errorf("an event may not be deleted: %v", err)
	}
	l, err := installation.Open(installation.Options{Config: c, JS: js})
	if err == nil {
		_, err = l.Why(t.Context(), "main", "cat", installation.WhyOptions{})
	}
	if err != nil {
		t.Errorf("why: %v", err)
	}
	if err := statistics.Ask(t.Context(), nc, "main"); err != nil {
		t.Errorf("products refresh: %v", err)
	}
	if _, err := templatestore.New(js).Publish(t.Context(), templatestore.Draft{Files: homingtest.Edition(1), Author: "Ann"}); err != nil {
		t.Errorf("templates push: %v", err)
	}
	until(t, "the published templates in use", func() bool {
		ps, err := templatestore.Ask(t.Context(), nc)
		return err == nil && len(ps) == 1 && ps[0].Version == "1"
	})
	stopApp(t, a)
	stopApp(t, start()) // streams that are there already

	// What comes to a storefront are the acknowledgements of its own events.
	for name, s := range map[string]*spy{"main": main, "second": second, "main-developer": developer} {
		for _, m := range s.heard() {
			if !strings.Contains(m, `"stream":"STOREFRONT"`) || strings.Contains(m, "example.com") {
				t.Errorf("%s saw %s", name, m)
			}
		}
	}
	for _, e := range logs.All() {
		if text := fmt.Sprint(e.Message, e.ContextMap()); strings.Contains(strings.ToLower(text), "permission") {
			t.Errorf("Homing lacks a right: %s", text)
		}
	}
	t.Run("what a storefront may not say", func(t *testing.T) { mayNotSay(t, main, second, js) })
}

// mayNotSay wants what a storefront publishes elsewhere to reach nothing, also by the
// subject to which the acknowledgement of its own event goes.
func mayNotSay(t *testing.T, main, second *spy, js jetstream.JetStream) {
	last := func(stream string) uint64 {
		t.Helper()
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().State.LastSeq
	}
	before, n := map[string]uint64{}, bus.PartitionsOf(js)
	for _, stream := range append(append(n.Timelines(), n.Schedules("thank-you")...), "KV_controls") {
		before[stream] = last(stream)
	}
	for _, subject := range []string{"timeline.main.0.order.placed", "$KV.controls.secret", "$KV.controls.hold.thank-you._.paused", n.Under("due", 0) + ".thank-you.main.x.thanks.1"} {
		for _, s := range []*spy{main, second} {
			if err := s.conn.Publish(subject, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			if err := s.conn.PublishRequest("storefront.main.order.placed", subject, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			if err := s.conn.PublishRequest("storefront.second.order.placed", subject, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			_ = s.conn.Flush()
		}
	}
	time.Sleep(500 * time.Millisecond)
	for stream, seq := range before {
		if now := last(stream); now != seq {
			t.Errorf("%s has %d messages more", stream, now-seq)
		}
	}
}

func stopApp(t *testing.T, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// until waits for what has to happen.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}
