package customer

import "maps"

// Then is who was one person at some time: an erasure concerns those who were at its
// own. It is looked up before anybody is erased, since the records say no more
// afterwards.
type Then struct {
	// Members are the ids in the order in which they were found, each after those
	// that led to it: for as long as the first of them are as they were, the others
	// are found again. The guest of each mailbox is one of them, known or not.
	Members   []Key
	Mailboxes map[Key]string // where they were at home → address

	Records, Links []Key // to be read first; none: all is known
}

// Then returns who was one person at a time, ms, with those who are asked for.
func (n *Neighbourhood) Then(at int64, asks ...Ask) Then {
	t := then{n: n, at: at, seen: map[Key]bool{}, unread: map[Key]bool{}, unlinked: map[Key]bool{}}
	t.Mailboxes = map[Key]string{}
	for _, a := range asks {
		if a.Email != "" {
			t.mailbox(a.Key, a.Email)
		} else {
			t.member(a.Key)
		}
	}
	t.Records, t.Links = sorted(t.unread), sorted(t.unlinked)
	return t.Then
}

// then is a walk through a neighbourhood as it was.
type then struct {
	Then
	n                      *Neighbourhood
	at                     int64
	seen, unread, unlinked map[Key]bool
}

func (t *then) record(k Key) (*neighbour, bool) {
	r := t.n.records[k]
	if r == nil {
		t.unread[k] = true
	}
	return r, r != nil
}

func (t *then) member(k Key) {
	r, ok := t.record(k)
	if t.seen[k] || !ok {
		return
	}
	t.seen[k] = true
	t.Members = append(t.Members, k)
	c := &r.Customer
	for _, email := range c.Homes() {
		if c.HomeAt(email, t.at) {
			t.mailbox(t.n.id.Mailbox(k.Store, email), email)
		}
	}
	if c.Merged.Value != "" && c.Merged.Stamp.At <= t.at {
		t.member(t.n.id.Key(k.Store, c.Merged.Value))
	}
	for _, a := range c.Absorbed {
		if a.At > t.at {
			continue
		}
		// One that became another's since was this one's at the time.
		from := t.n.id.Key(k.Store, a.ID)
		if f, ok := t.record(from); ok && f.Customer.Merged.Value != "" {
			if t.n.id.Key(k.Store, f.Customer.Merged.Value) == k || f.Customer.Merged.Stamp.At > t.at {
				t.member(from)
			}
		}
	}
}

func (t *then) mailbox(k Key, email string) {
	if t.Mailboxes[k] != "" {
		return
	}
	t.Mailboxes[k] = email
	t.member(t.n.id.Key(k.Store, t.n.id.Guest(k.Store, email)))
	ids, ok := t.n.links[k]
	if !ok {
		t.unlinked[k] = true
		return
	}
	if len(ids) > MaxPerson {
		return // no person's
	}
	for _, id := range ids {
		if r, ok := t.record(id); ok && r.Customer.HomeAt(email, t.at) {
			t.member(id)
		}
	}
}

// Record returns a record that was added.
func (n *Neighbourhood) Record(k Key) Record { return *n.at(k).Record }

// Links returns the ids that ever named a mailbox whose links were added.
func (n *Neighbourhood) Links(mailbox Key) []Key { return n.links[mailbox] }

// AskAll asks for the mailboxes as well, however they were found.
func (t *Then) AskAll(i *Identity, asks []Ask) []Ask {
	known := map[Key]bool{}
	for _, a := range asks {
		known[a.Key] = true
	}
	for k := range maps.Keys(t.Mailboxes) {
		if !known[k] {
			asks = append(asks, i.AskMailbox(k.Store, t.Mailboxes[k]))
		}
	}
	return asks
}
