package customer

import "homing/events"

// Spending is what a customer's orders cost in one currency. Amounts of two currencies
// are never added up.
type Spending struct {
	events.Money
	Orders int // whose cost it is
}

// Spent returns what the customer spent in the currency of most of their orders, or, of
// as many, in that of the latest one; false: it isn't known of any order that stands what
// it cost. An order counts in full unless nothing is left of it: refunds do not say how
// much was paid back. Of orders of which no details are kept the cost is not known.
func (c *Customer) Spent() (Spending, bool) {
	var room [2]Spending
	all := room[:0]
	for i := range c.Orders {
		o := &c.Orders[i]
		if !o.Counts() || o.Total.Currency == "" || o.Undone() != 0 {
			continue
		}
		k := 0
		for k < len(all) && all[k].Currency != o.Total.Currency {
			k++
		}
		if k == len(all) {
			all = append(all, Spending{Money: events.Money{Currency: o.Total.Currency}})
		}
		all[k].Minor, all[k].Orders = all[k].Minor+o.Total.Minor, all[k].Orders+1
	}
	most := Spending{}
	for _, s := range all {
		if s.Orders > most.Orders {
			most = s
		}
	}
	return most, most.Orders > 0
}
