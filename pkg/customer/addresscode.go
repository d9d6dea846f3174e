package customer

import "encoding/binary"

// What an address has, as it is written: a byte of these flags, its text unless it is
// that of Email, and its spans.
const (
	addressIsEmail = 1 << iota // its text is that of Email
	addressSaid
	addressUsed
)

// appendAddresses writes the addresses. Times count from the customer's earliest
// stamp: with most customers they are that, or soon after.
func appendAddresses(b []byte, c *Customer, t stamps) []byte {
	base := t.earliest()
	for _, a := range c.Addresses {
		var flags byte
		if a.Email == c.Email.Value {
			flags |= addressIsEmail
		}
		if !a.Said.never() {
			flags |= addressSaid
		}
		if !a.Used.never() {
			flags |= addressUsed
		}
		b = append(b, flags)
		if flags&addressIsEmail == 0 {
			b = appendString(b, a.Email)
		}
		for _, s := range []Span{a.Said, a.Used} {
			if !s.never() {
				b = binary.AppendUvarint(binary.AppendVarint(b, s.First-base), uint64(s.Last-s.First))
			}
		}
	}
	return b
}

// addresses reads what appendAddresses wrote; the texts come before it.
func (r *reader) addresses(c *Customer, t stamps) {
	base := t.earliest()
	c.Addresses = make([]Address, 0, 1)
	for r.rest != "" && !r.bad {
		flags, a := r.byte(), Address{Email: c.Email.Value}
		if flags&addressIsEmail == 0 {
			a.Email = r.string()
		}
		for _, s := range []struct {
			flag byte
			span *Span
		}{{addressSaid, &a.Said}, {addressUsed, &a.Used}} {
			if flags&s.flag != 0 {
				s.span.First = base + r.varint()
				s.span.Last = s.span.First + int64(r.uvarint())
			}
		}
		c.Addresses = append(c.Addresses, a)
	}
}

// earliest returns the time of the first stamp; 0 if there is none.
func (t stamps) earliest() int64 {
	if len(t) == 0 {
		return 0
	}
	return t[0].At
}
