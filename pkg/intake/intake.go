// Package intake is the only way in: it turns what storefronts publish into
// customers and timeline entries, or into rejections that a storefront
// developer can act on. Each event is decoded and validated, folded into its
// customer, appended to the timeline, and marked as folded, in that order, so
// that whatever the timeline holds and the mark covers has been folded.
package intake

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/click"
	"homing/pkg/customer"
	"homing/pkg/trace"
)

// Customers are the customers as they are kept.
type Customers interface {
	// Epoch is read before Fold and given to MarkIn: a fold of an earlier epoch
	// may be lost.
	Epoch() uint64
	Fold(ctx context.Context, entries []customer.Entry) error
	MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error
}

// Timeline is where events are kept for good.
type Timeline interface {
	// Append sets the entries' sequences.
	Append(ctx context.Context, entries []customer.Entry) error
}

// Options are what an Intake works with.
type Options struct {
	Identity  *customer.Identity
	Customers Customers
	Timeline  Timeline
	Stores    []string                   // the stores whose events are taken
	Scopes    []string                   // what a customer may say no to: workers and channels
	Business  func(time.Time) time.Time  // from real time, in which shops speak, to business time
	Confirm   map[string]bool            // stores where consent begins only once it is confirmed
	Took      func(t events.Type, n int) // told what was taken in; may be nil
	Aged      Aged                       // told how old it was by then; may be nil
	Rejected  func(Rejection)            // told what was rejected; may be nil
	Strays    *Strays                    // told of what happened to orders; may be nil
	Links     Links                      // where emails may lead; nil: anywhere
	Clicks    *click.Signer              // tells the gateway's clicks; nil: there are none
	People    People                     // whose clicks they are
	Codes     Codes                      // whose the codes are that customers pass on; nil: nobody asks
	PassOn    func(store string) bool    // whether customers of a store pass codes on, so that orders are asked about; nil: none
	Unhappy   Unhappy                    // which answers open a complaint; nil: none
	Warned    func(e customer.Entry)     // told of events that were taken in with warnings; must not wait; may be nil
	Trace     *trace.Tracer              // may be nil
}

// Aged is told of an event from STOREFRONT, once it is taken in, how long ago it happened and
// how long it waited on the stream, and whether it was brought over from elsewhere.
type Aged func(historical bool, happened, published time.Duration)

// Unhappy reports whether what a customer of a store answered opens a complaint.
type Unhappy func(store string, d *events.CustomerAnswered) bool

// A Rejection is an event that was rejected.
type Rejection struct {
	Store, Event, Source string // as far as they can be told
	Type                 events.Type
	Reason               events.Reason
	Field, Detail        string
}

// Intake takes events in.
type Intake struct {
	o      Options
	stores map[string]bool
	hosts  hosts
}

// New returns an intake.
func New(o Options) *Intake {
	in := &Intake{o: o, stores: map[string]bool{}, hosts: hosts{known: map[origin]bool{}}}
	for _, s := range o.Stores {
		in.stores[s] = true
	}
	return in
}

// batchBytes is up to how many bytes of events are taken in together: larger
// batches are hardly cheaper, and all of a batch is in memory several times over.
const batchBytes = 1 << 20

// Handle takes a batch in: it is a bus.Handler. A bad event is rejected alone;
// its neighbours are not affected.
func (in *Intake) Handle(ctx context.Context, batch []*bus.Msg) {
	for len(batch) > 0 {
		n, size := 0, 0
		for n < len(batch) && (n == 0 || size+len(batch[n].Data()) <= batchBytes) {
			size += len(batch[n].Data())
			n++
		}
		in.handle(ctx, batch[:n])
		batch = batch[n:]
	}
}

