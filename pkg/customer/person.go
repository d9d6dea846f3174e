package customer

import (
	"cmp"
	"slices"
	"strings"
)

// A Person is who answers to one mailbox, however many ids and guest records the shop
// has for them.
type Person struct {
	// Customer is the person as one customer. It has the id of the record that was
	// asked for, and the address of the account that goes on for all.
	Customer  Customer
	Members   []*Record // of all ids, ascending by token; with one, it is the one asked for
	Mailboxes []*Record // what is known about their addresses themselves
	Crowded   bool      // more ids named the mailbox than one person has
	Rests     []*Record // all records that Customer rests on: when none of their versions, and none of Links, changes, nothing does
	Links     []Links   // of the mailboxes that were looked at, ascending
	Guest     *Record   // of the mailbox that was asked for, if one was: be it erased; nil: none was
}

// Links are the ids that ever named a mailbox.
type Links struct {
	Mailbox Key
	IDs     []Key // ascending
}

// Person returns the person that was asked for, if nothing of them is missing.
func (n *Neighbourhood) Person(a Ask) Person {
	if r, mailbox, only := n.single(a); only {
		return personOf(r.Record, mailbox.Record, n.links[mailbox.Key])
	}
	return n.united(a)
}

func (n *Neighbourhood) united(a Ask) Person {
	w := n.walk(a)
	p := Person{Crowded: w.crowded}
	looked := map[Key]bool{}
	for k := range w.members {
		p.Members = append(p.Members, n.at(k).Record)
	}
	for k := range w.mailboxes {
		p.Mailboxes, looked[k] = append(p.Mailboxes, n.at(k).Record), true
	}
	for k := range w.used {
		p.Rests = append(p.Rests, n.at(k).Record)
	}
	for _, o := range w.once {
		looked[o.mailbox] = true
	}
	for _, k := range sorted(looked) {
		p.Links = append(p.Links, Links{k, n.links[k]})
	}
	for _, rs := range [][]*Record{p.Members, p.Mailboxes, p.Rests} {
		slices.SortFunc(rs, func(a, b *Record) int { return CompareKeys(a.Key, b.Key) })
	}
	if a.Email != "" {
		p.Guest = n.at(n.id.Key(a.Key.Store, n.id.Guest(a.Key.Store, a.Email))).Record
	}
	p.Customer = w.unite(a)
	return p
}

// ErasedAt returns when somebody who answered to the person's mailbox was erased last,
// ms; 0: never. It is for a mailbox that was asked for: Customer was not erased as such.
// An erasure reaches the guest of the mailbox, whose record is all that still says so.
func (p *Person) ErasedAt() int64 {
	var at int64
	if p.Guest != nil {
		at = p.Guest.Customer.Erased.At
	}
	for _, m := range p.Members {
		at = max(at, m.Customer.Erased.At)
	}
	return at
}

// personOf is the person of one id and one mailbox.
func personOf(r, mailbox *Record, ids []Key) Person {
	both, own := []*Record{r, mailbox}, 0
	if CompareKeys(mailbox.Key, r.Key) < 0 {
		both[0], both[1], own = both[1], both[0], 1
	}
	return Person{
		Customer: r.Customer, Members: both[own : own+1 : own+1], Mailboxes: both[1-own : 2-own : 2-own], Rests: both,
		Links: []Links{{mailbox.Key, ids}},
	}
}

// CompareKeys sorts keys by store and token.
func CompareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Token, b.Token))
}

// unite makes one customer of all that is known about a person.
func (w *walk) unite(a Ask) Customer {
	if one, ok := w.alone(a); ok {
		return one
	}
	var c Customer
	for _, k := range sortedMembers(w.members) {
		r := w.n.at(k)
		of := r.Customer.clone()
		if e := w.erasedAt(k); e.After(of.Erased) {
			of.erase(e)
		}
		w.markElsewhere(of.Claims)
		for i := range of.Orders { // whose addresses are not the person's
			if o := &of.Orders[i]; of.moved(o) {
				o.To = ""
			}
		}
		erased := c.Erased
		c.Erased = Stamp{} // each was erased for itself
		Join(&c, of)
		c.Erased = erased
		c.Tokens = append(c.Tokens, k.Token)
		if k == a.Key {
			c.ID, c.Erased = of.ID, of.Erased
		}
	}
	if a.Email != "" {
		c.ID.Value = "" // of a mailbox
	}
	w.address(&c, a)
	w.refusals(&c)
	w.spentHere(&c)
	return c
}

