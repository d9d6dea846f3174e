package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// systemd is a socket to notify, and what was said there.
type systemd struct {
	path string
	conn *net.UnixConn
}

func startSystemd(t *testing.T) *systemd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &systemd{path, conn}
}

// hear waits for a message that is not about the watchdog.
func (s *systemd) hear(t *testing.T) string {
	t.Helper()
	for {
		if said := s.next(t); said != "WATCHDOG=1" {
			return said
		}
	}
}

func (s *systemd) next(t *testing.T) string {
	t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(testPatience))
	buf := make([]byte, 4<<10)
	n, err := s.conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(buf[:n]), "\n")
}

// health is a process whose state a test sets.
type health struct{ ready, live atomic.Pointer[error] }

func (h *health) ask(_ context.Context, path string) error {
	p := h.ready.Load()
	if path == "/livez" {
		p = h.live.Load()
	}
	if p == nil {
		return nil
	}
	return *p
}

func TestSystemdHearsHowTheProcessIs(t *testing.T) {
	d, h := startSystemd(t), &health{}
	away := errors.New("not connected to NATS\nREADY=1")
	h.ready.Store(&away)
	s := &supervisor{socket: d.path, health: h.ask}
	s.begin(time.Millisecond)
	expect := func(want string) {
		t.Helper()
		if got := d.hear(t); got != want {
			t.Errorf("said %q, want %q", got, want)
		}
	}
	expect("STATUS=waiting: not connected to NATS; READY=1")
	h.ready.Store(nil)
	expect("READY=1")
	expect("STATUS=ready")
	h.ready.Store(&away) // later it waits again, which is no other state to systemd
	expect("STATUS=waiting: not connected to NATS; READY=1")
	h.ready.Store(nil)
	expect("STATUS=ready")
	s.stopping()
	expect("STOPPING=1\nSTATUS=stopping: finishing what has begun")
}

func TestTheWatchdogHearsOfAProcessThatAnswersAlone(t *testing.T) {
	d, h := startSystemd(t), &health{}
	hangs := errors.New("it hangs")
	h.ready.Store(&hangs)
	s := &supervisor{socket: d.path, watchdog: 30 * time.Millisecond, health: h.ask}
	s.begin(time.Hour)
	for range 5 {
		for d.next(t) != "WATCHDOG=1" {
		}
	}
	h.live.Store(&hangs)
	s.stopping()
	for d.next(t) != "STOPPING=1\nSTATUS=stopping: finishing what has begun" { // what was on its way
	}
	s.begin(time.Hour)
	time.Sleep(300 * time.Millisecond)
	s.stopping()
	for {
		switch d.next(t) {
		case "WATCHDOG=1":
			t.Fatal("a process that does not answer told the watchdog that it does")
		case "STOPPING=1\nSTATUS=stopping: finishing what has begun":
			return
		}
	}
}

func TestNobodyIsToldWhereSystemdIsNot(t *testing.T) {
	s := &supervisor{watchdog: time.Millisecond, health: func(context.Context, string) error {
		t.Error("the process was asked")
		return nil
	}}
	s.begin(time.Millisecond)
	s.stopping()
}

func TestHealthIsAskedOfTheProcessOnThisMachine(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080",
		"[::]:8080": "[::1]:8080", "10.0.0.7:81": "10.0.0.7:81",
	} {
		if got, err := healthAddress(listen); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", listen, got, err, want)
		}
	}
	for _, listen := range []string{"", "127.0.0.1:0", "8080"} {
		if _, err := healthAddress(listen); err == nil || !strings.Contains(err.Error(), "http.listen") {
			t.Errorf("%q: %v", listen, err)
		}
	}
}
