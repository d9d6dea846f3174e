package customer

import (
	"encoding/binary"
	"strings"
)

// notWritten is the address of an order that was read, until it is known which the
// account's is.
const notWritten = "\x00"

// toHome gives the orders that were read the account's address, where none was written.
func (c *Customer) toHome() {
	home := c.home()
	for _, os := range [][]Order{c.Orders, c.Untold} {
		for i := range os {
			o, home := &os[i], home
			if o.Brief {
				home = ""
			}
			o.Content.toHome(home)
			if o.Rivals != nil {
				for j := range o.Rivals.Said {
					o.Rivals.Said[j].Value.toHome(home)
				}
			}
		}
	}
}

func (o *Content) toHome(home string) {
	if o.To == notWritten {
		o.To = home
	}
}

// home is the account's address in small letters.
func (c *Customer) home() string { return strings.ToLower(c.Account()) }

// extras reports whether the order says what most orders do not say.
func (o *Content) extras(home string) bool {
	if len(o.Coupons) > 0 || o.To != home {
		return true
	}
	for i := range o.Lines {
		if o.Lines[i].said() != 0 {
			return true
		}
	}
	return false
}

// What a line says that most lines do not say.
const (
	saysSupply = 1 << iota
	saysSubscription
	saysUnreviewable
	saysBundle
)

// said returns what the line says that most lines do not say.
func (l *Line) said() (said byte) {
	if l.Supply != 0 {
		said |= saysSupply
	}
	if l.Subscription {
		said |= saysSubscription
	}
	if l.Unreviewable {
		said |= saysUnreviewable
	}
	if l.Bundle != 0 {
		said |= saysBundle
	}
	return said
}

// appendExtras writes the coupons, and for each line that says more its place,
// counted from 1, and what it says; the address, if it is another than the account's,
// where a line after the last one would be; 0 ends them.
func appendExtras(b []byte, o *Content, home string) []byte {
	b = binary.AppendUvarint(b, uint64(len(o.Coupons)))
	for _, h := range o.Coupons {
		b = putUint48(b, h)
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		said := l.said()
		if said == 0 {
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(i+1)), said)
		if said&saysSupply != 0 {
			b = binary.AppendUvarint(b, uint64(l.Supply))
		}
		if said&saysBundle != 0 {
			b = binary.AppendUvarint(b, uint64(l.Bundle))
		}
	}
	if o.To != home {
		b = appendString(binary.AppendUvarint(b, uint64(len(o.Lines)+1)), o.To)
	}
	return append(b, 0)
}

func (r *reader) extras(o *Content) {
	for range r.count(6) {
		if s := r.bytes(6); s != "" {
			o.Coupons = append(o.Coupons, uint48(view(s)))
		}
	}
	for place := r.uvarint(); place != 0; place = r.uvarint() {
		if place == uint64(len(o.Lines)+1) {
			o.To = r.string()
			continue
		}
		if place > uint64(len(o.Lines)) {
			r.bad = true
			return
		}
		l, said := &o.Lines[place-1], r.byte()
		if said&saysSupply != 0 {
			l.Supply = int32(r.uvarint())
		}
		if said&saysBundle != 0 {
			if l.Bundle = int16(r.uvarint()); int(l.Bundle) > len(o.Lines) || l.Bundle < 0 {
				r.bad = true
			}
		}
		l.Subscription, l.Unreviewable = said&saysSubscription != 0, said&saysUnreviewable != 0
	}
}
