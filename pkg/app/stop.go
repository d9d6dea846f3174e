package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A LeftError says what was begun and is left to the next process, because Stop had no
// more time for it. Nothing of it is lost.
type LeftError struct {
	// Touches are the ids of emails that a relay, or a server of ours, has not answered.
	Touches []string
	// Loops are the names of all loops that were not finished.
	Loops []string
	Why   error
}

func (e *LeftError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gave up waiting for what was begun: %v", e.Why)
	if len(e.Loops) > 0 {
		fmt.Fprintf(&b, "; left open in %s", strings.Join(e.Loops, ", "))
	}
	if n := len(e.Touches); n > 0 {
		fmt.Fprintf(&b, "; %d emails, which may have left: %s", n, strings.Join(e.Touches[:min(n, mostNamed)], " "))
		if n > mostNamed {
			fmt.Fprintf(&b, " and %d more", n-mostNamed)
		}
	}
	return b.String()
}

func (e *LeftError) Unwrap() error { return e.Why }

// mostNamed is how many touches are named in words.
const mostNamed = 50

// goodbye bounds how long relays and NATS are told that we are leaving: it is polite,
// and nothing hangs on it.
const goodbye = 2 * time.Second

// Stop stops pulling, lets what was begun finish, and closes the connections. When ctx
// ends first, what was begun is left to the next process, and the error is or wraps a
// *LeftError. It returns a few seconds after the end of ctx at the latest, whatever the
// servers do.
func (a *App) Stop(ctx context.Context) error {
	if a.stop == nil {
		return nil
	}
	a.stopping.Store(true)
	a.stop()
	done := make(chan struct{})
	go func() { a.running.Wait(); close(done) }()
	var err error
	if a.gateway != nil {
		err = a.gateway.stop(ctx)
	}
	if a.feedback != nil {
		err = errors.Join(err, a.feedback.Stop(ctx))
	}
	if a.console != nil {
		err = errors.Join(err, a.console.Stop(ctx))
	}
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, a.left(context.Cause(ctx)))
	}
	if a.http != nil {
		err = errors.Join(err, a.http.stop(ctx))
	}
	a.lastWords()
	a.leaveRelays()
	a.closeTracer()
	a.stopKeeping()
	a.leavePlace()
	if ferr := a.nc.FlushTimeout(goodbye); ferr != nil && a.nc.IsConnected() {
		err = errors.Join(err, fmt.Errorf("flushing the last acknowledgements: %w", ferr))
	}
	a.nc.Close()
	if a.known != nil {
		err = errors.Join(err, a.known.at.Close())
	}
	return errors.Join(err, a.rdb.Close(), a.raw.Close())
}

// left says what was not finished.
func (a *App) left(why error) *LeftError {
	e := &LeftError{Why: why}
	if !a.started.Load() {
		return e // nothing was begun
	}
	for _, l := range a.loops {
		if n := l.InFlight(); n > 0 {
			e.Loops = append(e.Loops, fmt.Sprintf("%s (%d)", l.Name(), n))
		}
	}
	for _, d := range a.sends {
		e.Touches = append(e.Touches, d.Open()...)
	}
	return e
}

// lastWords has deliveries record what only they know, and then say no more.
func (a *App) lastWords() {
	if !a.started.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	var all sync.WaitGroup
	for _, d := range a.sends {
		all.Go(func() { d.Close(ctx) })
	}
	all.Wait()
}

// leaveRelays says goodbye to all relays at once, and waits a little for that.
func (a *App) leaveRelays() {
	var all sync.WaitGroup
	for _, r := range a.routes { // closing one twice does nothing
		all.Go(func() { _ = r.relay.Close() }) // it has nothing to say
	}
	for _, w := range a.webhooks {
		w.Close()
	}
	closed := make(chan struct{})
	go func() { all.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(goodbye):
	}
}
