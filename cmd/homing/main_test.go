package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/devstack"
)

// patience bounds how long a test waits for what must happen.
const testPatience = 20 * time.Second

// ran is what a command did.
type ran struct {
	code     int
	out, err string
}

// env is an environment that holds what a test puts into it.
type env map[string]string

func (e env) lookup(name string) (string, bool) { v, ok := e[name]; return v, ok }

// homing runs a command to its end.
func homing(t *testing.T, args ...string) ran { return homingWith(t, nil, "", args...) }

func homingWith(t *testing.T, e env, stdin string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, err bytes.Buffer
	code := Main{}.Run(ctx, args, strings.NewReader(stdin), &out, &err, e.lookup)
	return ran{code, out.String(), err.String()}
}

// want fails unless the command ended with this code.
func (r ran) want(t *testing.T, code int) ran {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.out, r.err)
	}
	return r
}

// contains fails unless both outputs together hold all of these.
func (r ran) contains(t *testing.T, texts ...string) ran {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("no %q in\nstdout: %s\nstderr: %s", text, r.out, r.err)
		}
	}
	return r
}

// background is a command that runs until it is stopped.
type background struct {
	t      *testing.T
	cancel context.CancelFunc
	out    *io.PipeReader
	err    *bytes.Buffer // to be read after the end
	done   chan int
}

func start(t *testing.T, e env, args ...string) *background {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	b := &background{t: t, cancel: cancel, out: r, err: &bytes.Buffer{}, done: make(chan int, 1)}
	go func() {
		code := Main{}.Run(ctx, args, strings.NewReader(""), w, b.err, e.lookup)
		_ = w.Close()
		b.done <- code
	}()
	t.Cleanup(func() { b.stop() })
	return b
}

// stop ends the command as SIGTERM would, and wants it to end well.
func (b *background) stop() {
	b.t.Helper()
	if b.done == nil {
		return
	}
	b.cancel()
	go func() { _, _ = io.Copy(io.Discard, b.out) }()
	select {
	case code := <-b.done:
		if code != exitOK {
			b.t.Errorf("stopped with exit code %d\nstderr: %s", code, b.err)
		}
	case <-time.After(stopTimeout + testPatience):
		b.t.Error("did not stop")
	}
	b.done = nil
}

// dev is a running `homing dev` on ports of its own.
type dev struct {
	*background
	Inbox  string  `json:"inbox"`
	Studio string  `json:"studio"`
	NATS   string  `json:"nats"`
	HTTP   string  `json:"http"`
	Links  string  `json:"links"`
	API    string  `json:"api"`
	APIKey string  `json:"api_key_file"`
	State  string  `json:"state"`
	Kept   bool    `json:"kept"`
	Speed  float64 `json:"speed"`
}

func startDev(t *testing.T, args ...string) *dev {
	t.Helper()
	ports := []string{"dev", "--nats-port=0", "--inbox-port=0", "--smtp-port=0", "--http-port=0", "--gateway-port=0", "--studio-port=0", "--output=json"}
	d := &dev{background: start(t, nil, append(ports, args...)...)}
	if err := json.NewDecoder(d.out).Decode(d); err != nil {
		d.cancel()
		t.Fatalf("homing dev said no JSON: %v; exit code %d\nstderr: %s", err, <-d.done, d.err)
	}
	return d
}

// mail is a message in the inbox.
type mail struct {
	To      []string
	Subject string
	Text    string
}

func inbox(t *testing.T, url string) []mail {
	t.Helper()
	res, err := http.Get(url + "/api/messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out []mail
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// waitMails returns the emails once there are n.
func waitMails(t *testing.T, url string, n int) []mail {
	t.Helper()
	var got []mail
	eventually(t, func() bool { got = inbox(t, url); return len(got) >= n }, func() string {
		return "waiting for " + plural(n, "email") + ", there are " + number(len(got))
	})
	if len(got) != n {
		t.Fatalf("%d emails, want %d: %v", len(got), n, got)
	}
	return got
}

// eventually polls until what must happen has happened.
func eventually(t *testing.T, ok func() bool, what func() string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(testPatience); ; {
		if ok() {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal(what())
		}
	}
}

// natsOnly is a NATS without Homing, set up by `homing setup`.
func natsOnly(t *testing.T) (url string, js jetstream.JetStream) {
	t.Helper()
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Stop)
	homing(t, "setup", "--nats", srv.URL()).want(t, exitOK)
	nc, err := nats.Connect(srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return srv.URL(), js
}

// published returns what is on STOREFRONT.
func onStorefront(t *testing.T, js jetstream.JetStream) []*jetstream.RawStreamMsg {
	t.Helper()
	s, err := js.Stream(t.Context(), bus.Storefront)
	if err != nil {
		t.Fatal(err)
	}
	var out []*jetstream.RawStreamMsg
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// write makes a file in a folder of the test's.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
