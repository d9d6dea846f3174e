package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listening is a configuration whose health is asked for there.
func listening(t *testing.T, addr string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "homing.yaml")
	text := `http: {listen: "` + addr + `", public_url: "https://mail.shop.example"}
stores: {main: {name: Shop, url: "https://shop.example", from: "hello@shop.example", postal_address: "1 High Street", time_zone: Europe/London, locale: en-GB, currency: GBP}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHealthSaysWhatTheProcessSays(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			http.Error(w, "not connected to NATS", http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	path := listening(t, strings.TrimPrefix(srv.URL, "http://"))
	homing(t, "--config", path, "health").want(t, exitFailure).contains(t, "health: not connected to NATS")
	homing(t, "--config", path, "health", "--live").want(t, exitOK).contains(t, "ok")
}

func TestHealthOfAProcessThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	homing(t, "--config", listening(t, addr), "health").want(t, exitUnreachable).contains(t, "nothing answers at "+addr)
	homing(t, "--config", listening(t, "127.0.0.1:0"), "health").want(t, exitUsage).contains(t, "http.listen", "name one")
}