func (in *Intake) handle(ctx context.Context, batch []*bus.Msg) {
	now := time.Now()
	entries := make([]customer.Entry, 0, len(batch))
	good := make([]*bus.Msg, 0, len(batch))
	published := make([]time.Time, 0, len(batch))
	var clicked []int // which of the entries are clicks
	var noted []customer.Entry
	var spans []*trace.Span // of the entries; nil: nothing is traced
	for _, m := range batch {
		md, err := m.Metadata()
		if err != nil {
			m.Done(err)
			continue
		}
		e, err := in.decode(m, md, now)
		var also *customer.Entry
		if err == nil {
			also, err = in.referral(ctx, &e)
		}
		if in.o.Trace != nil {
			spans = in.traced(spans, m, &e, err)
		}
		if err != nil {
			m.Done(in.bad(m, err))
			continue
		}
		in.checkLinks(&e.Event)
		in.unname(&e)
		if also != nil {
			noted = append(noted, *also)
		}
		if click.Is(m.Subject()) {
			clicked = append(clicked, len(entries))
		}
		entries, good, published = append(entries, e), append(good, m), append(published, md.Timestamp)
	}
	err := in.complete(ctx, entries, clicked)
	if err == nil {
		var also []customer.Entry
		also, err = in.passedOn(ctx, entries)
		noted = append(noted, also...)
	}
	if err == nil {
		err = in.take(ctx, entries, noted)
	}
	if _, unfolded := errors.AsType[*unfolded](err); unfolded && len(good) > 1 {
		allEnded(spans, err)
		in.handle(ctx, good[:len(good)/2])
		in.handle(ctx, good[len(good)/2:])
		return
	}
	took, since := entries[:0], published[:0]
	for i, m := range good {
		answer := answerTo(m, entries[i], err)
		ended(spans, i, answer)
		if m.Done(answer); answer == nil {
			took, since = append(took, entries[i]), append(since, published[i])
		}
	}
	if len(took) > 0 {
		in.aged(took, since)
		in.warn(took)
		if in.o.Strays != nil {
			in.o.Strays.add(took)
		}
	}
}

// aged tells how old entries are that were published at some times and are taken in.
func (in *Intake) aged(entries []customer.Entry, published []time.Time) {
	if in.o.Aged == nil {
		return
	}
	now := time.Now()
	business := in.o.Business(now)
	for i := range entries {
		in.o.Aged(entries[i].Event.Historical, business.Sub(entries[i].Event.Time), now.Sub(published[i]))
	}
}

// Take folds, appends and marks. When it returns nil, the entries are in force
// and on the timeline. After a failure all of it is done again, which
// changes nothing that was done already.
//
// It is the way in for events that need no decoding, such as the gateway's.
func (in *Intake) Take(ctx context.Context, entries []customer.Entry) error {
	return in.take(ctx, entries, nil)
}

// take is Take, together with what follows from the entries.
func (in *Intake) take(ctx context.Context, entries, also []customer.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	all := append(slices.Clip(in.complaints(entries)), also...)
	defer func() { copy(entries, all) }()
	return in.takeAll(ctx, all)
}

func (in *Intake) takeAll(ctx context.Context, entries []customer.Entry) error {
	epoch := in.o.Customers.Epoch()
	if err := in.o.Customers.Fold(ctx, entries); err != nil {
		if _, away := errors.AsType[*bus.Away](err); away {
			return &unfolded{err}
		}
		return err
	}
	nameless(entries)
	err := in.o.Timeline.Append(ctx, entries)
	if _, away := errors.AsType[*bus.Away](err); err != nil && !away {
		return err
	}
	there := entries
	if err != nil { // of a partition: the others' entries are on the timeline
		there = slices.DeleteFunc(slices.Clone(entries), func(e customer.Entry) bool { return !taken(e) })
	}
	if len(there) > 0 {
		if err := in.o.Customers.MarkIn(ctx, epoch, there); err != nil {
			return err
		}
	}
	if in.o.Took != nil {
		for _, e := range there {
			in.o.Took(e.Event.Type, 1)
		}
	}
	return err
}

