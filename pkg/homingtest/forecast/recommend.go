package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/recommend"
)

// offered is how many products are recommended, as in an email.
const offered = 4

// hits is how well recommendations foretold what customers bought next.
type hits struct {
	orders  int             // of customers who had ordered before, with something that was new to them
	hit     int             // that had one of those that were recommended
	right   int             // products that were recommended and bought
	matched int             // that were recommended because of what the customer had bought
	shown   int             // recommended in all
	variety map[string]bool // products that were recommended to anybody
}

// recommendations lives through a shop's history, computes each night what goes with what,
// and compares what is recommended before each order with what is new to the customer in
// it. Bestsellers are the same without anything that goes together.
func recommendations(s shop, out io.Writer) error {
	people, ours, best := map[string]*customer.Customer{}, hits{variety: map[string]bool{}}, hits{variety: map[string]bool{}}
	var known *recommend.Snapshot
	var took time.Duration
	night := s.from
	for _, e := range s.orders {
		for ; !night.After(e.Time); night = night.Add(day) {
			began := time.Now()
			k := recommend.NewCollector(night)
			for _, c := range people {
				k.Add(c, product.HabitsOf(c).Bought)
			}
			known, took = k.Snapshot(), time.Since(began)
		}
		d := e.Data.(*events.OrderPlaced)
		c := people[d.Customer.ID]
		if c != nil && known != nil {
			ask := recommend.Ask{Customer: c, Shown: func(string) bool { return true }, Now: e.Time, Most: offered}
			if isNew := news(c, d); len(isNew) > 0 {
				ours.count(known.Pick(ask), isNew)
				alone := *known
				alone.With = nil
				best.count(alone.Pick(ask), isNew)
			}
		}
		if c == nil {
			c = &customer.Customer{}
			people[d.Customer.ID] = c
		}
		customer.Apply(c, e)
	}
	if ours.orders == 0 {
		return fmt.Errorf("%s: nobody ordered a second time", s.name)
	}
	size, err := known.Encode()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d orders of customers who had ordered before; the last night had %d customers, %d products, took %v, %d KB\n",
		s.name, ours.orders, known.Customers, len(known.IDs), took.Round(time.Millisecond), len(size)>>10)
	for _, x := range []struct {
		name string
		hits
	}{{"recommendations", ours}, {"bestsellers", best}} {
		fmt.Fprintf(out, "  %-16s hit rate at %d: %.1f %%\tbought of %d shown: %.1f %%\tgoes with theirs: %.1f %%\tdifferent products: %d\n", x.name, offered,
			100*float64(x.hit)/float64(x.orders), x.shown, 100*float64(x.right)/float64(x.shown), 100*float64(x.matched)/float64(x.shown), len(x.variety))
	}
	if ours.hit <= best.hit {
		return fmt.Errorf("%s: recommendations hit %d orders, and bestsellers %d", s.name, ours.hit, best.hit)
	}
	return nil
}

// news lists what of an order the customer had never bought.
func news(c *customer.Customer, d *events.OrderPlaced) (out []string) {
	had := c.Bought()
	for _, it := range d.Order.Items {
		if _, bought := had.Place(it.ProductID); !bought {
			out = append(out, it.ProductID)
		}
	}
	return out
}

func (h *hits) count(picked []recommend.Choice, isNew []string) {
	h.orders++
	any := false
	for _, x := range picked {
		h.shown++
		h.variety[x.Product] = true
		if x.With != "" {
			h.matched++
		}
		if slices.Contains(isNew, x.Product) {
			h.right++
			any = true
		}
	}
	if any {
		h.hit++
	}
}