func sortedMembers(m map[Key]int64) []Key {
	out := make([]Key, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, CompareKeys)
	return out
}

// alone returns the customer of a person with one record and nothing else to count, as
// most are.
func (w *walk) alone(a Ask) (Customer, bool) {
	if a.Email != "" || len(w.used)-len(w.mailboxes) != 1 {
		return Customer{}, false
	}
	r := w.n.at(a.Key)
	if len(w.once) > 0 || slices.ContainsFunc(r.Customer.Claims, func(k Claim) bool { return k.To != "" }) {
		return Customer{}, false
	}
	for k := range w.mailboxes {
		if w.n.at(k).says() {
			return Customer{}, false
		}
	}
	return r.Customer, true
}

// erasedAt returns the latest erasure that concerns a member: their own, or that of
// another who was the same person then.
func (w *walk) erasedAt(k Key) Stamp {
	e, since := w.n.at(k).Customer.Erased, w.members[k]
	for other, joined := range w.members {
		if o := w.n.at(other).Customer.Erased; o.After(e) && o.At >= max(since, joined) {
			e = o
		}
	}
	for _, email := range w.mailboxes {
		guest := w.n.id.Key(k.Store, w.n.id.Guest(k.Store, email))
		if o := w.n.at(guest).Customer.Erased; o.After(e) && o.At >= since {
			e = o
		}
	}
	return e
}

// address gives the person the address of the account that goes on for all; where that
// has none, that of the one which was merged into it last, and so on.
func (w *walk) address(c *Customer, a Ask) {
	c.Addresses, c.Absorbed = nil, nil
	if a.Email != "" {
		c.Email = textOf(a.Email, Stamp{})
		return
	}
	c.Email = Text{}
	way := GoesOn(a.Key, w.merged)
	for seen := map[Key]bool{}; ; {
		k := way[len(way)-1]
		of := w.n.at(k).Customer
		if account := of.Account(); account != "" {
			c.Email = textOf(account, of.Email.Stamp)
			return
		}
		seen[k] = true
		last, ok := w.mergedLast(seen)
		if !ok {
			return
		}
		way = append(way, last)
	}
}

// mergedLast returns the id that was merged last into one of some, and isn't one of them.
func (w *walk) mergedLast(into map[Key]bool) (last Key, ok bool) {
	var said Stamp
	for _, k := range sortedMembers(w.members) {
		if next, s, merged := w.merged(k); merged && into[next] && !into[k] && (!ok || s.After(said)) {
			last, said, ok = k, s, true
		}
	}
	return last, ok
}

// merged returns which id goes on for another, and since when.
func (w *walk) merged(k Key) (into Key, s Stamp, ok bool) {
	m := w.n.at(k).Customer.Merged
	if m.Value == "" {
		return Key{}, Stamp{}, false
	}
	return w.n.id.Key(k.Store, m.Value), m.Stamp, true
}

// refusals adds what was refused, or complained about, by others who were the same
// person then. That two parted later changes nothing about it.
func (w *walk) refusals(c *Customer) {
	for mailbox, email := range w.mailboxes {
		for _, k := range w.linked(mailbox) {
			w.refused(c, k, func(of *Customer, at int64) bool { return of.HomeAt(email, at) })
			there := w.n.at(k).Customer
			w.refusedByMerged(c, k, func(at int64) bool { return there.HomeAt(email, at) })
		}
		w.atMailbox(c, mailbox, func(int64) bool { return true })
		w.chosenAt(c, mailbox)
	}
	for k := range w.members {
		w.refusedByMerged(c, k, func(int64) bool { return true })
	}
	for _, o := range w.once {
		member := w.n.at(o.member).Customer
		for _, k := range w.linked(o.mailbox) {
			w.refused(c, k, func(of *Customer, at int64) bool { return of.HomeAt(o.email, at) && member.HomeAt(o.email, at) })
		}
		w.atMailbox(c, o.mailbox, func(at int64) bool { return member.HomeAt(o.email, at) })
	}
}

// refusedByMerged adds what was refused by those who were merged with an id then.
func (w *walk) refusedByMerged(c *Customer, k Key, counts func(at int64) bool) {
	this := w.n.at(k).Customer
	for _, a := range this.Absorbed {
		from := w.n.id.Key(k.Store, a.ID)
		into, left, ok := w.merged(from)
		w.refused(c, from, func(_ *Customer, at int64) bool {
			return ok && a.At <= at && (into == k || at < left.At) && counts(at)
		})
	}
	if into, s, ok := w.merged(k); ok {
		w.refused(c, into, func(_ *Customer, at int64) bool { return s.At <= at && counts(at) })
	}
}

