package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
)

// older is JetStream as a server answers that takes what it does not know, and
// returns it without a word.
type older struct {
	jetstream.JetStream
	level int
	drop  func(*jetstream.StreamConfig)
}

func (o older) AccountInfo(ctx context.Context) (*jetstream.AccountInfo, error) {
	i, err := o.JetStream.AccountInfo(ctx)
	if err == nil {
		i.API.Level = o.level
	}
	return i, err
}

func (o older) CreateStream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	o.drop(&c)
	return o.JetStream.CreateStream(ctx, c)
}

func (o older) UpdateStream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	o.drop(&c)
	return o.JetStream.UpdateStream(ctx, c)
}

func TestAServerThatCannotScheduleIsRefusedByItsVersion(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		version := n.Conn.ConnectedServerVersion()
		nothing := func(*jetstream.StreamConfig) {}
		if err := bus.Able(t.Context(), n.JS); err != nil {
			t.Errorf("the server of this test: %v", err)
		}
		for _, level := range []int{0, 1} {
			err := bus.Able(t.Context(), older{n.JS, level, nothing})
			if old, is := errors.AsType[*bus.TooOld](err); !is || old.Level != level || !strings.Contains(err.Error(), version) || !strings.Contains(err.Error(), "2.12") {
				t.Errorf("level %d: %v", level, err)
			}
		}
		setup := func(js jetstream.JetStream) error {
			_, err := bus.Setup(t.Context(), js, bus.Limits{}, []bus.Worker{worker}, time.Now())
			return err
		}
		mute := older{n.JS, 2, func(c *jetstream.StreamConfig) { c.AllowMsgSchedules = false }}
		for _, when := range []string{"as it is made", "as it is brought up to date"} {
			err := setup(mute)
			if u, is := errors.AsType[*bus.Unlike](err); !is || u.Name != bus.ScheduleStream(worker.Name) || !strings.Contains(err.Error(), "allow_msg_schedules") {
				t.Errorf("%s: %v", when, err)
			}
		}
		if err := setup(n.JS); err != nil {
			t.Error(err)
		}
	})
}

// At a reconnect it is only looked at: what matters is told from limits, which
// another version may have changed.
func TestVerifyTellsWhatMattersFromLimits(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		verify := func() error { return bus.Verify(s.ctx, s.js, bus.Limits{}, []bus.Worker{worker}) }
		if err := verify(); err != nil {
			t.Fatalf("what was just set up: %v", err)
		}
		change := func(name string, how func(*jetstream.StreamConfig)) {
			t.Helper()
			st, err := s.js.Stream(s.ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			c := st.CachedInfo().Config
			how(&c)
			if _, err := s.js.UpdateStream(s.ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		change(bus.Storefront, func(c *jetstream.StreamConfig) { c.MaxBytes, c.Description = 1<<24, "of a newer version" })
		if err := verify(); err != nil {
			t.Errorf("another limit: %v", err)
		}
		for _, c := range []struct {
			what, word string
			harm       func()
		}{
			{"a full stream that drops the oldest", "discard policy", func() {
				change(bus.Timeline, func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld })
			}},
			{"a consumer that is gone", "not found", func() {
				if err := s.js.DeleteConsumer(s.ctx, bus.Storefront, bus.IntakeConsumer); err != nil {
					t.Fatal(err)
				}
			}},
			{"a bucket that forgets", "ttl", func() {
				if _, err := s.js.UpdateKeyValue(s.ctx, jetstream.KeyValueConfig{Bucket: bus.ControlsBucket, History: 5, TTL: time.Hour}); err != nil {
					t.Fatal(err)
				}
			}},
		} {
			c.harm()
			if err := verify(); err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("%s: %v", c.what, err)
			}
			if len(did(s.setup())) == 0 {
				t.Errorf("%s: a setup changed nothing", c.what)
			}
			if err := verify(); err != nil {
				t.Errorf("%s, after a setup: %v", c.what, err)
			}
		}
	})
}

func TestWithoutJetStreamItIsSaidInWords(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		js, err := jetstream.NewWithDomain(n.Conn, "hub")
		if err != nil {
			t.Fatal(err)
		}
		if err := bus.Able(t.Context(), js); !errors.Is(err, bus.ErrNoJetStream) || !strings.Contains(err.Error(), "nats.domain") {
			t.Errorf("another domain: %v", err)
		}
	})
	srv, err := natsserver.NewServer(&natsserver.Options{DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer srv.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Able(t.Context(), js); !errors.Is(err, bus.ErrNoJetStream) || !strings.Contains(err.Error(), "--jetstream") {
		t.Errorf("without JetStream: %v", err)
	}
}
