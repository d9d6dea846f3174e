// Package shop is what the mappings of shop systems share: what a system said, in
// messages of its own, becomes events of Homing. The mappings are pure: bytes in, events
// out, the same ones for the same bytes. Nothing here verifies a signature, publishes
// anything or knows a clock.
package shop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"homing/events"
)

// A Store is what a mapping has to know about the store that a message is about.
type Store struct {
	ID       string         // its key in the configuration
	Zone     *time.Location // of dates that say none; nil: UTC
	Currency string         // of prices that say none
	URL      string         // of its front page
}

// A Message is one message of a shop's system.
type Message struct {
	Topic string // what the system calls it: "orders/create", "order.updated"
	Body  []byte
	// At is when it was sent, or else when it came. It is the time of what has none.
	At time.Time
}

// Said is what a message said.
type Said struct {
	// Events are in the sequence in which they are published. Each has an id that
	// follows from what it says, so that what is told twice is one event.
	Events []events.Event
	// Ignored says why there are none, where that is as it should be.
	Ignored string
	// ForPerson says what somebody in the shop has to do about it: no event can.
	ForPerson string
	// Unknown: no table has the topic.
	Unknown bool
	// Notes say what could not be used, without anything that customers said.
	Notes []Note
}

// A Note is about one field of a message, in the system's own words.
type Note struct{ Field, Detail string }

// ErrUnreadable says that a message is not what its topic says it is.
var ErrUnreadable = errors.New("cannot be read")

// A Teller collects what a message says.
type Teller struct {
	Store  Store
	Source string // of its events: "/shopify/main"
	said   Said
}

// NewTeller returns a teller of what a system says about a store.
func NewTeller(system string, s Store) *Teller {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	return &Teller{Store: s, Source: "/" + system + "/" + s.ID}
}

// Said returns what was told.
func (t *Teller) Said() Said { return t.said }

// Ignore says why nothing follows from a message.
func (t *Teller) Ignore(why string) { t.said.Ignored = why }

// Ask says what somebody in the shop has to do.
func (t *Teller) Ask(format string, args ...any) { t.said.ForPerson = fmt.Sprintf(format, args...) }

// Note notes what could not be used.
func (t *Teller) Note(field, format string, args ...any) {
	if len(t.said.Notes) < 20 {
		t.said.Notes = append(t.said.Notes, Note{field, fmt.Sprintf(format, args...)})
	}
}

// longestID leaves room for what is put around it: an event's id has up to 128
// characters.
const longestID = 64

// Tell adds an event about something of the system's. Its id is made of its type, what
// it is about, its time, and a hash of all it says: the same statement has the same id,
// whichever delivery, subscription or import it comes by.
func (t *Teller) Tell(about string, at time.Time, data events.Data) error {
	at = at.UTC().Truncate(time.Millisecond)
	e := events.Event{ID: "-", Source: t.Source, Type: data.Type(), Store: t.Store.ID, Time: at, Data: data}
	b, err := events.Encode(e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if len(b) > events.MaxSize {
		return fmt.Errorf("%w: what it says takes %d bytes, and an event has at most %d", ErrUnreadable, len(b), events.MaxSize)
	}
	sum := sha256.Sum256(b)
	if len(about) > longestID {
		whole := sha256.Sum256([]byte(about))
		about = hex.EncodeToString(whole[:16])
	}
	e.ID = string(e.Type) + "-" + about + "-" + strconv.FormatInt(at.UnixMilli(), 10) + "-" + hex.EncodeToString(sum[:6])
	if !slices.ContainsFunc(t.said.Events, func(x events.Event) bool { return x.ID == e.ID }) {
		t.said.Events = append(t.said.Events, e)
	}
	return nil
}

// Read reads JSON into a struct of what is used of a message. A field of another kind than
// the system's documentation says is noted and left out: plugins put all kinds of
// things into messages, and an order is not lost for one.
func (t *Teller) Read(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		t.Note(wrong.Field, "is a %s", wrong.Value)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: it is not an object of JSON", ErrUnreadable)
	}
	return nil
}

// Email returns an address that email can go to, and "" for any other: an order is an
// order, also where nobody can be written to.
func (t *Teller) Email(field, address string) string {
	if address == "" {
		return ""
	}
	good, err := events.NormalizeAddress(address)
	if err != nil {
		t.Note(field, "is not an address that email can go to")
		return ""
	}
	return good
}

// The most that events keep of an item. Systems take names of any length, and plugins write
// whole pictures where the address of one belongs.
const (
	longestName    = 200 // characters
	longestAddress = 2048
)

// Items returns as many items as an event may have, without what no event keeps.
func (t *Teller) Items(field string, items []events.Item) []events.Item {
	for i := range items {
		x := &items[i]
		if len(x.Name) > longestName {
			x.Name = events.CleanText(x.Name, longestName)
		}
		if len(x.ImageURL) > longestAddress {
			x.ImageURL = ""
			t.Note(field, "has the address of a picture that is longer than %d bytes", longestAddress)
		}
	}
	if len(items) > events.MaxItems {
		t.Note(field, "has more than %d lines; the first are used", events.MaxItems)
		items = items[:events.MaxItems]
	}
	return t.fit(field, items)
}

const (
	fewLines  = 100                     // fit, whatever they say
	room      = events.MaxSize - 64<<10 // bytes of lines; the rest is for what else an event says
	shortName = 40                      // characters
)

// fit shortens the lines of a very long order until an event has room for them: which
// products it has is worth more than how they look.
func (t *Teller) fit(field string, items []events.Item) []events.Item {
	if len(items) <= fewLines {
		return items
	}
	for _, less := range []struct {
		note string
		of   func(*events.Item)
	}{
		{"pictures are left out", func(x *events.Item) { x.ImageURL = "" }},
		{"links are left out", func(x *events.Item) { x.URL, x.ReviewURL = "", "" }},
		{"names are cut", func(x *events.Item) { x.Name = events.CleanText(x.Name, shortName) }},
	} {
		if written(items) <= room {
			return items
		}
		t.Note(field, "has %d lines, which take more than %d bytes; their %s", len(items), room, less.note)
		for i := range items {
			less.of(&items[i])
		}
	}
	for n := written(items); n > room; n = written(items) {
		t.Note(field, "has %d lines, which take more than %d bytes; the first are used", len(items), room)
		items = items[:len(items)*room/(n+n/10)]
	}
	return items
}

// written is how many bytes items take in an event.
func written(items []events.Item) int {
	doc, err := events.Encode(events.Event{ID: "-", Source: "-", Time: time.Unix(0, 0), Data: &events.OrderPlaced{Order: events.Order{Items: items}}})
	if err != nil {
		return 0 // Tell says so
	}
	return len(doc)
}

// AddPieces adds pieces of a product to what is said of a part of an order, which has
// each product once.
func AddPieces(to []events.ChangedItem, product string, pieces int) []events.ChangedItem {
	if i := slices.IndexFunc(to, func(x events.ChangedItem) bool { return x.ProductID == product }); i >= 0 {
		to[i].Quantity += pieces
	} else if len(to) < events.MaxItems {
		to = append(to, events.ChangedItem{ProductID: product, Quantity: pieces})
	}
	return to
}
