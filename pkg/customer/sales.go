package customer

import "homing/events"

// mostSales is of how many orders of nobody it is known that they were told already: beyond
// it an order that is told twice counts twice.
const mostSales = 250_000

// Sales tells the orders of nobody, each once. The zero value is ready.
type Sales struct{ told map[string]bool }

// Order returns the order that an event tells of, if it is one of nobody. Of an order that is
// told again the first telling counts, and a test is no order: then it is nil.
func (s *Sales) Order(e events.Event) *events.Order {
	d, ok := e.Data.(*events.OrderPlaced)
	if !ok || !e.OfNobody() || d.Order.Test || s.told[d.Order.ID] {
		return nil
	}
	if len(s.told) < mostSales {
		if s.told == nil {
			s.told = map[string]bool{}
		}
		s.told[d.Order.ID] = true
	}
	return &d.Order
}
