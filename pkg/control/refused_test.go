package control_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/control"
	"homing/pkg/reason"
	"homing/pkg/timeline"
)

// eventually waits until something is so. In real time: the server checks permissions
// with clocks of its own.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 600 {
		if is() {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Errorf("after a minute: not %s", what)
}

// A user who may not subscribe to the bucket is told of nothing, and learns it all the
// same; one who may not ask for it either does not send.
func TestARefusedSubscriptionMissesNoPause(t *testing.T) {
	t.Parallel()
	deny := func(subjects ...string) *server.Permissions {
		p := &server.Permissions{Publish: &server.SubjectPermission{}, Subscribe: &server.SubjectPermission{Deny: []string{"$KV.>"}}}
		p.Publish.Deny = subjects
		return p
	}
	srv, err := server.NewServer(&server.Options{
		Port: server.RANDOM_PORT, Host: "127.0.0.1", JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Users: []*server.User{{Username: "all", Password: "x"}, {Username: "deaf", Password: "x", Permissions: deny()},
			{Username: "shut-out", Password: "x", Permissions: deny("$JS.API.STREAM.INFO.KV_controls")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	as := func(user string) *control.Controls {
		nc, err := nats.Connect(srv.ClientURL(), nats.UserInfo(user, "x"), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		if user == "all" {
			if _, err := bus.Setup(t.Context(), js, bus.Limits{}, []bus.Worker{{Name: worker}}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		return control.New(control.Options{JS: js, Timeline: timeline.New(js), Stores: []string{"main"}, Now: time.Now, Log: zap.NewNop()})
	}
	operator, deaf, shutOut := as("all"), as("deaf"), as("shut-out")
	for _, c := range []*control.Controls{deaf, shutOut} {
		go c.Run(t.Context())
	}
	may := func(c *control.Controls) bool { why, _ := c.Stopped(); return why == "" && !c.Paused(worker, "main") }
	eventually(t, "sending", func() bool { return may(deaf) })
	if did, err := operator.Pause(t.Context(), control.Hold{Worker: worker, Reason: control.Paused}); err != nil || !did {
		t.Fatal(did, err)
	}
	eventually(t, "paused", func() bool { return !may(deaf) })
	if why, detail := deaf.Stopped(); why != "" {
		t.Errorf("stopped for %s (%s): it knows that it is paused", why, detail)
	}
	eventually(t, "stopped", func() bool { why, detail := shutOut.Stopped(); return why == reason.ControlsUnknown && detail != "" })
}

// A replica that has stopped tells of it in its name, and takes its word back; what one
// that was killed left is taken back by the next.
func TestAStopIsToldAndTakenBack(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		c := h.replica()
		reports := func(c *control.Controls) { go c.Report(h.t.Context(), []string{worker}) }
		reports(c)
		time.Sleep(time.Second)
		c.Stop(reason.ClockSkew, "6 s ahead")
		time.Sleep(time.Second)
		c.Over(reason.ClockSkew)
		time.Sleep(time.Minute)
		if got := h.facts(); len(got) > 0 {
			t.Errorf("a second is nobody's business: %q", got)
		}
		c.Stop(reason.ClockSkew, "6 s ahead")
		time.Sleep(10 * time.Second)
		if !c.In(worker, "main", string(reason.ClockSkew)) || len(h.facts()) != 2 {
			t.Errorf("not told: %q", h.facts())
		}
		other := h.replica()
		time.Sleep(time.Second)
		if why, _ := other.Stopped(); why != "" {
			t.Errorf("another replica stopped for %s", why)
		}
		reports(other) // which takes it for what a killed one left
		time.Sleep(10 * time.Second)
		if !c.In(worker, "main", string(reason.ClockSkew)) {
			t.Error("it is still so, and not told any more")
		}
		c.Over(reason.ClockSkew)
		time.Sleep(10 * time.Second)
		if len(c.Holds()) > 0 {
			t.Errorf("left over: %+v", c.Holds())
		}
	})
}
