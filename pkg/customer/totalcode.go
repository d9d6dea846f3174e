package customer

import (
	"encoding/binary"
	"iter"

	"homing/events"
)

// What orders cost is a section of its own, since records from before it was kept have
// none, and since it is smaller there: a customer mostly pays in one currency, which is
// written once. Most orders take two bytes, up to 81.91, or three, up to 10,485.75.

// totals goes through what each order costs, as it was told last and in the rival
// statements about it.
func totals(os []Order) iter.Seq[*events.Money] {
	return func(yield func(*events.Money) bool) {
		for i := range os {
			if !yield(&os[i].Total) {
				return
			}
			if os[i].Rivals == nil {
				continue
			}
			for j := range os[i].Rivals.Said {
				if !yield(&os[i].Rivals.Said[j].Value.Total) {
					return
				}
			}
		}
	}
}

func hasTotals(all iter.Seq[*events.Money]) bool {
	for m := range all {
		if *m != (events.Money{}) {
			return true
		}
	}
	return false
}

// appendTotals writes each amount, twice, and one more where its currency isn't the one
// before, which follows.
func appendTotals(b []byte, all iter.Seq[*events.Money]) []byte {
	currency := ""
	for m := range all {
		x := uint64(m.Minor) << 1
		if m.Currency == currency {
			b = binary.AppendUvarint(b, x)
			continue
		}
		currency = m.Currency
		b = appendString(binary.AppendUvarint(b, x|1), currency)
	}
	return b
}

func (r *reader) totals(all iter.Seq[*events.Money]) {
	currency := ""
	for m := range all {
		x := r.uvarint()
		if x&1 != 0 {
			currency = r.string()
		}
		*m = events.Money{Minor: int64(x >> 1), Currency: currency}
	}
}
