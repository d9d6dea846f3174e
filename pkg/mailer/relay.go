package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"homing/pkg/throughput"
)

// security is how the connection to the relay is encrypted.
type security int

const (
	startTLS    security = iota // smtp://: STARTTLS, required
	implicitTLS                 // smtps://
	insecure                    // smtp+insecure://
)

// schemes holds what a URL's scheme asks for, and the port it goes to by default.
var schemes = map[string]struct {
	security security
	port     string
}{
	"smtp":          {startTLS, "587"},
	"smtps":         {implicitTLS, "465"},
	"smtp+insecure": {insecure, "25"},
}

// quitTimeout bounds a polite goodbye: nothing hangs on its answer.
const quitTimeout = 5 * time.Second

// Options configure a Relay. Only URL is required.
type Options struct {
	URL         string // smtp://user:secret@host:587, smtps://…, smtp+insecure://…
	Connections int    // open at most so many; default 8
	HELO        string // the name to introduce ourselves by; default the host's

	DialTimeout     time.Duration // connection and TLS handshake; default 30 s
	GreetingTimeout time.Duration // the relay's first word; default 30 s
	CommandTimeout  time.Duration // each command, the content; default 5 min (RFC 5321, section 4.5.3.2)
	DotTimeout      time.Duration // the reply to the final dot; default 10 min: a shorter one makes duplicates
	IdleClose       time.Duration // an idle connection is closed after; default 30 s

	// MaxPerConnection is after how many messages a connection is replaced;
	// default 100, or 10 where the greeting names Exim.
	MaxPerConnection int

	TLSConfig *tls.Config // e.g. a private CA; ServerName defaults to the host
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	Dialled   func(opened bool) // told of each connection that was made, or was to be; may be nil
	// Took returns what is told how long a part of the dialogue with a relay took, if it was
	// answered: dial, helo, tls, auth, envelope, content. It is called once for each; it may be nil.
	Took func(relay, part string) func(time.Duration)
	Log  *zap.Logger
}

// validate fills in the defaults.
func (o *Options) validate() error {
	if err := o.timeouts(); err != nil {
		return err
	}
	if o.Connections < 0 || o.MaxPerConnection < 0 {
		return errors.New("mailer: Connections and MaxPerConnection must not be negative")
	}
	if o.Connections == 0 {
		o.Connections = 8
	}
	if o.HELO == "" {
		o.HELO, _ = os.Hostname() // without a name the next line says localhost
	}
	if o.HELO == "" {
		o.HELO = "localhost"
	}
	if strings.ContainsFunc(o.HELO, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("mailer: HELO must be a plain host name")
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return nil
}

// timeouts is the part of validate about durations.
func (o *Options) timeouts() error {
	for _, d := range []struct {
		name  string
		value *time.Duration
		unset time.Duration
	}{
		{"DialTimeout", &o.DialTimeout, 30 * time.Second},
		{"GreetingTimeout", &o.GreetingTimeout, 30 * time.Second},
		{"CommandTimeout", &o.CommandTimeout, 5 * time.Minute},
		{"DotTimeout", &o.DotTimeout, 10 * time.Minute},
		{"IdleClose", &o.IdleClose, 30 * time.Second},
	} {
		if *d.value < 0 {
			return fmt.Errorf("mailer: %s is negative", d.name)
		}
		if *d.value == 0 {
			*d.value = d.unset
		}
	}
	return nil
}

// A target is what a relay's URL says.
type target struct {
	security     security
	host, addr   string
	user, secret string
}

// parseURL reads a relay's URL. Its errors never quote the URL, which holds the
// password: net/url's do, so they are not passed on.
func parseURL(raw string) (target, error) {
	const form = "smtp://user:secret@host:587 (or smtps://, smtp+insecure://)"
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, errors.New("mailer: the relay's URL is not of the form " + form + "; special characters in user and secret are percent-encoded")
	}
	s, ok := schemes[u.Scheme]
	if !ok || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return target{}, errors.New("mailer: the relay's URL is not of the form " + form)
	}
	t := target{security: s.security, host: u.Hostname(), user: u.User.Username()}
	port := u.Port()
	if port == "" {
		port = s.port
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return target{}, errors.New("mailer: the port in the relay's URL is not between 1 and 65535")
	}
	t.secret, ok = u.User.Password()
	if u.User != nil && (!ok || t.user == "" || t.secret == "") {
		return target{}, errors.New("mailer: the relay's URL names a user without a secret, or a secret without a user")
	}
	t.addr = net.JoinHostPort(t.host, port)
	return t, nil
}

// A Relay is one SMTP relay, and the connections to it that are kept open. It is
// safe for use by several goroutines.
type Relay struct {
	o      Options
	target target
	log    *zap.Logger
	slots  chan struct{} // one for each connection that may be open and in use
	took   stopwatch

	mu     sync.Mutex
	idle   []*session // the one used last is at the end, and is taken first
	open   int        // connections that are open or being made
	making int        // of them, those being made
	closed bool
	done   chan struct{}
	bye    sync.WaitGroup // goodbyes under way

	noChunks atomic.Bool // it offers CHUNKING, and refused BDAT
	pause    pause
	standing standing
}

// New returns a Relay. It does not connect yet.
func New(o Options) (*Relay, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	t, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	o.URL = "" // not needed any more, and it holds the secret
	log := o.Log.Named("mailer").With(zap.String("relay", t.addr))
	return &Relay{
		o: o, target: t, log: log,
		slots: make(chan struct{}, o.Connections),
		took:  newStopwatch(o.Took, t.addr),
		done:  make(chan struct{}),
		pause: pause{log: log},
	}, nil
}

// Addr is the relay's host and port, for logs and errors.
func (r *Relay) Addr() string { return r.target.addr }

// Share has the relay's pauses and its slowed rate be those of all replicas. It is called
// before the first email.
func (r *Relay) Share(t *throughput.Trouble) { r.pause.trouble = t }

// Trouble is what all replicas know of the relay; nil if nobody shares it.
func (r *Relay) Trouble() *throughput.Trouble { return r.pause.trouble }

// take returns the idle connection used last, or nil.
func (r *Relay) take() (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	if len(r.idle) == 0 {
		return nil, nil
	}
	s := r.idle[len(r.idle)-1]
	r.idle = r.idle[:len(r.idle)-1]
	s.timer.Stop()
	return s, nil
}

// put keeps a connection for the next email, or says goodbye to it, and gives its place
// to another: there are never more of them, at the relay either.
func (r *Relay) put(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || s.worn() {
		r.bye.Go(func() { s.quit(); <-r.slots })
		return
	}
	defer func() { <-r.slots }()
	s.used = true
	r.idle = append(r.idle, s)
	if s.timer == nil {
		s.timer = time.AfterFunc(r.o.IdleClose, func() { r.expire(s) })
		return
	}
	s.timer.Reset(r.o.IdleClose)
}

// expire closes a connection that has been idle for long. It may find that the
// connection has been taken in the same instant; then there is nothing to do.
func (r *Relay) expire(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.idle, s)
	if i < 0 {
		return
	}
	r.idle = slices.Delete(r.idle, i, i+1)
	r.bye.Go(s.quit)
}

// Close says goodbye to the idle connections and waits for that, seconds at
// most. Connections in use are closed when they are released; Acquire fails.
func (r *Relay) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.done)
		for _, s := range r.idle {
			s.timer.Stop()
			r.bye.Go(s.quit)
		}
		r.idle = nil
	}
	r.mu.Unlock()
	r.bye.Wait()
	return nil
}
