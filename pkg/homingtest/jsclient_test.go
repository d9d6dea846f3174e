package homingtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// outages is a NATS that a test in another language stops, starts and fills.
type outages struct {
	t      *testing.T
	o      server.Options
	server *server.Server
}

func (x *outages) start() {
	o := x.o
	s, err := server.NewServer(&o)
	if err != nil {
		x.t.Error(err)
		return
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		x.t.Error("NATS does not start")
	}
	x.server = s
}

func (x *outages) stop() {
	x.server.Shutdown()
	x.server.WaitForShutdown()
}

// stream makes the stream of storefronts again, deletes it, or makes one that is full.
func (x *outages) stream(w http.ResponseWriter, r *http.Request) {
	nc, err := nats.Connect(x.server.ClientURL(), nats.UserInfo("admin", "admin"))
	if err != nil {
		x.t.Error(err)
		return
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		x.t.Error(err)
		return
	}
	c := jetstream.StreamConfig{Name: bus.Storefront, Subjects: []string{"storefront.>"}, Duplicates: 2 * time.Minute, Discard: jetstream.DiscardNew}
	switch r.URL.Path {
	case "/delete":
		err = js.DeleteStream(r.Context(), bus.Storefront)
	case "/full":
		if c.MaxMsgs = 1; err == nil {
			_, err = js.CreateOrUpdateStream(r.Context(), c)
		}
		if err == nil {
			_, err = js.Publish(r.Context(), "storefront.main.cart.updated", nil)
		}
	default:
		_, err = js.CreateOrUpdateStream(r.Context(), c)
	}
	if err != nil {
		x.t.Error(r.URL.Path, err)
	}
}

// TestTheClientForJavaScript runs events/js/test with Node; `make js` prepares that.
func TestTheClientForJavaScript(t *testing.T) {
	dir := os.Getenv("HOMING_JS")
	if dir == "" {
		t.Skip("make js fetches what it needs with npm, and runs it")
	}
	shop := &server.User{Username: "shop", Password: "shop", Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{"storefront.main.>"}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX_main.>"}},
	}}
	x := &outages{t: t, o: server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
		Users: []*server.User{shop, {Username: "admin", Password: "admin"}}}}
	x.start()
	url := x.server.ClientURL()
	if _, err := fmt.Sscanf(url, "nats://127.0.0.1:%d", &x.o.Port); err != nil { // the same one after a restart
		t.Fatal(url, err)
	}
	t.Cleanup(func() { x.stop() })
	mux := http.NewServeMux()
	mux.HandleFunc("/stop", func(http.ResponseWriter, *http.Request) { x.stop() })
	mux.HandleFunc("/start", func(http.ResponseWriter, *http.Request) { x.start() })
	mux.HandleFunc("/", x.stream)
	control := httptest.NewServer(mux)
	t.Cleanup(control.Close)
	if _, err := http.Get(control.URL + "/create"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "nats.test.js", "http.test.js")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NATS_URL="+url, "CONTROL_URL="+control.URL)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
