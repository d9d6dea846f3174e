package customer

import (
	"maps"
	"slices"
)

// MaxPerson is of how many ids a person has at most. More than that are no person's:
// a shop that gives all its walk-in customers one address.
const MaxPerson = 100

// A Neighbourhood is what was read about some customers and those around them. It
// says what is still to be read, and who is one person.
//
// The ids of a person are joined by their account's address, which leads to a mailbox,
// and by merges. A mailbox knows only the ids that ever named it, its links; what each
// is to the mailbox is said by its own record: it is at home there, once was, or only
// had an order sent there. So nothing is copied or moved when two turn out to be one
// person, nor when they part.
type Neighbourhood struct {
	id      *Identity
	records map[Key]*neighbour
	links   map[Key][]Key // of mailboxes
}

// neighbour is a record, and where the mailbox of its account is kept: telling that
// takes a while.
type neighbour struct {
	*Record
	home Key // its zero value: it was not asked for yet
}

// NewNeighbourhood returns one of which nothing was read.
func NewNeighbourhood(id *Identity) *Neighbourhood {
	return &Neighbourhood{id: id, records: map[Key]*neighbour{}, links: map[Key][]Key{}}
}

// Add takes records over that were read, be they empty. They are not copied.
func (n *Neighbourhood) Add(records []Record) {
	of := make([]neighbour, len(records))
	for i := range records {
		of[i].Record = &records[i]
		n.records[records[i].Key] = &of[i]
	}
}

// says reports whether something is known about a mailbox itself.
func (r *Record) says() bool {
	c := &r.Customer
	return len(c.Notes) > 0 || len(c.Stops) > 0 || c.Opinion.At != 0 || c.Chosen.said()
}

// nobody is a record that was not read.
var nobody = neighbour{Record: new(Record)}

func (n *Neighbourhood) at(k Key) *neighbour {
	if r := n.records[k]; r != nil {
		return r
	}
	return &nobody
}

// AddLinks takes the links of a mailbox over: the ids that ever named it.
func (n *Neighbourhood) AddLinks(mailbox Key, ids []Key) { n.links[mailbox] = ids }

// An Ask asks for a person: that of the id with a key, or, with an Email, that of
// a mailbox.
type Ask struct {
	Key   Key
	Email string // the mailbox's; empty: Key is that of an id
}

// AskMailbox asks who answers to a mailbox.
func (i *Identity) AskMailbox(store, email string) Ask { return Ask{i.Mailbox(store, email), email} }

// Missing returns the records, and the mailboxes of which the links, are yet to be
// read before the persons are known; none: they are.
func (n *Neighbourhood) Missing(asks ...Ask) (records, links []Key) {
	var r, l map[Key]bool
	for _, a := range asks {
		if _, _, only := n.single(a); only {
			continue
		}
		if r == nil {
			r, l = map[Key]bool{}, map[Key]bool{}
		}
		w := n.walk(a)
		maps.Copy(r, w.missing)
		maps.Copy(l, w.unlinked)
	}
	return sorted(r), sorted(l)
}

// single returns the records of a person of one id and one mailbox that nobody else
// ever named, and about which nothing was said: most are. There is nothing to unite.
func (n *Neighbourhood) single(a Ask) (r, mailbox *neighbour, only bool) {
	r = n.records[a.Key]
	if a.Email != "" || r == nil || !r.Customer.stays() {
		return nil, nil, false
	}
	if r.home == (Key{}) {
		r.home = n.id.Mailbox(a.Key.Store, r.Customer.Account())
	}
	ids, known := n.links[r.home]
	mailbox = n.records[r.home]
	if !known || mailbox == nil || !alone(a.Key, mailbox.Record, ids) {
		return nil, nil, false
	}
	return r, mailbox, true
}

// stays reports whether a customer has an account, was never at home elsewhere, and has
// nothing to do with another id or mailbox, as far as they themselves know.
func (c *Customer) stays() bool {
	account := c.Account()
	if account == "" || c.Merged.Value != "" || len(c.Absorbed) > 0 {
		return false
	}
	for i := range c.Addresses {
		if o := &c.Addresses[i]; !SameAddress(o.Email, account) && (!o.Said.never() || c.firstUsed(i)) {
			return false
		}
	}
	for i := range c.Claims {
		if c.Claims[i].To != "" {
			return false
		}
	}
	return true
}

