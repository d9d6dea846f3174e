package main

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// serveNATS starts a server with a configuration of nats-server's own.
func serveNATS(t *testing.T, text string) *server.Server {
	t.Helper()
	o, err := server.ProcessConfigFile(write(t, t.TempDir(), "nats.conf", text))
	if err != nil {
		t.Fatal(err)
	}
	return serveOptions(t, o)
}

func serveOptions(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.Port, o.StoreDir, o.NoLog, o.NoSigs = "127.0.0.1", -1, t.TempDir(), true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(testPatience) {
		t.Fatal("the server did not start")
	}
	return s
}

func urlOf(s *server.Server, user string) string {
	return fmt.Sprintf("nats://%s:pw@127.0.0.1:%d", user, s.Addr().(*net.TCPAddr).Port)
}

// stored checks what `publish --output=json` says.
func stored(t *testing.T, r ran, subject string) {
	t.Helper()
	var got published
	if err := json.Unmarshal([]byte(r.want(t, exitOK).out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Stream != "STOREFRONT" || got.Subject != subject || got.Duplicate {
		t.Errorf("published %+v", got)
	}
}

// With the rights of configs/nats-permissions.conf a storefront can publish, and is
// told at once, in words, what it may not.
func TestPublishWorksWithAStorefrontsOwnUser(t *testing.T) {
	for _, who := range []string{"HOMING_NATS", "MAIN_DEVELOPER", "MAIN_NATS", "SECOND_NATS"} {
		t.Setenv(who+"_PASSWORD", "pw")
	}
	o, err := server.ProcessConfigFile(filepath.Join("..", "..", "configs", "nats-permissions.conf"))
	if err != nil {
		t.Fatal(err)
	}
	s := serveOptions(t, o)
	homing(t, "setup", "--nats", urlOf(s, "homing")).want(t, exitOK)
	file := write(t, t.TempDir(), "events.jsonl", sample)
	for _, user := range []string{"main", "main-developer"} {
		url := urlOf(s, user)
		stored(t, homing(t, "publish", "order.placed", "--customer=ann", "--nats", url, "--inbox-prefix=_INBOX_main", "-o=json"), "storefront.main.order.placed")
		homing(t, "publish", "--file", file, "--nats", url, "--inbox-prefix=_INBOX_main").want(t, exitOK).contains(t, "published 3 events")
		homing(t, "publish", "order.placed", "--customer=ann", "--nats", url).want(t, exitUsage).contains(t, "--inbox-prefix", "_INBOX_main")
		homing(t, "publish", "order.placed", "--customer=ann", "--store=second", "--nats", url, "--inbox-prefix=_INBOX_main").want(t, exitUsage).contains(t, "--store")
		homing(t, "publish", "--file", file, "--store=second", "--nats", url, "--inbox-prefix=_INBOX_main").want(t, exitUsage).contains(t, "--store")
	}
}

// The streams are in a domain behind a leaf node: storefronts publish at the leaf, and
// everything else works there with nats.domain.
func TestPublishAndSetupWorkThroughALeafNodeAndADomain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	hub := serveNATS(t, fmt.Sprintf(`jetstream {domain: hub}
leafnodes {listen: "127.0.0.1:%d"}`, port))
	leaf := serveNATS(t, fmt.Sprintf(`jetstream {domain: shop}
leafnodes {remotes: [{url: "nats-leaf://127.0.0.1:%d"}]}`, port))
	plain := serveNATS(t, fmt.Sprintf(`leafnodes {remotes: [{url: "nats-leaf://127.0.0.1:%d"}]}`, port))
	eventually(t, func() bool { return hub.NumLeafNodes() == 2 }, func() string { return fmt.Sprintf("%d leaf nodes", hub.NumLeafNodes()) })
	config := func(domain string) string {
		return write(t, t.TempDir(), "homing.yaml", otherStore+"nats: {domain: "+domain+"}\n")
	}
	homing(t, "setup", "--nats", leaf.ClientURL(), "--config", config("hub")).want(t, exitOK)
	homing(t, "setup", "--nats", leaf.ClientURL(), "--config", config("nowhere")).want(t, exitFailure).contains(t, "nats.domain")
	if homing(t, "status", "--nats", leaf.ClientURL(), "--config", config("shop")).code == exitOK {
		t.Error("streams were made at the leaf")
	}
	for i, at := range []*server.Server{leaf, plain, hub} {
		stored(t, homing(t, "publish", "order.placed", "--customer=ann", fmt.Sprintf("--order=n%d", i), "--nats", at.ClientURL(), "-o=json"), "storefront.main.order.placed")
	}
	r := homing(t, "status", "--nats", leaf.ClientURL(), "--config", config("hub")).want(t, exitOK)
	if !strings.Contains(r.out, "STOREFRONT") {
		t.Error(r.out)
	}
	homing(t, "pause", "thank-you", "--nats", leaf.ClientURL(), "--config", config("hub")).want(t, exitOK)
	homing(t, "status", "--nats", hub.ClientURL(), "--config", config("hub")).want(t, exitOK).contains(t, "thank-you: paused")
}
