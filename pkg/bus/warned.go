package bus

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// The headers of a warning, in addition to HeaderDetail and HeaderCustomer. It has
// no body.
const (
	HeaderEvent   = "Homing-Event"    // the event's id
	HeaderSource  = "Homing-Source"   // its source
	HeaderType    = "Homing-Type"     // its type
	HeaderPlace   = "Homing-Place"    // its sequence on STOREFRONT
	HeaderField   = "Homing-Field"    // what it is about
	HeaderLeftOut = "Homing-Left-Out" // how many of the same kind were left out
)

// A Warning is about an event that was taken in.
type Warning struct {
	Store, Reason, Field, Detail string

	Event, Source, Type string
	Place               uint64
	Customer            string // the token of the customer it is about
}

// warnEvery is how often there is a warning of one kind, at most, in all processes
// together. A shop whose every order has the same fault says the same all day.
const warnEvery = time.Minute

// maxKinds is how many kinds of warnings there are in a minute, at most; other kinds
// are left out. It bounds the memory, and what a shop with a fault can do to the
// stream: half a megabyte in ten minutes.
const maxKinds = 100

// warnAgain is when a warning is published again that the stream did not take.
const warnAgain = 10 * time.Second

// Warnings are published to warned.<store>.<reason>, on the stream REJECTED. Warn
// keeps nobody waiting: Run publishes. What was not published when the process ends
// is lost; the event is not.
type Warnings struct {
	js   jetstream.JetStream
	told func(x Warning, leftOut int)
	log  *zap.Logger

	complained time.Time // when the log last said that nothing can be published

	mu    sync.Mutex
	kinds map[kind]*pending
	wake  chan struct{}
}

// kind says which warnings are the same for a developer.
type kind struct{ store, reason, field, source string }

// pending is what there is to say of a kind.
type pending struct {
	latest  Warning
	waits   bool // latest is to be published
	leftOut int  // how many there were since the last one, apart from latest
	next    time.Time
}

// NewWarnings returns warnings. told is told of each that was published; it may be nil.
func NewWarnings(js jetstream.JetStream, told func(x Warning, leftOut int), log *zap.Logger) *Warnings {
	return &Warnings{js: js, told: told, log: log, kinds: map[kind]*pending{}, wake: make(chan struct{}, 1)}
}

// index is the number of a list's element: a warning about the third line of an order
// is of the same kind as one about the first.
var index = regexp.MustCompile(`\[\d+\]`)

// Warn has a warning published, now or within a minute.
func (w *Warnings) Warn(x Warning) {
	k := kind{x.Store, x.Reason, index.ReplaceAllString(x.Field, "[]"), x.Source}
	w.mu.Lock()
	p := w.kinds[k]
	if p == nil {
		if len(w.kinds) >= maxKinds {
			w.mu.Unlock()
			return
		}
		p = &pending{}
		w.kinds[k] = p
	}
	p.add(x, 0)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// add has x published next, and what was to be published left out.
func (p *pending) add(x Warning, leftOut int) {
	if p.waits {
		p.leftOut++
	}
	p.latest, p.waits, p.leftOut = x, true, p.leftOut+leftOut
}

// Run publishes until ctx ends.
func (w *Warnings) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := w.publish(ctx)
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-time.After(wait):
		}
	}
}

// publish publishes what is due, and returns how long to wait for the next.
func (w *Warnings) publish(ctx context.Context) time.Duration {
	for {
		k, x, leftOut, wait := w.due(time.Now())
		if wait > 0 {
			return wait
		}
		taken, err := w.put(ctx, k, x, leftOut)
		switch {
		case err != nil:
			w.back(k, x, leftOut, warnAgain)
			if ctx.Err() == nil && time.Since(w.complained) >= warnEvery {
				w.complained = time.Now()
				w.log.Warn("a warning about an event is not on REJECTED yet", zap.String("store", x.Store), zap.String("reason", x.Reason), zap.Error(err))
			}
			return warnAgain
		case !taken:
			w.back(k, x, leftOut, warnEvery)
		case w.told != nil:
			w.told(x, leftOut)
		}
	}
}

// due takes a warning that may be published now, or says how long there is none. It
// forgets the kinds of which there is nothing to say.
func (w *Warnings) due(now time.Time) (of kind, x Warning, leftOut int, wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wait = time.Hour
	for k, p := range w.kinds {
		left := p.next.Sub(now)
		switch {
		case p.waits && left <= 0:
			x, leftOut = p.latest, p.leftOut
			p.waits, p.leftOut, p.next = false, 0, now.Add(warnEvery)
			return k, x, leftOut, 0
		case left <= 0:
			delete(w.kinds, k) // there is room for others
		default:
			wait = min(wait, left)
		}
	}
	return kind{}, Warning{}, 0, wait
}

// back puts back what was not published, behind what came in the meantime.
func (w *Warnings) back(k kind, x Warning, leftOut int, wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.kinds[k]
	if p.waits {
		p.leftOut += leftOut + 1
	} else {
		p.add(x, leftOut)
	}
	p.next = time.Now().Add(wait)
}

// put publishes a warning. Not taken: another process published one of the kind in
// the same minute.
func (w *Warnings) put(ctx context.Context, k kind, x Warning, leftOut int) (taken bool, err error) {
	m := nats.NewMsg("warned." + token(x.Store) + "." + token(x.Reason))
	for name, value := range map[string]string{
		HeaderField: x.Field, HeaderDetail: x.Detail, HeaderEvent: x.Event, HeaderSource: x.Source, HeaderType: x.Type,
		HeaderCustomer: x.Customer, HeaderPlace: strconv.FormatUint(x.Place, 10), HeaderLeftOut: strconv.Itoa(leftOut),
	} {
		m.Header.Set(name, value)
	}
	hash := sha256.Sum256([]byte(k.store + "\x00" + k.reason + "\x00" + k.field + "\x00" + k.source))
	ctx, cancel := context.WithTimeout(ctx, AckTimeout)
	defer cancel()
	ack, err := w.js.PublishMsg(ctx, m, jetstream.WithMsgID(fmt.Sprintf("warned-%x-%d", hash[:12], time.Now().Unix()/int64(warnEvery/time.Second))))
	if err != nil {
		return false, fmt.Errorf("publishing to %s: %w", m.Subject, err)
	}
	return !ack.Duplicate, nil
}
