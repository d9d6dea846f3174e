package mailer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A Lease is what the owner of an email lends to Send. A nil Lease is allowed:
// nothing is asked, and only the timeouts of the phases apply.
type Lease interface {
	// BeforeDot is called right before the write after which the email may
	// be the relay's: that of the content and its dot, or of all commands and the
	// content at once. An error ends the attempt, and nothing is sent. It is
	// called again if that connection turns out to have been closed before.
	BeforeDot() error
	// Deadline is the current end of the lease, the zero time for none. It is
	// asked again whenever the end it named has come, so the owner may extend
	// the lease while Send waits. It is called on the goroutine of Send.
	Deadline() time.Time
}

// A wire is the network connection under one dialogue, below TLS and below all
// buffers. It ends every read and write at the end of the phase or of the lease,
// whichever is earlier, and looks again before it gives up: layers above never
// see a timeout that an extended lease has overtaken (bufio and textproto would
// lose half a line over one).
type wire struct {
	net.Conn
	end   time.Time // of the phase; zero: none
	lease Lease     // of the email under way, or nil

	mu      sync.Mutex
	cut     bool // the context of the caller has ended
	commits int
}

// phase sets the time the next reads and writes have.
func (w *wire) phase(d time.Duration) { w.end = time.Now().Add(d) }

// rest ends the deadline and the lease, until the next transaction.
func (w *wire) rest() { w.end, w.lease = time.Time{}, nil }

// leaseEnd is the current end of the lease, zero for none.
func (w *wire) leaseEnd() time.Time {
	if w.lease == nil {
		return time.Time{}
	}
	return w.lease.Deadline()
}

// limit is the time at which a read or write must be over, zero for none.
func (w *wire) limit() time.Time {
	lease := w.leaseEnd()
	if lease.IsZero() || !w.end.IsZero() && w.end.Before(lease) {
		return w.end
	}
	return lease
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.bounded(w.Conn.SetReadDeadline, w.Conn.Read, p)
	if errors.Is(err, errExtended) {
		return n, nil // what came, came
	}
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	done := 0
	for {
		n, err := w.bounded(w.Conn.SetWriteDeadline, w.Conn.Write, p[done:])
		done += n
		if done == len(p) || !errors.Is(err, errExtended) {
			return done, err
		}
	}
}

// errExtended ends a step that was cut in the middle by a limit that has moved.
var errExtended = errors.New("the limit has moved")

// bounded runs one read or write, again if the limit has moved in the meantime.
func (w *wire) bounded(set func(time.Time) error, op func([]byte) (int, error), p []byte) (int, error) {
	for {
		limit := w.limit()
		if err := w.arm(set, limit); err != nil {
			return 0, err
		}
		n, err := op(p)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !w.moved(limit) {
			return n, err
		}
		if n > 0 {
			return n, errExtended
		}
	}
}

// arm sets a deadline unless the context has ended: then it stays in the past.
func (w *wire) arm(set func(time.Time) error, limit time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return os.ErrDeadlineExceeded
	}
	return set(limit)
}

// moved reports whether there is a later limit than the one that has passed.
func (w *wire) moved(old time.Time) bool {
	if w.wasCut() {
		return false
	}
	now := w.limit()
	return now.IsZero() || now.After(old)
}

// wasCut reports whether the context has ended it.
func (w *wire) wasCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

// watch has the end of a context end a read or write under way and every later
// one, until stop or commit is called. stop is context.AfterFunc's.
func (w *wire) watch(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.commits
	return context.AfterFunc(ctx, func() { w.interrupt(n) })
}

func (w *wire) interrupt(commits int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.commits != commits {
		return // it comes too late
	}
	w.cut = true
	_ = w.Conn.SetDeadline(time.Unix(1, 0)) // a connection that cannot be cut is closed by its owner
}

// commit is for when an email is on its way: what the context says does not matter
// any more, even if it said so in this instant.
func (w *wire) commit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
	w.commits++
}

// explain puts an error of a read or write into our own words: what ended it,
// and with the operating system's reason only where that names no mail address.
func (w *wire) explain(ctx context.Context, err error) error {
	var netErr net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && w.wasCut():
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		if end := w.leaseEnd(); !end.IsZero() && !end.After(time.Now()) {
			return ErrLeaseEnded
		}
		return ErrTimeout
	case errors.Is(err, ErrProtocol):
		return ErrProtocol
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return ErrConnectionLost
	case errors.As(err, &netErr):
		return fmt.Errorf("%w: %w", ErrConnectionLost, err)
	}
	return err
}