// linked returns the ids that ever named a mailbox and are no members.
func (w *walk) linked(mailbox Key) []Key {
	var out []Key
	for _, k := range w.n.links[mailbox] {
		if _, is := w.members[k]; !is && w.used[k] {
			out = append(out, k)
		}
	}
	return out
}

func (w *walk) refused(c *Customer, k Key, counts func(of *Customer, at int64) bool) {
	of := w.n.at(k).Customer
	for scope, s := range of.Stops {
		if s.Back = 0; s.At != 0 && counts(&of, s.At) {
			c.stop(scope, s)
		}
	}
}

// atMailbox adds what was said at a mailbox itself: complaints, and a no by the link of
// an email about somebody else's order.
func (w *walk) atMailbox(c *Customer, mailbox Key, counts func(at int64) bool) {
	for scope, s := range w.n.at(mailbox).Customer.Stops {
		if s.Back = 0; s.At != 0 && counts(s.At) {
			c.stop(scope, s)
		}
	}
	for _, note := range w.n.at(mailbox).Customer.Notes {
		if note.Kind == Complained && counts(note.At) {
			c.remember(note)
		}
	}
}

// chosenAt adds what was chosen, or agreed to, at a mailbox itself, by the link of an email
// about somebody else's order: who reads the mailbox is who said it.
func (w *walk) chosenAt(c *Customer, mailbox Key) {
	of := w.n.at(mailbox).Customer
	mine, theirs := c.texts(), of.texts()
	for i := firstTexts; i < len(mine); i++ {
		mine[i].join(theirs[i].Register, strings.Compare)
	}
	for scope, s := range of.Stops {
		if s.Back != 0 {
			c.stop(scope, Stop{Back: s.Back})
		}
	}
	if of.Opinion.At != 0 {
		c.opine(of.Opinion)
	}
}

// markElsewhere marks the claims under which email went to a mailbox that isn't the
// person's.
func (w *walk) markElsewhere(claims []Claim) {
	for i := range claims {
		if claims[i].To != "" {
			claims[i].Elsewhere = !w.answersTo(claims[i].To)
		}
	}
}

func (w *walk) answersTo(mailbox string) bool {
	for k := range w.mailboxes {
		if k.Token == mailbox {
			return true
		}
	}
	return false
}

// spentHere adds the claims of others under which email went to a mailbox of the
// person's: about an order that named it, or when the other was the same person.
func (w *walk) spentHere(c *Customer) {
	for mailbox, email := range w.mailboxes {
		for _, k := range w.linked(mailbox) {
			w.wentHere(c, k, email, mailbox.Token)
		}
	}
	for k := range w.members {
		for _, a := range w.n.at(k).Customer.Absorbed {
			from := w.n.id.Key(k.Store, a.ID)
			if _, is := w.members[from]; is {
				continue
			}
			_, left, ok := w.merged(from)
			for _, claim := range w.n.at(from).Customer.Claims {
				if claim.To == "" && ok && a.At <= claim.At && claim.At < left.At {
					c.Settle(claim)
				}
			}
		}
	}
}

// wentHere adds the claims of another id, and of what the same emails took over, that
// went to a mailbox of the person's.
func (w *walk) wentHere(c *Customer, k Key, email, mailbox string) {
	of := w.n.at(k).Customer
	went := false
	for _, claim := range of.Claims {
		here := claim.To == mailbox
		if !here && (claim.To != "" || !of.HomeAt(email, claim.At)) {
			continue
		}
		c.Settle(claim)
		for _, x := range of.Claims {
			if claim.State >= Uncertain && x.At == claim.At && x.Bundled() {
				c.Settle(x)
			}
		}
		if went = true; here && !slices.Contains(c.Around, k.Token) {
			c.Around = append(c.Around, k.Token)
		}
	}
	if went {
		c.Others = append(c.Others, Others{k.Token, of.Orders})
	}
}

func textOf(value string, s Stamp) Text { return Text{Register[string]{Value: value, Stamp: s}} }

// LinksOf returns the links of a mailbox, and whether they are among some.
func LinksOf(all []Links, mailbox Key) ([]Key, bool) {
	for _, l := range all {
		if l.Mailbox == mailbox {
			return l.IDs, true
		}
	}
	return nil, false
}
