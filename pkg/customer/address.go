package customer

import (
	"slices"
	"strings"

	"homing/events"
)

// Address is an address that a customer's events named, and when they did.
type Address struct {
	Email string // as it was last written; compared without case
	Said  Span   // by events about the customer: it was the account's address
	Used  Span   // by events about something else, such as an order
}

// A Span is the first and the last time, ms, at which something was said; the zero
// Span: never. Of what was said before an erasure as well as after it, the first time
// is that of the erasure, so that nothing older can be read off it.
type Span struct{ First, Last int64 }

func (s Span) never() bool { return s == Span{} }

// include widens the span, and reports whether that changed it.
func (s *Span) include(at, erased int64) bool {
	was, first := *s, at
	if erased != 0 {
		first = erased
	}
	if s.never() {
		*s = Span{first, at}
	} else {
		*s = Span{min(s.First, first), max(s.Last, at)}
	}
	return *s != was
}

// erase forgets what was said up to a time.
func (s *Span) erase(at int64) {
	switch {
	case s.never():
	case s.Last <= at:
		*s = Span{}
	default:
		s.First = at
	}
}

// Between returns the first and the last time, ms, at which the address was named.
func (a Address) Between() (first, last int64) {
	switch {
	case a.Used.never():
		return a.Said.First, a.Said.Last
	case a.Said.never():
		return a.Used.First, a.Used.Last
	}
	return min(a.Said.First, a.Used.First), a.last()
}

// MaxAddresses is how many addresses of one customer are remembered: those that were
// named last.
const MaxAddresses = 16

// Account returns the address of the customer's account, where all goes that is not
// about one order: the one that an event about the customer named last, or, if none
// did, the one that was named first by any event. "" if none was. One order's
// address never changes it: that may be where a present goes.
func (c *Customer) Account() string {
	if c.Email.Value != "" {
		return c.Email.Value
	}
	first := -1
	for i, a := range c.Addresses {
		if !a.Used.never() && (first < 0 || a.Used.First < c.Addresses[first].Used.First) {
			first = i
		}
	}
	if first < 0 {
		return ""
	}
	return c.Addresses[first].Email
}

// Greeting returns the names of whom the account's address belongs to; none if the event
// that said them last came with another address, as the order of somebody else who
// uses the account.
func (c *Customer) Greeting() (first, last string) {
	account, said := c.Account(), max(c.FirstName.Stamp.At, c.LastName.Stamp.At)
	for _, a := range c.Addresses {
		if !SameAddress(a.Email, account) && (a.Used.Last == said || a.Used.First == said) {
			return "", ""
		}
	}
	return c.FirstName.Value, c.LastName.Value
}

// Named reports whether an event of the customer named an address.
func (c *Customer) Named(email string) bool {
	_, found := slices.BinarySearchFunc(c.Addresses, email, byAddress)
	return found
}

// Tells reports whether it would be news, of who was at home where and when, that an
// event of a type named an address at a time, ms.
func (c *Customer) Tells(t events.Type, email string, at int64) bool {
	i, found := slices.BinarySearchFunc(c.Addresses, email, byAddress)
	if !found {
		return true
	}
	span := c.Addresses[i].Used
	if AboutCustomer(t) {
		span = c.Addresses[i].Said
	}
	return span.never() || at < span.First
}

// byAddress compares without case.
func byAddress(a Address, email string) int { return compareFold(a.Email, email) }

// compareFold compares strings as strings.ToLower would have them: addresses are ASCII.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// SameAddress reports whether two addresses are the same mailbox: without case, and
// no further; plus tags and dots are told apart.
func SameAddress(a, b string) bool { return len(a) == len(b) && compareFold(a, b) == 0 }

// OneMailbox writes an address as most providers read it: in small letters, without what
// follows a plus sign, and of Gmail without dots. Who has the one has the other, so nobody is
// asked more often, and nobody recommends a shop to themselves, under it. For all else the two
// are told apart: a provider may read them otherwise.
func OneMailbox(address string) string {
	address = strings.ToLower(address)
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local, domain := address[:at], address[at+1:]
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		local = local[:tag]
	}
	if domain == "gmail.com" || domain == "googlemail.com" {
		domain = "gmail.com"
		if bare := strings.ReplaceAll(local, ".", ""); bare != "" {
			local = bare
		}
	}
	return local + "@" + domain
}