func (in *Intake) decode(m jetstream.Msg, md *jetstream.MsgMetadata, now time.Time) (customer.Entry, error) {
	if click.Is(m.Subject()) {
		return in.clicked(m, md.Sequence.Stream)
	}
	return in.entry(events.Raw{
		Subject: m.Subject(), Header: m.Headers(), Data: m.Data(),
		Stream: md.Stream, Sequence: md.Sequence.Stream, Time: md.Timestamp,
	}, now, nil)
}

// Entry reads an event of a storefront that is on no stream, as it would be taken in. As,
// if it isn't nil, is asked to change it before that. Its error is an *events.Error.
func (in *Intake) Entry(raw events.Raw, now time.Time, as func(*events.Event)) (customer.Entry, error) {
	e, err := in.entry(raw, now, as)
	if err == nil {
		in.unname(&e)
	}
	return e, err
}

func (in *Intake) entry(raw events.Raw, now time.Time, as func(*events.Event)) (customer.Entry, error) {
	e, err := events.Decode(raw, now)
	if err != nil {
		return customer.Entry{}, err
	}
	if as != nil {
		as(&e)
	}
	if err := in.checkStore(e.Store); err != nil {
		return customer.Entry{}, err
	}
	if err := CheckScope(e, in.o.Scopes); err != nil {
		return customer.Entry{}, err
	}
	in.toBusiness(&e)
	in.unproven(&e)
	return customer.Entry{Key: in.key(e), Event: e}, nil
}

func (in *Intake) checkStore(store string) error {
	if in.stores[store] {
		return nil
	}
	return UnknownStore(store)
}

// UnknownStore is what an event of a store is rejected for that is not configured.
func UnknownStore(store string) *events.Error {
	return &events.Error{
		Reason: events.ReasonUnknownStore, Field: "subject",
		Detail: "no store " + store + " is configured; add it under stores in homing.yaml, or publish to storefront.<store>.…",
	}
}

// CheckScope refuses to unsubscribe from what is neither a worker nor a channel, and to
// choose it: nobody would act on it, and its publisher would think that the emails stop.
// scopes are those that there are; events.ScopeChannel stands for any channel. Its error is
// an *events.Error.
func CheckScope(e events.Event, scopes []string) error {
	if d, ok := e.Data.(*events.CustomerPreferences); ok {
		return checkKinds(d.Kinds, scopes)
	}
	d, ok := e.Data.(*events.CustomerUnsubscribed)
	if !ok || slices.Contains([]string{"", events.ScopeAll, events.ScopeEverything}, d.Scope) || isScope(d.Scope, scopes) {
		return nil
	}
	return &events.Error{
		Reason: events.ReasonBadValue, Field: "scope",
		Detail: strconv.Quote(d.Scope) + " is no worker: write all (no marketing), everything (no mail at all) or one of " + strings.Join(scopes, ", "),
	}
}

func checkKinds(kinds map[string]bool, scopes []string) error {
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if !isScope(kind, scopes) {
			return &events.Error{
				Reason: events.ReasonBadValue, Field: "kinds",
				Detail: strconv.Quote(kind) + " is no worker: write one of " + strings.Join(scopes, ", "),
			}
		}
	}
	return nil
}

func isScope(s string, scopes []string) bool {
	return slices.Contains(scopes, s) || strings.HasPrefix(s, events.ScopeChannel) && slices.Contains(scopes, events.ScopeChannel)
}

// unname takes out of an erasure who was erased, and out of what concerns an
// address the address: these stay on the timeline for ever, and the token they
// are kept under is all that is needed. Shops make ids of events from ids of
// customers, so that one goes too. The address of an erasure leads the fold to all
// who are the person; it goes after that, see nameless.
func (in *Intake) unname(e *customer.Entry) {
	switch d := e.Event.Data.(type) {
	case *events.CustomerErased:
		e.Event.Data = &events.CustomerErased{Customer: events.Customer{Email: d.Email}}
	case events.AddressData:
		*d.Mailed() = ""
	default:
		return
	}
	e.Event.ID = "unnamed-" + in.o.Identity.Key(e.Event.Store, "event:"+e.Event.Source+"\x00"+e.Event.ID).Token
}

