// Package gateway answers the links in emails: to unsubscribe, to choose preferences, to
// confirm an address, to answer a question, to see the email in a browser, and those that
// lead on to the shop. It serves pages to people and one-click unsubscribes (RFC 8058) to
// mailbox providers. It knows neither NATS nor Redis: it hands what is to be recorded to a
// function that returns only once it is in force.
//
// GET and HEAD change nothing, because prefetchers and scanners follow every
// link. POST needs nothing but the link: no cookie, no login, no script.
package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/click"
	"homing/pkg/customer"
	"homing/pkg/limits"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// Options are what a Gateway works with.
type Options struct {
	Links  *link.Signer
	Stores map[string]*programme.Store
	// Templates returns those in force, which may change; nil or returning nil: there are
	// none, and pages have the words that come with the program.
	Templates func() *render.Set
	// Person reads the person that a customer is, as one, with the customer's own id.
	Person func(ctx context.Context, k customer.Key) (customer.Customer, error)
	// Take folds the entries into their customers, appends them to the timeline
	// and marks them. Once it returns without an error they are in force and safe.
	Take func(ctx context.Context, entries []customer.Entry) error
	// Leave is for an unsubscribe that cannot be recorded now. Once it returns without an
	// error the customer gets no marketing email before it is.
	Leave func(ctx context.Context, x click.Click) error
	// Shown returns the HTML of an email that was sent, by the key of its touch's claim;
	// "" if it is not kept, or not any more.
	Shown func(ctx context.Context, k customer.Key, claim uint64) (string, error)
	// Mailbox returns the token of a mailbox; nil: links that confirm one lead nowhere.
	Mailbox func(store, address string) string
	Proxies limits.Proxies   // in front of it
	Now     func() time.Time // business time
	Log     *zap.Logger

	// Visited is told of every use of a link that leads on to the shop, or of a picture that
	// nobody sees; it must not wait. It may be nil.
	Visited      func(l link.Link, at time.Time, machine bool)
	Unsubscribed func(scope string)          // told of every unsubscribe; may be nil
	Served       func(kind string, code int) // told of every request: unsubscribe, answer, view or other; may be nil
}

const (
	// maxBody is far more than a provider or the page sends: one short field.
	maxBody = 8 << 10
	// patience is how long recording may take before the customer is asked to try
	// again; it leaves time for the answer within the server's own timeouts.
	patience = 8 * time.Second
	// soon is how much of that it may take before an unsubscribe is left to be recorded
	// later.
	soon = 4 * time.Second
	// atOnce bounds the recordings of one process, so that a flood of clicks
	// leaves room for the others that use the same servers.
	atOnce = 32
	// retryAfter is when a mailbox provider should try again, in seconds.
	retryAfter = "60"
)

// Gateway is the handler of the public address.
type Gateway struct {
	o      Options
	slots  chan struct{}
	taken  limits.Lately // events, by id
	counts limits.Counts // of requests
	warned limits.Counts // of what the log says

	dresses map[*programme.Store]*dress
	plain   *dress // of a link that names no store
}

// New returns a gateway.
func New(o Options) *Gateway {
	g := &Gateway{o: o, slots: make(chan struct{}, atOnce), dresses: map[*programme.Store]*dress{}, plain: dressed(nil)}
	for _, s := range o.Stores {
		g.dresses[s] = dressed(s.View.Brand)
	}
	return g
}

// reply is what a request is answered with.
type reply struct {
	kind  string // for the metric
	code  int
	view  view
	email string // in place of the view
	allow string // of 405
	to    string // where it leads, in place of the view
	blank bool   // a picture that nobody sees, in place of the view
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	if r.URL.Path == g.o.Links.Path()+"/robots.txt" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("User-agent: *\nDisallow: /\n"))
		return
	}
	a := g.answer(w, r)
	if g.o.Served != nil {
		g.o.Served(a.kind, a.code)
	}
	if a.allow != "" {
		w.Header().Set("Allow", a.allow)
	}
	if a.code == http.StatusServiceUnavailable || a.code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	switch {
	case a.to != "":
		w.Header().Set("Location", inASCII(a.to))
		w.WriteHeader(a.code)
		return
	case a.blank:
		writeBlank(w)
		return
	}
	if a.email != "" {
		writeEmail(w, a.email)
		return
	}
	a.view.write(w, a.code)
}

// guard sets the headers that every answer has: nothing from elsewhere, no
// script, no frame around it, no trace of the link in caches, search engines or
// the shop's logs.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", strict)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// answer decides what a request gets.
func (g *Gateway) answer(w http.ResponseWriter, r *http.Request) reply {
	l, err := g.o.Links.Verify(r.URL.Path)
	switch {
	case errors.Is(err, link.ErrMalformed):
		return reply{kind: "other", code: http.StatusNotFound, view: incomplete(g.site(g.only(), r.Header))}
	case err != nil:
		return reply{kind: "other", code: http.StatusForbidden, view: invalid(g.site(g.only(), r.Header))}
	}
	store, ok := g.o.Stores[l.Customer.Store]
	if !ok {
		return reply{kind: "other", code: http.StatusNotFound, view: incomplete(g.site(unknown, r.Header))}
	}
	s := g.site(store, r.Header)
	switch l.Purpose {
	case link.View:
		return g.show(r, s, l)
	case link.Preferences:
		return g.preferences(w, r, s, l)
	case link.Confirm:
		return g.confirm(w, r, s, l)
	case link.Visit, link.Opened:
		return g.visited(r, s, l)
	case link.Answer:
		return g.answerTo(w, r, s, l)
	}
	return page{
		kind: "unsubscribe", most: maxBody,
		show: func() (view, int) {
			v := askUnsubscribe(s, l)
			v.More = g.toPreferences(s, l)
			return v, http.StatusOK
		},
		press: func(form url.Values) (view, int) {
			choice := chosen(form)
			return g.leaves(r, s, l, choice, hidden{"scope", choice})
		},
	}.answer(w, r, s)
}