// names folds that an event named an address.
func (c *Customer) names(email string, aboutCustomer bool, s Stamp) bool {
	if email == "" {
		return false
	}
	i, found := slices.BinarySearchFunc(c.Addresses, email, byAddress)
	if !found {
		c.Addresses = slices.Insert(c.Addresses, i, Address{Email: email})
	}
	a := &c.Addresses[i]
	before := *a
	if s.At > max(a.Said.Last, a.Used.Last) || s.At == max(a.Said.Last, a.Used.Last) && email > a.Email {
		a.Email = email
	}
	span := &a.Used
	if aboutCustomer {
		span = &a.Said
	}
	span.include(s.At, c.Erased.At)
	changed := !found || *a != before
	c.forgetAddresses()
	return changed
}

// forgetAddresses keeps the newest MaxAddresses.
func (c *Customer) forgetAddresses() {
	for len(c.Addresses) > MaxAddresses {
		oldest := 0
		for i, a := range c.Addresses {
			if a.last() < c.Addresses[oldest].last() {
				oldest = i
			}
		}
		c.Addresses = slices.Delete(c.Addresses, oldest, oldest+1)
	}
}

func (a Address) last() int64 { return max(a.Said.Last, a.Used.Last) }

func (c *Customer) eraseAddresses(at int64) {
	for i := range c.Addresses {
		c.Addresses[i].Said.erase(at)
		c.Addresses[i].Used.erase(at)
	}
	c.Addresses = slices.DeleteFunc(c.Addresses, func(a Address) bool { return a.Said.never() && a.Used.never() })
}

// HomeAt reports whether an address was the account's at some time, ms, as far as is
// remembered. Where two were named in turns both were, in between.
func (c *Customer) HomeAt(email string, at int64) bool {
	this, found := slices.BinarySearchFunc(c.Addresses, email, byAddress)
	if !found {
		return false
	}
	a := c.Addresses[this]
	said := !a.Said.never()
	if !said && !c.firstUsed(this) {
		return false // it was only named, as an order's address
	}
	from, until := c.homeSince(this), int64(0) // 0: it still is
	for i, o := range c.Addresses {
		if i != this && !o.Said.never() && (!said || o.Said.First > a.Said.Last) && (until == 0 || o.Said.First < until) {
			until = o.Said.First
		}
	}
	return from <= at && (until == 0 || at < until)
}

// firstUsed reports whether an address is the one that other events named first.
func (c *Customer) firstUsed(this int) bool {
	a := c.Addresses[this]
	return !a.Used.never() && !slices.ContainsFunc(c.Addresses, func(o Address) bool {
		return !o.Used.never() && o.Used.First < a.Used.First
	})
}

// Homes lists the addresses that are, or once were, the account's: what it is now
// comes first.
func (c *Customer) Homes() []string {
	var out []string
	if now := c.Account(); now != "" {
		out = append(out, now)
	}
	for i, a := range c.Addresses {
		if (!a.Said.never() || c.firstUsed(i)) && !(len(out) > 0 && SameAddress(a.Email, out[0])) {
			out = append(out, a.Email)
		}
	}
	return out
}

// Once reports whether an address is, or was at some time, the account's.
func (c *Customer) Once(email string) bool {
	i, found := slices.BinarySearchFunc(c.Addresses, email, byAddress)
	if !found {
		return false
	}
	first, _ := c.Addresses[i].Between()
	return c.HomeAt(email, first)
}

// HomeSince returns the time, ms, from which on the account has its address, as far
// as is remembered.
func (c *Customer) HomeSince() int64 {
	i, found := slices.BinarySearchFunc(c.Addresses, c.Account(), byAddress)
	if !found {
		return 0
	}
	return c.homeSince(i)
}

// homeSince returns since when an address was the account's: since an event about the
// customer said so, or since another event named it first, if none had said any.
func (c *Customer) homeSince(this int) int64 {
	a := c.Addresses[this]
	switch {
	case a.Said.never():
		return a.Used.First
	case a.Used.never() || a.Said.First < a.Used.First || !c.firstUsed(this):
		return a.Said.First
	}
	for _, o := range c.Addresses {
		if !o.Said.never() && o.Said.First < a.Used.First {
			return a.Said.First // it was an order's address before it was the account's
		}
	}
	return a.Used.First
}

// AboutCustomer reports whether events of a type are about the customer as such:
// their address is the account's.
func AboutCustomer(t events.Type) bool { return strings.HasPrefix(string(t), "customer.") }