// nameless takes out of erasures that are folded whom they name.
func nameless(entries []customer.Entry) {
	for i := range entries {
		if entries[i].Event.Type == events.TypeCustomerErased {
			entries[i].Event.Data = &events.CustomerErased{}
		}
	}
}

// Read reads a message of STOREFRONT as it was read when it came.
func (in *Intake) Read(m jetstream.Msg) (customer.Entry, error) {
	md, err := m.Metadata()
	if err != nil {
		return customer.Entry{}, err
	}
	return in.decode(m, md, md.Timestamp)
}

// toBusiness puts the times of an event on the scale on which all else is decided.
func (in *Intake) toBusiness(e *events.Event) {
	e.Time = in.o.Business(e.Time)
	if e.Historical {
		e.Received = in.o.Business(e.Received)
	}
	d, ok := e.Data.(events.CustomerData)
	if !ok {
		return
	}
	move := func(at **time.Time) {
		if *at != nil {
			moved := in.o.Business(**at)
			*at = &moved
		}
	}
	if c := d.Who().Consent; c != nil {
		move(&c.At)
	}
	switch d := e.Data.(type) {
	case *events.CustomerLapsed:
		move(&d.LastOrderAt)
	case *events.CustomerPreferences:
		move(&d.PauseUntil)
	}
	if o := events.OrderTold(e.Data); o != nil {
		move(&o.PlacedAt)
	}
}

// unproven makes a request of a consent that nobody proved, in a store that has it
// confirmed. What is brought over from elsewhere was agreed to there. It is done before
// anything is folded, so that the timeline has what counts, whatever is configured later.
func (in *Intake) unproven(e *events.Event) {
	d, ok := e.Data.(events.CustomerData)
	if !ok || !in.o.Confirm[e.Store] || e.Historical {
		return
	}
	if k := d.Who().Consent; k != nil && k.Email == events.Subscribed && !k.Confirmed {
		k.Email = events.ConsentRequested
	}
}

// key says where the event's customer is kept. A guest, who is known by the
// address alone, gets an id made from it. A product has a key of its own, so
// that its entries are spread like any other. All orders of nobody have one.
func (in *Intake) key(e events.Event) customer.Key {
	switch d := e.Data.(type) {
	case events.CustomerData:
		who := d.Who()
		if e.OfNobody() {
			*who = events.Customer{} // a name alone says nothing, and nobody could have it erased
			return in.o.Identity.Nobody(e.Store)
		}
		if who.ID == "" {
			who.ID = in.o.Identity.Guest(e.Store, who.Email)
		}
		return in.o.Identity.Key(e.Store, who.ID)
	case events.AddressData:
		return in.o.Identity.AddressKey(e.Store, in.o.Identity.Address(e.Store, *d.Mailed()))
	case *events.ProductUpdated:
		return in.o.Identity.Key(e.Store, "product:"+d.Product.ID)
	}
	return in.o.Identity.Key(e.Store, "")
}

// bad turns a decoding error into the answer that rejects the message.
func (in *Intake) bad(m jetstream.Msg, err error) error {
	bad, ok := errors.AsType[*events.Error](err)
	if !ok {
		return err
	}
	store, t, parseErr := events.ParseSubject(m.Subject())
	if parseErr != nil {
		store = "unknown"
	}
	x := Rejection{Store: store, Type: t, Reason: bad.Reason, Field: bad.Field, Detail: bad.Error()}
	x.Event, x.Source = events.Named(events.Raw{Header: m.Headers(), Data: m.Data()})
	if in.o.Rejected != nil {
		in.o.Rejected(x)
	}
	return &bus.BadError{Store: store, Reason: string(bad.Reason), Detail: x.Detail, Event: x.Event, Source: x.Source}
}
