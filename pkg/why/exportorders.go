package why

import (
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// ExportOrder is something that happened to an order.
type ExportOrder struct {
	Order string       `json:"order"`
	What  string       `json:"what"`
	At    time.Time    `json:"at"`
	Cart  string       `json:"cart,omitempty"`
	Test  bool         `json:"test,omitempty"`
	Email string       `json:"email,omitempty"` // the address that came with it
	Lines []ExportLine `json:"lines,omitempty"` // none: the whole order
	Total events.Money `json:"total,omitzero"`  // what it cost
}

var orderWords = map[customer.Kind]string{customer.Placed: "placed", customer.Fulfilled: "fulfilled", customer.Delivered: "delivered",
	customer.Cancelled: "cancelled", customer.Refunded: "refunded", customer.Returned: "returned"}

// exportOrders lists what is kept about orders: when each was first told, what it
// is as it was told last, and what happened to it since.
func exportOrders(os []customer.Order) (out []ExportOrder) {
	for i := range os {
		o := &os[i]
		say := func(what string, at int64, lines []ExportLine) {
			out = append(out, ExportOrder{Order: o.ID, What: what, At: ms(at), Lines: lines})
		}
		if o.Age != 0 {
			out = append(out, ExportOrder{Order: o.ID, What: "placed", At: o.PlacedAt(), Cart: o.CartID, Test: o.Test, Email: o.To, Lines: exportLines(o.Lines), Total: o.Total})
			if o.Told.At != o.Age {
				say("told as it is", o.Told.At, nil)
			}
		}
		for _, m := range o.Marks {
			if m.Kind != customer.Placed {
				say(orderWords[m.Kind], m.Stamp.At, nil)
			}
		}
		for _, p := range o.Parcels {
			var lines []ExportLine
			if p.Product != "" {
				lines = []ExportLine{{Product: p.Product}}
			}
			say(orderWords[p.Kind], p.First, lines)
			if p.Last != p.First {
				say(orderWords[p.Kind], p.Last, lines)
			}
		}
		for _, p := range o.Parts {
			say(orderWords[p.Kind], p.Stamp.At, exportLines(p.Lines))
		}
	}
	return out
}
