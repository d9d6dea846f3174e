package devstack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/zap"
)

const (
	defaultKeep     = 5000
	defaultMaxBytes = 256 << 20

	// stopPoll is how often Stop looks whether the last email is in.
	stopPoll = 5 * time.Millisecond
)

// InboxOptions configure StartInbox.
type InboxOptions struct {
	SMTPAddr string // host:port to take emails on; "" = 127.0.0.1:0
	HTTPAddr string // host:port to show them on; "" = 127.0.0.1:0
	NextFree bool   // if a port is taken use the next free one (up to +50)

	// Keep is how many emails are kept, the newest ones; default 5000.
	Keep int
	// MaxBytes is how many bytes of emails are kept; default 256 MiB.
	MaxBytes int64
	Log      *zap.Logger // nil = no log
}

func (o *InboxOptions) validate() error {
	if o.Keep < 0 || o.MaxBytes < 0 {
		return errors.New("neither Keep nor MaxBytes may be negative")
	}
	if o.SMTPAddr == "" {
		o.SMTPAddr = "127.0.0.1:0"
	}
	if o.HTTPAddr == "" {
		o.HTTPAddr = "127.0.0.1:0"
	}
	if o.Keep == 0 {
		o.Keep = defaultKeep
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return nil
}

// Inbox is an SMTP server that keeps what it gets, and a web page and JSON API
// that show it.
type Inbox struct {
	box      *mailbox
	recv     *receiver
	smtp     *smtp.Server
	http     *http.Server
	smtpAddr string
	httpAddr string
	incoming net.Listener // of emails

	studio atomic.Pointer[string]

	closing chan struct{} // closed by Stop: ends the event streams
	stop    sync.Once
	serving sync.WaitGroup
}

// StartInbox opens both ports and serves until Stop.
func StartInbox(o InboxOptions) (*Inbox, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("start the inbox: %w", err)
	}
	sl, err := listen(o.SMTPAddr, o.NextFree)
	if err != nil {
		return nil, fmt.Errorf("start the inbox's SMTP server: %w", err)
	}
	hl, err := listen(o.HTTPAddr, o.NextFree)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the inbox's web page: %w", err), sl.Close())
	}
	log := o.Log.Named("inbox")
	box := newMailbox(o.Keep, o.MaxBytes)
	recv := newReceiver(box)
	i := &Inbox{
		box: box, recv: recv, smtp: recv.server(log), closing: make(chan struct{}),
		smtpAddr: sl.Addr().String(), httpAddr: hl.Addr().String(), incoming: sl,
	}
	api := &api{box: box, smtpURL: i.SMTPURL(), closing: i.closing, studio: &i.studio}
	i.http = &http.Server{
		Handler:           guarded(api.routes(), hl.Addr()),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          zap.NewStdLog(log),
	}
	i.serve(log, sl, hl)
	return i, nil
}

func (i *Inbox) serve(log *zap.Logger, sl, hl net.Listener) {
	i.serving.Go(func() {
		if err := i.smtp.Serve(sl); err != nil && !errors.Is(err, net.ErrClosed) {
			log.Error("the inbox has stopped taking emails", zap.Error(err))
		}
	})
	i.serving.Go(func() {
		if err := i.http.Serve(hl); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the inbox's web page has stopped", zap.Error(err))
		}
	})
}

// SMTPAddr is the address emails are taken on, with its real port.
func (i *Inbox) SMTPAddr() string { return i.smtpAddr }

// HTTPAddr is the address of the web page, with its real port.
func (i *Inbox) HTTPAddr() string { return i.httpAddr }

// URL is the web page, such as "http://127.0.0.1:8025".
func (i *Inbox) URL() string { return "http://" + dialable(i.httpAddr) }

// SMTPURL is what goes into the configuration as smtp.url, such as
// "smtp+insecure://127.0.0.1:1025".
func (i *Inbox) SMTPURL() string { return "smtp+insecure://" + dialable(i.smtpAddr) }

// Messages returns the emails kept, newest first, parsed.
func (i *Inbox) Messages() []Message {
	mails := i.box.newest()
	messages := make([]Message, len(mails))
	for n, m := range mails {
		messages[n] = m.message()
	}
	return messages
}

// SetStudio has the page lead to a studio in which emails are edited.
func (i *Inbox) SetStudio(url string) { i.studio.Store(&url) }

// Len is how many emails are kept.
func (i *Inbox) Len() int { return i.box.state().Total }

// Clear forgets all emails.
func (i *Inbox) Clear() { i.box.clear() }

// Wait returns once at least n emails have arrived since the start or the last
// Clear, those dropped or deleted in the meantime included, or with ctx's error.
func (i *Inbox) Wait(ctx context.Context, n int) error {
	changed, stop := i.box.watch()
	defer stop()
	for {
		have := i.box.arrivals()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d emails, %d arrived: %w", n, have, context.Cause(ctx))
		}
	}
}

// Stop takes no more connections, lets the emails being received and the pages
// being served finish until ctx ends, then closes what is still open. Idle SMTP
// connections of a pool do not hold it up. Calling it again does nothing.
func (i *Inbox) Stop(ctx context.Context) error {
	var err error
	i.stop.Do(func() {
		close(i.closing)
		err = i.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("stop the inbox's web page: %w", err), i.http.Close())
		}
		i.drain(ctx)
		cerr := i.smtp.Close()
		// A server that has not begun to serve does not know its listener yet.
		if lerr := i.incoming.Close(); lerr != nil && !errors.Is(lerr, net.ErrClosed) {
			cerr = errors.Join(cerr, lerr)
		}
		if cerr != nil {
			err = errors.Join(err, fmt.Errorf("stop the inbox's SMTP server: %w", cerr))
		}
		i.serving.Wait()
	})
	return err
}

// drain waits for the emails whose DATA has begun: cut off there, a sender could
// not know whether its email was taken.
func (i *Inbox) drain(ctx context.Context) {
	tick := time.NewTicker(stopPoll)
	defer tick.Stop()
	for i.recv.busy.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
