package why

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// Who is who one person is: the ids and guests that the shop has for them, and their
// addresses.
type Who struct {
	IDs       []ID      `json:"ids"`                 // the one that is told about first, then by token
	Addresses []Address `json:"addresses,omitempty"` // those of the accounts first
	// Group is the token by whose number the person is in a control group or not: the
	// smallest of their ids'.
	Group   string `json:"group_token,omitempty"`
	Crowded bool   `json:"crowded,omitempty"` // more ids named their mailbox than one person has
}

// ID is one id of a person's.
type ID struct {
	ID     string    `json:"id"`
	Token  string    `json:"token"`
	Guest  bool      `json:"guest,omitempty"` // known by the address alone
	Email  string    `json:"email,omitempty"` // of the account
	Since  time.Time `json:"since,omitzero"`  // since when it is this person's, as far as is remembered
	Into   string    `json:"merged_into,omitempty"`
	Erased time.Time `json:"erased_at,omitzero"`
}

// Address is an address that one of the ids named.
type Address struct {
	Email string    `json:"email"` // as it was last written
	Use   string    `json:"use"`   // account, earlier (an account's before), order (only with orders, carts and the like)
	Of    []string  `json:"of"`    // the ids that named it
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// The uses of an address, the nearest first.
const (
	useAccount = "account"
	useEarlier = "earlier"
	useOrder   = "order"
)

var uses = []string{useAccount, useEarlier, useOrder}

func (t *teller) person() *Who {
	w := &Who{IDs: []ID{}, Crowded: t.Person.Crowded}
	by := map[string]*Address{}
	for _, r := range t.Person.Members {
		c := &r.Customer
		x := ID{ID: c.ID.Value, Token: r.Key.Token, Guest: customer.IsGuest(c.ID.Value), Email: c.Account(), Into: c.Merged.Value}
		if since := cmp.Or(c.Merged.Stamp.At, c.HomeSince()); since != 0 {
			x.Since = ms(since)
		}
		if c.Erased.At != 0 {
			x.Erased = ms(c.Erased.At)
		}
		w.IDs = append(w.IDs, x)
		if w.Group == "" || x.Token < w.Group {
			w.Group = x.Token
		}
		addresses(by, c)
	}
	slices.SortStableFunc(w.IDs, func(a, b ID) int {
		return cmp.Or(cmp.Compare(apart(a.Token == t.Key.Token), apart(b.Token == t.Key.Token)), cmp.Compare(a.Token, b.Token))
	})
	for _, a := range by {
		w.Addresses = append(w.Addresses, *a)
	}
	slices.SortFunc(w.Addresses, func(a, b Address) int {
		return cmp.Or(cmp.Compare(slices.Index(uses, a.Use), slices.Index(uses, b.Use)), cmp.Compare(a.Email, b.Email))
	})
	return w
}

// apart sorts what is so before what is not.
func apart(so bool) int {
	if so {
		return 0
	}
	return 1
}

// addresses adds those that one id named.
func addresses(by map[string]*Address, c *customer.Customer) {
	for _, a := range c.Addresses {
		use := useOrder
		switch {
		case customer.SameAddress(a.Email, c.Account()):
			use = useAccount
		case c.Once(a.Email):
			use = useEarlier
		}
		first, last := a.Between()
		x := by[strings.ToLower(a.Email)]
		if x == nil {
			x = &Address{Email: a.Email, Use: use, First: ms(first), Last: ms(last)}
			by[strings.ToLower(a.Email)] = x
		}
		if slices.Index(uses, use) < slices.Index(uses, x.Use) {
			x.Use = use
		}
		if at := ms(first); at.Before(x.First) {
			x.First = at
		}
		if at := ms(last); at.After(x.Last) {
			x.Email, x.Last = a.Email, at
		}
		x.Of = append(x.Of, c.ID.Value)
	}
}

// became returns the id that goes on for the one that was found, if another does.
func (t *teller) became() string {
	for _, r := range t.Person.Members {
		if r.Key == t.Key {
			return r.Customer.Merged.Value
		}
	}
	return ""
}

// several reports whether the person has more ids than one.
func (t *teller) several() bool { return len(t.Person.Members) > 1 }

// under returns the id that an entry came under, where that must be said; "" where
// there is but one, or the entry is about an address.
func (t *teller) under(e customer.Entry) string {
	if _, ofAddress := e.Event.Data.(events.AddressData); ofAddress || !t.several() && e.Key == t.Key {
		return ""
	}
	for _, r := range t.Person.Members {
		if r.Key == e.Key {
			return r.Customer.ID.Value
		}
	}
	if d, ok := e.Event.Data.(events.CustomerData); ok {
		return d.Who().ID
	}
	if _, ok := e.Event.Data.(events.Fact); ok {
		return e.Key.Token // somebody else's, that went to an address of theirs
	}
	return ""
}

// as says under which other id something came.
func (t *teller) as(id string) string {
	switch {
	case customer.IsGuest(id):
		return "as a guest"
	case slices.ContainsFunc(t.Person.Members, func(r *customer.Record) bool { return r.Customer.ID.Value == id }):
		return "as " + id
	}
	return "of " + id + ", another customer, to an address of theirs"
}

// joined says in words what a fact says about who is one person; "" of all others.
func (t *teller) joined(e customer.Entry) string {
	switch d := e.Event.Data.(type) {
	case *events.PersonLinked:
		return t.idOf(d.Customer) + " and " + t.mailboxOf(e.Key) + " were first named together"
	case *events.PersonMerged:
		return "it was said that " + d.Into + " goes on for them"
	}
	return ""
}

// worthTelling leaves out facts about who is one person that say nothing new: of
// somebody with one id, and of a merge that the event which caused it tells of.
func (t *teller) worthTelling(all []customer.Entry) []customer.Entry {
	told := map[string]bool{}
	for _, e := range all {
		if d, ok := e.Event.Data.(*events.CustomerMerged); ok {
			told[d.From] = true
		}
	}
	return slices.DeleteFunc(all, func(e customer.Entry) bool {
		switch d := e.Event.Data.(type) {
		case *events.PersonLinked:
			return !t.several() || t.idOf(d.Customer) == d.Customer
		case *events.PersonMerged:
			return told[t.idOf(e.Key.Token)]
		}
		return false
	})
}

// idOf returns the id that a token is of, if the person has it; else the token.
func (t *teller) idOf(token string) string {
	for _, r := range t.Person.Members {
		if r.Key.Token == token && r.Customer.ID.Value != "" {
			return r.Customer.ID.Value
		}
	}
	return token
}

// mailboxOf returns the address that a mailbox is of, if the person has it.
func (t *teller) mailboxOf(k customer.Key) string {
	if t.Mailboxes[k] != "" {
		return t.Mailboxes[k]
	}
	return "an address of theirs"
}
