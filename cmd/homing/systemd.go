package main

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"homing/pkg/app"
)

// supervisor tells systemd how the process is doing, if systemd started it and wants to
// know (Type=notify): when it is ready for the first time, a line for `systemctl status`,
// when it begins to stop, and, if there is a watchdog, every now and then that it answers.
// See sd_notify(3).
type supervisor struct {
	socket   string        // where systemd listens; empty: nobody does
	watchdog time.Duration // how often it wants to hear of us; 0: it does not
	health   func(ctx context.Context, path string) error

	stop func()
	done sync.WaitGroup
}

// supervise begins to tell about an app that was started.
func (p *program) supervise(a *app.App) *supervisor {
	socket, _ := p.env("NOTIFY_SOCKET")
	usec, _ := p.env("WATCHDOG_USEC")
	micros, _ := strconv.ParseInt(usec, 10, 64) // what is no number is no watchdog
	s := &supervisor{socket: socket, watchdog: time.Duration(micros) * time.Microsecond, health: func(ctx context.Context, path string) error {
		if a.Addr() == "" { // no http.listen, and so nobody to ask
			if path == "/livez" {
				return nil
			}
			return a.Ready()
		}
		return askHealth(ctx, a.Addr(), path)
	}}
	s.begin(time.Second)
	return s
}

// begin looks every so often at how the process is, and thrice in the time of the
// watchdog at whether it answers.
func (s *supervisor) begin(every time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	if s.socket == "" {
		return
	}
	s.done.Go(func() {
		ready, said := false, ""
		repeat(ctx, every, func() {
			status := "ready"
			if err := s.ask(ctx, "/readyz"); err != nil {
				status = "waiting: " + err.Error()
			}
			if ctx.Err() != nil || status == said {
				return
			}
			said = status
			if status == "ready" && !ready {
				ready = true
				s.tell("READY=1\n")
			}
			s.tell("STATUS=" + strings.ReplaceAll(status, "\n", "; ") + "\n")
		})
	})
	if s.watchdog > 0 {
		s.done.Go(func() {
			repeat(ctx, s.watchdog/3, func() {
				if s.ask(ctx, "/livez") == nil {
					s.tell("WATCHDOG=1\n")
				}
			})
		})
	}
}

func (s *supervisor) ask(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return s.health(ctx, path)
}

// stopping says that the process ends, and that nothing more is to be expected of it.
func (s *supervisor) stopping() {
	s.stop()
	s.done.Wait()
	s.tell("STOPPING=1\nSTATUS=stopping: finishing what has begun\n")
}

// tell sends one datagram. If systemd does not take it, there is nobody else to tell.
func (s *supervisor) tell(state string) {
	if s.socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", s.socket) // an @ in front means an abstract socket, as it does to systemd
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}

// repeat does something at once and then every so often, until ctx ends.
func repeat(ctx context.Context, every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