// alone reports whether nobody else ever named a mailbox, and nothing is known about it.
func alone(id Key, mailbox *Record, ids []Key) bool {
	return len(ids) <= 1 && (len(ids) == 0 || ids[0] == id) && !mailbox.says()
}

// Alone returns the person of a record if they have but this id, and the mailbox of their
// account, whose record and links are the others; false: there is more to be read. It is
// what a Neighbourhood tells of most, for less.
func Alone(r, mailbox *Record, ids []Key) (Person, bool) {
	if !r.Customer.stays() || !alone(r.Key, mailbox, ids) {
		return Person{}, false
	}
	return personOf(r, mailbox, ids), true
}

func sorted(keys map[Key]bool) []Key { return slices.SortedFunc(maps.Keys(keys), CompareKeys) }

// walk is a way through a neighbourhood, from one id or mailbox to all that is theirs.
type walk struct {
	n         *Neighbourhood
	members   map[Key]int64  // ids of the person → ms: since when they are, as far as is remembered
	mailboxes map[Key]string // of the person → address
	once      []once         // where members were at home before
	missing   map[Key]bool   // records to be read
	unlinked  map[Key]bool   // mailboxes whose links are to be read
	used      map[Key]bool   // records that the person rests on
	crowded   bool
}

// once is a mailbox that was a member's home, and is not any more.
type once struct {
	mailbox Key
	email   string
	member  Key
}

func (n *Neighbourhood) walk(a Ask) *walk {
	w := &walk{n: n, members: map[Key]int64{}, mailboxes: map[Key]string{}, missing: map[Key]bool{}, unlinked: map[Key]bool{}, used: map[Key]bool{}}
	if a.Email != "" {
		w.mailbox(a.Key, a.Email)
	} else {
		w.member(a.Key)
	}
	for _, o := range w.once {
		if w.mailboxes[o.mailbox] == "" {
			w.record(o.mailbox)
			w.around(o.mailbox)
		}
	}
	return w
}

// record returns a record, or notes that it is to be read.
func (w *walk) record(k Key) (*neighbour, bool) {
	r := w.n.records[k]
	if r == nil {
		w.missing[k] = true
		return &nobody, false
	}
	w.used[k] = true
	return r, true
}

func (w *walk) member(k Key) {
	r, ok := w.record(k)
	if _, is := w.members[k]; is || !ok {
		return
	}
	c := &r.Customer
	w.members[k] = c.HomeSince()
	homes := c.Homes()
	for i, email := range homes {
		mailbox := w.n.id.Mailbox(k.Store, email)
		if i == 0 && c.Account() != "" {
			w.mailbox(mailbox, email)
		} else {
			w.once = append(w.once, once{mailbox, email, k})
		}
	}
	if c.Merged.Value != "" {
		w.members[k] = c.Merged.Stamp.At
		w.member(w.n.id.Key(k.Store, c.Merged.Value))
	}
	for _, a := range c.Absorbed {
		from := w.n.id.Key(k.Store, a.ID)
		if f, ok := w.record(from); ok && f.Customer.Merged.Value != "" && w.n.id.Key(k.Store, f.Customer.Merged.Value) == k {
			w.member(from)
		}
	}
}

func (w *walk) mailbox(k Key, email string) {
	if w.mailboxes[k] != "" {
		return
	}
	w.mailboxes[k] = email
	w.record(k)
	for _, id := range w.around(k) {
		r, ok := w.record(id)
		if !ok {
			continue
		}
		if home := r.Customer.Account(); home != "" && SameAddress(home, email) {
			w.member(id)
		}
	}
}

// around returns the ids that ever named a mailbox, and has them read.
func (w *walk) around(mailbox Key) []Key {
	ids, ok := w.n.links[mailbox]
	if !ok {
		w.unlinked[mailbox] = true
		return nil
	}
	if len(ids) > MaxPerson {
		w.crowded = w.crowded || w.mailboxes[mailbox] != ""
		return nil
	}
	for _, id := range ids {
		if r, ok := w.record(id); ok {
			w.mergedWith(r)
		}
	}
	return ids
}

// mergedWith has the records read that are merged with one: what was refused under those
// stays with the mailbox where it was at home.
func (w *walk) mergedWith(r *neighbour) {
	for _, a := range r.Customer.Absorbed {
		w.record(w.n.id.Key(r.Key.Store, a.ID))
	}
	if into := r.Customer.Merged.Value; into != "" {
		w.record(w.n.id.Key(r.Key.Store, into))
	}
}
