package recommend

import (
	"cmp"
	"slices"
	"time"

	"homing/pkg/customer"
)

// maxSeeds is how many of a customer's products it is asked what goes with them: the newest.
const maxSeeds = 40

// An Ask is for whom something is chosen.
type Ask struct {
	Customer *customer.Customer
	// About are the products that the email is about, which lead, and are not recommended
	// themselves.
	About []string
	// AboutAlone has nothing follow from what else the customer bought: the email goes to
	// somebody else's mailbox.
	AboutAlone bool
	// Shown reports whether a product may be shown: it is known what it is called and
	// where it is, and it can be had.
	Shown func(id string) bool
	Now   time.Time
	Most  int // that are chosen
}

// A Choice is a product, and why.
type Choice struct {
	Product string
	With    string // goes with this product; empty: many customers bought it lately
}

// seed is a product, and how much what goes with it counts.
type seed struct {
	place  int32
	weight float64
}

// Pick chooses products for a customer, the best first; the same for the same. What they
// bought, returned, disliked or have in their cart is left out. Where too little goes with
// what they bought, what many bought lately follows.
func (s *Snapshot) Pick(a Ask) []Choice {
	if s == nil || a.Most <= 0 {
		return nil
	}
	not := a.not()
	var out []Choice
	take := func(c Choice) {
		if id := c.Product; len(out) < a.Most && !not[id] && a.Shown(id) && !a.Customer.Dislikes(id) {
			out, not[id] = append(out, c), true
		}
	}
	for _, m := range s.matches(a) {
		take(Choice{s.IDs[m.place], s.IDs[m.with]})
	}
	for _, place := range s.Popular {
		take(Choice{Product: s.IDs[place]})
	}
	return out
}

// match is a product, and what it goes with best.
type match struct {
	place, with int32
	score, best float64
}

// matches lists what goes with the customer's products, the best first.
func (s *Snapshot) matches(a Ask) []match {
	at := map[int32]int{}
	var all []match
	for _, from := range s.seeds(a) {
		partners := s.with(from.place)
		for i := range partners.len() {
			p := partners.at(i)
			k, known := at[p.place]
			if !known {
				k = len(all)
				at[p.place], all = k, append(all, match{place: p.place})
			}
			m, v := &all[k], p.score*from.weight
			if m.score += v; v > m.best {
				m.best, m.with = v, from.place
			}
		}
	}
	slices.SortFunc(all, func(x, y match) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.place, y.place)) })
	return all
}

// seeds are the products that something may go with: those that the email is about, then
// what the customer bought, kept and was not unhappy about, the newest first.
func (s *Snapshot) seeds(a Ask) []seed {
	var out []seed
	seen := map[int32]bool{}
	add := func(id string, weight float64) {
		place, known := s.place(id)
		if !known || seen[place] || len(out) >= maxSeeds || a.Customer.Dislikes(id) {
			return
		}
		seen[place], out = true, append(out, seed{place, weight})
	}
	for _, id := range a.About {
		add(id, 1)
	}
	if a.AboutAlone {
		return out
	}
	sorry := a.sorry()
	for _, b := range kept(a.Customer, a.Customer.Bought(), a.Now) {
		if !sorry[b.id] {
			add(b.id, 1)
		}
	}
	return out
}

// sorry are the products of orders that the customer complained about, as a low score in an
// answer does: nobody wants to be reminded of them.
func (a *Ask) sorry() map[string]bool {
	out := map[string]bool{}
	for o := range a.Customer.Placed() {
		if len(a.Customer.Noted(customer.ComplaintOpened, o.ID)) > 0 {
			for i := range o.Lines {
				out[o.Lines[i].Product] = true
			}
		}
	}
	return out
}

// not is what is not recommended: what the email is about, the customer ever bought, or has
// in their cart.
func (a *Ask) not() map[string]bool {
	out := map[string]bool{}
	for _, id := range a.About {
		out[id] = true
	}
	for _, o := range a.Customer.Orders {
		for i := range o.Lines {
			out[o.Lines[i].Product] = true
		}
	}
	for _, l := range a.Customer.Cart.Value.Lines {
		out[l.Product] = true
	}
	return out
}