// A page has a button: GET and HEAD show it, and POST is that the button was pressed.
type page struct {
	kind  string // for the metric
	most  int64  // bytes of its form
	show  func() (view, int)
	press func(form url.Values) (view, int)
}

func (p page) answer(w http.ResponseWriter, r *http.Request, s site) reply {
	a := reply{kind: p.kind}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		a.view, a.code = p.show()
	case http.MethodPost:
		form, err := sent(w, r, p.most)
		if err != nil {
			a.view, a.code = notHere(s), http.StatusRequestEntityTooLarge
			return a
		}
		a.view, a.code = p.press(form)
	default:
		a.view, a.code, a.allow = notHere(s), http.StatusMethodNotAllowed, "GET, HEAD, POST"
	}
	return a
}

// unknown is the store of a link that names none.
var unknown = &programme.Store{}

// only returns the store if there is just one: then its pages need no link to say
// whose they are.
func (g *Gateway) only() *programme.Store {
	if len(g.o.Stores) == 1 {
		for _, s := range g.o.Stores {
			return s
		}
	}
	return unknown
}

// leaves has it recorded that a customer leaves. It is in force before the next email, also
// where it cannot be recorded now. again is what the page sends that asks to try again.
func (g *Gateway) leaves(r *http.Request, s site, l link.Link, choice string, again hidden) (view, int) {
	v, err := g.within(r, soon, func(ctx context.Context) (view, error) { return g.unsubscribe(ctx, s, l, choice) })
	if err == nil {
		return v, http.StatusOK
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience-soon)
	defer cancel()
	v, cannot := g.later(ctx, s, l, choice)
	if cannot != nil {
		return g.notRecorded(s, l, errors.Join(err, cannot), again)
	}
	g.warn("an unsubscribe is recorded later, and marketing emails of the store wait for it", "store", s.store.ID, err)
	return v, http.StatusAccepted
}

// change has something recorded about the person of a link: the page says so only when it
// is done.
func (g *Gateway) change(r *http.Request, s site, l link.Link, again []hidden, record func(context.Context, *customer.Customer) (view, error)) (view, int) {
	v, err := g.within(r, patience, func(ctx context.Context) (view, error) {
		c, err := g.o.Person(ctx, l.Customer)
		if err != nil {
			return view{}, err
		}
		return record(ctx, &c)
	})
	if err != nil {
		return g.notRecorded(s, l, err, again...)
	}
	return v, http.StatusOK
}

// notRecorded is the page that asks to send the same once more.
func (g *Gateway) notRecorded(s site, l link.Link, err error, again ...hidden) (view, int) {
	g.warn("not recorded; the customer is asked to try again", "link", string(l.Purpose), err)
	return tryAgain(s, again), http.StatusServiceUnavailable
}

// warn says in the log what goes wrong with the requests of a store, or of a kind of link,
// once a minute: while a server is away, it goes wrong with each of them.
func (g *Gateway) warn(message, field, of string, err error) {
	if g.warned.Count(field, of+" "+message, 1) {
		g.o.Log.Warn(message, zap.String(field, of), zap.Error(err))
	}
}

// within has something recorded, and returns when it is, or after a time; also if the
// person doesn't wait for the answer. What hangs goes on: a server that does not answer
// ends no call of ours at once, and what it does in the end is done. It keeps its place for
// as long, so that those who come while nothing is answered leave nothing behind that waits.
func (g *Gateway) within(r *http.Request, wait time.Duration, record func(context.Context) (view, error)) (view, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), wait)
	if err := g.place(ctx); err != nil {
		cancel()
		return view{}, err
	}
	type result struct {
		view view
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer cancel()
		defer func() { <-g.slots }()
		v, err := record(ctx)
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.view, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done: // recorded in the same moment: what was recorded ends ctx too
		return r.view, r.err
	default:
		return view{}, errors.New("a server does not answer")
	}
}

// place waits for one of the places of what uses servers, which <-g.slots gives back.
func (g *Gateway) place(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errors.New("too many requests at once")
	}
}

// reading has its place among what is recorded, so that a flood of links leaves room there.
func reading[T any](ctx context.Context, g *Gateway, read func(context.Context) (T, error)) (out T, err error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if err := g.place(ctx); err != nil {
		return out, err
	}
	defer func() { <-g.slots }()
	return read(ctx)
}

// chosen is what was chosen on the page; empty for everything else.
func chosen(form url.Values) string {
	if oneClick(form) {
		return ""
	}
	return form.Get("scope")
}

// oneClick reports whether a mailbox provider sends a form (RFC 8058).
func oneClick(form url.Values) bool {
	return strings.EqualFold(form.Get("List-Unsubscribe"), "One-Click")
}

// sent reads a form, and fails only if it is too large: one that cannot be read is no reason
// to refuse, since the link says everything.
func sent(w http.ResponseWriter, r *http.Request, most int64) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	// Both forms of a form: the second call would hide what the first had to say.
	err := errors.Join(r.ParseForm(), r.ParseMultipartForm(most))
	if r.MultipartForm != nil {
		defer func() { _ = r.MultipartForm.RemoveAll() }()
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, err
	}
	return r.PostForm, nil
}
