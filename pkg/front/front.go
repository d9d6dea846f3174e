// Package front is the doors by which shops come in over HTTP: the webhooks of shop
// systems, and an API for events. It checks who is there, has what they say put on the
// stream, and says yes only once it is there. It decides nothing about what events mean,
// and knows no NATS.
package front

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/combine"
	"homing/pkg/limits"
	"homing/pkg/shop"
)

// A Message is put on the stream.
type Message struct {
	Subject string
	ID      string              // by which the stream knows a copy
	Header  map[string][]string // that of a CloudEvent; it is not written to
	Data    []byte
	Trace   map[string][]string // headers of the request that say which trace it belongs to
	Copy    bool                // the stream had it: Publish says so
}

// Kept is a webhook that leads to no event, and is kept for a person to look at.
type Kept struct {
	Store, Door, Reason, Detail string
	Body                        []byte
}

// Options are what a Front works with.
type Options struct {
	Stores map[string]Store
	// Publish puts messages on the stream. Once it returns without an error all of them
	// are there. It sets Copy.
	Publish func(ctx context.Context, ms []*Message) error
	// Keep keeps a webhook for a person. Once it returns without an error it is safe.
	Keep    func(ctx context.Context, k Kept) error
	Now     func() time.Time // the real time: what is sent is real
	Proxies limits.Proxies   // in front of it
	Log     *zap.Logger

	Served func(door string, code int)      // told of each request
	Took   func(door, result string, n int) // told what became of what it said
	// Traced returns those headers of a request that say which trace it belongs to; nil:
	// nobody wants to know.
	Traced func(http.Header) map[string][]string
	Full   func(err error) (full bool) // whether an error says that there is no room
}

// Store is who may tell what of a store. What has no secret has no door.
type Store struct {
	Shop                         shop.Store
	Shopify, WooCommerce, Medusa []string // secrets, of which each is good
	// What the shop is called by what it sends; "": any that has the secret.
	ShopifyShop, WooCommerceSite string
	Keys                         []Key
}

// Key is a key of the API.
type Key struct{ ID, Secret string }

// The doors, as the metrics name them.
const (
	doorEvents = "events"
	doorOther  = "other"
)

// The results, as the metrics name them.
const (
	accepted  = "accepted"
	duplicate = "duplicate"
	rejected  = "rejected"
	ignored   = "ignored" // nothing follows from it, by its nature
	unknown   = "unknown" // no table has its topic
	kept      = "kept"    // for a person
)

// The limits.
const (
	maxWebhook  = 8 << 20  // an order of Shopify with 500 lines has two megabytes, and others' have over a thousand lines
	maxEvents   = 8 << 20  // of a batch
	maxBatch    = 1000     // events of it
	maxTogether = 32 << 20 // of all bodies that are being read or worked on
	maxAddress  = 16 << 20 // of those from one address
	// patience is how long the stream may take. A webhook waits for two of these at most,
	// and Shopify waits five seconds.
	patience = 2 * time.Second
	// retryAfter is when to try again, in seconds.
	retryAfter = "5"
)

// Front is the handler of the doors.
type Front struct {
	o       Options
	keys    map[[sha256.Size]byte]caller
	publish combine.Combiner[*Message]
	reading share // bytes of bodies
}

// caller is whose key it is, and what it calls what it sent, where that is signed.
type caller struct{ store, id, message string }

// New returns a front.
func New(o Options) *Front {
	f := &Front{o: o, keys: map[[sha256.Size]byte]caller{}}
	for id, s := range o.Stores {
		for _, k := range s.Keys {
			f.keys[sha256.Sum256([]byte(k.Secret))] = caller{store: id, id: k.ID}
		}
	}
	f.publish.Flush = func(ctx context.Context, ms []*Message) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return o.Publish(ctx, ms)
	}
	return f
}

// reply is what a request is answered with, in JSON.
type reply struct {
	code  int
	body  any
	allow string // of 405
	ask   string // of 401
}

func refuse(code int, format string, args ...any) reply {
	return reply{code: code, body: map[string]string{"error": fmt.Sprintf(format, args...)}}
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	door, a := f.answer(w, r)
	f.o.Served(door, a.code)
	a.write(w)
}

// NotReady is what doors answer while the process starts.
func NotReady(w http.ResponseWriter, _ *http.Request) {
	refuse(http.StatusServiceUnavailable, "this process is starting, and nothing of it was stored; please try again").write(w)
}

func (a reply) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.allow != "" {
		h.Set("Allow", a.allow)
	}
	if a.ask != "" {
		h.Set("WWW-Authenticate", a.ask)
	}
	if a.code == http.StatusServiceUnavailable || a.code == http.StatusTooManyRequests {
		h.Set("Retry-After", retryAfter)
	}
	w.WriteHeader(a.code)
	_ = json.NewEncoder(w).Encode(a.body) // who asked has gone
}

// answer decides what a request gets.
func (f *Front) answer(w http.ResponseWriter, r *http.Request) (door string, a reply) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(path) == 2 && path[0] == "v1" && path[1] == "events":
		return doorEvents, f.events(w, r)
	case len(path) == 3 && path[0] == "in":
		s := f.o.Stores[path[2]]
		if d := doors[path[1]]; d != nil && len(d.secrets(s)) > 0 {
			return d.name, f.webhook(w, r, s, d)
		}
	}
	return doorOther, refuse(http.StatusNotFound, "there is nothing here; a door is open once the store's configuration has a secret for it")
}

// post refuses other methods.
func post(r *http.Request) (a reply, ok bool) {
	if r.Method == http.MethodPost {
		return reply{}, true
	}
	a = refuse(http.StatusMethodNotAllowed, "POST is all that is taken here")
	a.allow = http.MethodPost
	return a, false
}

var (
	// errBusy says that all bodies together are too large just now.
	errBusy = errors.New("busy")
	// errTooMuch says that those from one address are.
	errTooMuch = errors.New("too much from one address")
)

// later asks to try again.
func (f *Front) later(door string, err error) reply {
	if f.o.Full != nil && f.o.Full(err) {
		f.o.Log.Error("the stream STOREFRONT is full, and takes no more events; raise nats.streams.storefront.max_bytes", zap.String("door", door))
	} else {
		f.o.Log.Warn("an event could not be stored; its sender was asked to try again", zap.String("door", door), zap.Error(err))
	}
	return refuse(http.StatusServiceUnavailable, "it could not be stored; please try again")
}
