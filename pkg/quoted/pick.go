package quoted

import (
	"hash/fnv"
	"slices"
	"time"

	"homing/pkg/customer"
)

// An Ask is for which email a quote is chosen.
type Ask struct {
	Customer *customer.Customer // whom it is to
	// About are the products that the email is about, that of which a quote is wanted most
	// first.
	About []string
	// Speaks reports whether a language (BCP 47; empty: that of the store) is the email's.
	Speaks func(language string) bool
	Draw   string // decides which of several it is
	Now    time.Time
}

// A Choice is what is quoted, and what it is about.
type Choice struct {
	Quote
	Product string
}

// Pick chooses what is quoted: something of the first product of which there is anything;
// the same for the same. Nobody is quoted to themselves, nor about what they disliked.
func (s *Snapshot) Pick(a Ask) (Choice, bool) {
	if s == nil || a.Now.Sub(s.At) > MaxAge {
		return Choice{}, false
	}
	for _, product := range a.About {
		all := s.fitting(product, a)
		if len(all) == 0 || a.Customer.Dislikes(product) {
			continue
		}
		h := fnv.New32a()
		h.Write([]byte(a.Draw)) // never fails
		return Choice{all[int(h.Sum32()%uint32(len(all)))], product}, true
	}
	return Choice{}, false
}

func (s *Snapshot) fitting(product string, a Ask) []Quote {
	own := a.Customer.Noted(customer.Reviewed, product)
	var out []Quote
	for _, q := range s.Products[product] {
		if a.Speaks(q.Language) && !slices.ContainsFunc(own, func(n customer.Note) bool { return n.At == q.At }) {
			out = append(out, q)
		}
	}
	return out
}
