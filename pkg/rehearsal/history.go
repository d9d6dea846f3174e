package rehearsal

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/customer"
)

// Told is an event of a history, and when Homing is told of it.
type Told struct {
	At    time.Time
	Entry customer.Entry
}

// A History is what happened to a shop's customers.
type History struct {
	e      *engine
	told   []Told
	who    unions
	Own    int // events left out that Homing itself said: it says them again
	sorted bool
	called map[int32]string // what the shop calls persons
	taken  *taken           // of an installation that goes on; nil: a history is lived through

	stored  int  // events of an installation's timeline
	foreign bool // that one has another secret
}

// Add adds an event as a storefront published it, with its type: a CloudEvent in JSON. It
// was told when it happened. The error is an *events.Error.
func (h *History) Add(store string, t events.Type, data []byte) error {
	if t.IsFact() {
		h.Own++
		return nil
	}
	return h.add(store, t, data, h.e.now, time.Time{})
}

// AddAt is Add for an event that Homing is told of at another time than it happened.
func (h *History) AddAt(store string, t events.Type, data []byte, at time.Time) error {
	return h.add(store, t, data, at, at)
}

func (h *History) add(store string, t events.Type, data []byte, now, at time.Time) error {
	e, err := h.e.reader.Entry(events.Raw{Subject: events.Subject(store, t), Data: data}, now, livedThrough)
	if err != nil {
		return err
	}
	if saidByHoming(e.Event) {
		h.Own++
		return nil
	}
	if at.IsZero() {
		at = e.Event.Time
	}
	h.put(at, e)
	return nil
}

// put has Homing told of an entry at a time.
func (h *History) put(at time.Time, e customer.Entry) {
	livedThrough(&e.Event)
	h.told = append(h.told, Told{at, e})
	h.who.see(h.e.id, &e)
}

// livedThrough makes an event of one that was brought over.
func livedThrough(e *events.Event) { e.Historical, e.Received = false, time.Time{} }

// saidByHoming reports whether Homing said an event that a storefront might have.
func saidByHoming(e events.Event) bool {
	return e.Source == calendar.Source || e.Source == "/homing/answers"
}

// Len returns how many events there are.
func (h *History) Len() int { return len(h.told) }

// Span returns when the first and the last event are told; of an installation that goes on
// both are now.
func (h *History) Span() (first, last time.Time) {
	if h.taken != nil {
		return h.taken.Now, h.taken.Now
	}
	h.sort()
	if len(h.told) == 0 {
		return first, last
	}
	return h.told[0].At, h.told[len(h.told)-1].At
}

// sort puts the events in the order of their times; those of one time stay as they came.
func (h *History) sort() {
	if !h.sorted {
		slices.SortStableFunc(h.told, func(a, b Told) int { return a.At.Compare(b.At) })
		h.sorted = true
	}
}

// unions says which records may ever have to do with each other: an id and each mailbox
// that it named, and ids that were merged. Who is one person at some time is decided as it
// is live; this is only for keeping them together.
type unions struct {
	of   map[string]int32 // by store and token
	root []int32
	name []string // the smallest token of those that are together
	ids  []string // what the shop calls them, by number; "" for a mailbox
}

func (u *unions) number(k customer.Key) int32 {
	if u.of == nil {
		u.of = map[string]int32{}
	}
	name := k.Store + "." + k.Token
	n, ok := u.of[name]
	if !ok {
		n = int32(len(u.root))
		u.of[name] = n
		u.root, u.name, u.ids = append(u.root, n), append(u.name, name), append(u.ids, "")
	}
	return n
}

func (u *unions) find(n int32) int32 {
	for u.root[n] != n {
		u.root[n] = u.root[u.root[n]]
		n = u.root[n]
	}
	return n
}

func (u *unions) join(a, b int32) {
	a, b = u.find(a), u.find(b)
	if u.name[b] < u.name[a] {
		a, b = b, a
	}
	u.root[b] = a
}

// see joins whom an event names.
func (u *unions) see(id *customer.Identity, e *customer.Entry) {
	if e.Event.OfNobody() {
		return
	}
	if d, ok := e.Event.Data.(*events.ReferralNoted); ok {
		u.seeReferral(e.Key, d.Other)
	}
	d, ok := e.Event.Data.(events.CustomerData)
	if !ok {
		if e.Event.Type != events.TypeProductUpdated {
			u.number(e.Key)
		}
		return
	}
	own := u.number(e.Key)
	if who := d.Who(); u.ids[own] == "" {
		u.ids[own] = who.ID
	}
	if email := d.Who().Email; email != "" {
		u.seeAddress(id, e.Key, email)
	}
	if m, ok := d.(*events.CustomerMerged); ok {
		u.join(own, u.number(id.Key(e.Key.Store, m.From)))
	}
}

// seeReferral joins a friend with who recommended the shop to them.
func (u *unions) seeReferral(k customer.Key, other string) {
	if o, ok := customer.KeyOfToken(k.Store, other); ok {
		u.join(u.number(k), u.number(o))
	}
}

// seeAddress joins an id with the mailbox of an address, and with the guest there.
func (u *unions) seeAddress(id *customer.Identity, k customer.Key, email string) {
	own := u.number(k)
	u.join(own, u.number(id.Mailbox(k.Store, email)))
	u.join(own, u.number(id.Key(k.Store, id.Guest(k.Store, email))))
}
