// Package studio is the web app in which marketers edit emails and see them as
// recipients will. It shows and saves the files of one folder of templates, or those that
// all who use the console share, renders with the renderer that delivery uses, and sends
// tests. It decides nothing about real emails and doesn't talk to NATS, Redis or a relay
// itself: what it needs of those it is given.
//
// It is an app of sections (pages.go), each with its routes and its place in the
// navigation.
package studio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/pkg/render"
	"homing/pkg/templatestore"
)

// Options are what a studio works on.
type Options struct {
	// Dir is the folder of the templates.
	Dir string
	// Carried are shown where there is no such folder; the first time something is
	// saved, the folder is made of them. They may be nil.
	Carried fs.FS
	Stores  []Store // those that are configured; there may be none
	// Versions are the published templates, on which the console works instead of a
	// folder: what is saved there is a draft that all share, until it is published. They
	// lie over what is Carried. nil: it works on the folder.
	Versions *templatestore.Store
	// Push publishes the folder. nil: its files are used where they are.
	Push *Push
	// Load makes templates usable as a process that sends does, or says what is wrong
	// with them. With Versions or Push it is required.
	Load func(fs.FS) (*render.Set, error)
	// Published is called after something was published; may be nil.
	Published func(ctx context.Context) error
	// Customers finds out what real customers would get; nil: not connected.
	Customers Customers
	// Sender sends tests; nil: there is no relay.
	Sender Sender
	// Sections are parts of the app besides the emails.
	Sections []Section
	// Access says who may use it; nil: everybody who can reach it.
	Access Access
	// Addr is where pages are served, host:port; "": 127.0.0.1:0. With NextFree the next
	// free port is taken if it is in use.
	Addr     string
	NextFree bool
	// URL is the address by which people reach it, behind a proxy, and MailURL that on
	// another host under which it shows emails; both lead to Addr. "": it is on this
	// machine, and emails have a port of their own.
	URL, MailURL string
	Served       func(code int) // told of each answer; may be nil
	// Guard is put around all pages, within what every answer's header has; may be nil.
	Guard func(http.Handler) http.Handler
	Inbox string      // URL of an inbox that shows what is sent; "": there is none
	Log   *zap.Logger // nil: no log
}

// A Store is one for which emails can be looked at.
type Store struct {
	ID   string
	View render.Store
}

// Customers knows real customers.
type Customers interface {
	// Email returns what delivery would show a customer in an email,
	// "<worker>/<step>". The customer is named as for `homing why`; store may be "".
	Email(ctx context.Context, store, who, email string) (CustomerEmail, error)
}

// CustomerEmail is what an email to a customer would show, and what is to be known
// about it: that it leaves on Friday, or why it would not.
type CustomerEmail struct {
	Data render.Data
	Note string
}

// Sender sends one email as a test.
type Sender interface {
	// Send sends it to an address, or says why it may not be sent there.
	Send(ctx context.Context, store, to string, m render.Mail) error
}

// Studio is a running studio.
type Studio struct {
	o       Options
	work    workspace
	shared  *shared // the same, in the console; nil: a folder
	sets    sets
	compile compiler
	views   views
	known   known
	shown   []section
	live    *hub
	audit   *zap.Logger // who changed what, where people have names
	peek    string      // the key of thumbnails
	stamp   string      // of all assets: browsers keep them for as long as it is the same

	servers          []*http.Server
	addr, mailAddr   net.Addr
	closing          chan struct{} // closed by Stop: ends the event streams
	stop             sync.Once
	serving          sync.WaitGroup
	pageURL, mailURL string
}

// Start opens its ports and serves until Stop. Pages and emails have origins of their
// own: an email can do nothing to the page that shows it.
func Start(o Options) (*Studio, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Access == nil {
		o.Access = Anybody{}
	}
	if o.Served == nil {
		o.Served = func(int) {}
	}
	pages, err := listen(o.Addr, o.NextFree)
	if err != nil {
		return nil, fmt.Errorf("start the studio: %w", err)
	}
	s := &Studio{o: o, work: &folder{dir: o.Dir, carried: o.Carried}, closing: make(chan struct{}), addr: pages.Addr(), peek: rand.Text()}
	if o.Versions != nil {
		builtIn, err := templatestore.ReadFiles(o.Carried)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start the studio: %w", err), pages.Close())
		}
		s.shared = &shared{store: o.Versions, builtIn: builtIn}
		s.work = s.shared
	}
	s.shown, s.live, s.stamp = s.sections(), newHub(o.Sections), stampOf(o.Sections)
	log := o.Log.Named("studio")
	s.audit = zap.NewNop()
	if s.shared != nil {
		s.audit = o.Log.Named("console")
	}
	if o.URL != "" {
		s.pageURL, s.mailURL = strings.TrimRight(o.URL, "/"), strings.TrimRight(o.MailURL, "/")
		s.serve(pages, s.byHost(), log)
		return s, nil
	}
	host, _, _ := net.SplitHostPort(pages.Addr().String())
	mails, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the studio: %w", err), pages.Close())
	}
	s.mailAddr = mails.Addr()
	s.pageURL, s.mailURL = "http://"+pages.Addr().String(), "http://"+mails.Addr().String()
	s.serve(pages, s.pageRoutes(), log)
	s.serve(mails, s.mailRoutes(), log)
	return s, nil
}

// byHost tells pages and emails apart by the name that was asked for.
func (s *Studio) byHost() http.Handler {
	pages, mails := s.pageRoutes(), s.mailRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &counted{ResponseWriter: w, code: http.StatusOK}
		if sameHost(r.Host, s.mailURL) {
			mails.ServeHTTP(seen, r)
		} else {
			pages.ServeHTTP(seen, r)
		}
		s.o.Served(seen.code)
	})
}

// counted notes the status of an answer.
type counted struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (c *counted) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (s *Studio) serve(l net.Listener, h http.Handler, log *zap.Logger) {
	srv := server(h, log)
	s.servers = append(s.servers, srv)
	s.serving.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the studio has stopped", zap.Error(err))
		}
	})
}

func server(h http.Handler, log *zap.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: zap.NewStdLog(log)}
}

// portTries is how many ports after the wanted one are tried with NextFree.
const portTries = 50

func listen(addr string, nextFree bool) (net.Listener, error) {
	first, err := net.Listen("tcp", addr)
	if err == nil || !nextFree {
		return first, err
	}
	host, service, serr := net.SplitHostPort(addr)
	port, nerr := strconv.Atoi(service)
	if serr != nil || nerr != nil {
		return nil, err
	}
	for p := port + 1; p <= min(port+portTries, 65535); p++ {
		if l, lerr := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p))); lerr == nil {
			return l, nil
		}
	}
	return nil, err
}

// Addr is where it listens.
func (s *Studio) Addr() string { return s.addr.String() }

// URL is the studio's first page, such as "http://127.0.0.1:8026".
func (s *Studio) URL() string { return s.pageURL }

// Stop takes no more requests, and lets those that are being answered finish until ctx
// ends. Calling it again does nothing.
func (s *Studio) Stop(ctx context.Context) error {
	var err error
	s.stop.Do(func() {
		close(s.closing)
		for _, srv := range s.servers {
			if serr := srv.Shutdown(ctx); serr != nil {
				err = errors.Join(err, serr, srv.Close())
			}
		}
		s.serving.Wait()
	})
	return err
}
