package quoted

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/render"
)

// A Collector gathers what may be quoted: Hear of all reviews, then Confirm for each of
// those whom Asks names, then Snapshot. It is for one goroutine.
type Collector struct {
	at    time.Time
	least int                // stars
	heard map[string][]heard // by product
	of    map[customer.Key][]about
	found map[string][]Quote // by product
}

// heard is a review that its author may let others see.
type heard struct {
	by customer.Key
	Quote
}

// about is a review, with the product.
type about struct {
	product string
	Quote
}

// NewCollector returns a collector of reviews of at least so many stars.
func NewCollector(at time.Time, least int) *Collector {
	return &Collector{at: at.UTC(), least: least, heard: map[string][]heard{}, of: map[customer.Key][]about{}, found: map[string][]Quote{}}
}

// Hear takes a review, in the order of the timeline. Others of the same customer of the
// same product that are older make room for it.
func (k *Collector) Hear(e customer.Entry) {
	d, ok := e.Event.Data.(*events.ReviewSubmitted)
	if !ok {
		return
	}
	r, at := &d.Review, e.Event.Time.UnixMilli()
	all, known := k.heard[r.ProductID]
	for i := range all {
		if all[i].by == e.Key {
			if all[i].At > at {
				return
			}
			all = slices.Delete(all, i, i+1)
			break
		}
	}
	if q, good := k.quote(r, at); good && (known || len(k.heard) < MaxProducts) {
		all = newest(append(all, heard{e.Key, q}), maxHeard, func(h heard) Quote { return h.Quote })
	}
	if known || len(all) > 0 {
		k.heard[r.ProductID] = all
	}
}

// quote is what is shown of a review; false: nothing. A text is shown as a whole or not at
// all: cut short it might say something else.
func (k *Collector) quote(r *events.Review, at int64) (Quote, bool) {
	text, whole := render.Quotation(r.Text)
	if !r.QuoteConsent || r.Rating < k.least || !whole {
		return Quote{}, false
	}
	title, _ := render.Quotation(r.Title)
	return Quote{Text: text, Title: title, Language: r.Language, Stars: r.Rating, At: at}, true
}

// newest sorts, the newest first, and leaves so many in each language.
func newest[T any](all []T, most int, of func(T) Quote) []T {
	slices.SortStableFunc(all, func(a, b T) int {
		x, y := of(a), of(b)
		return cmp.Or(cmp.Compare(y.At, x.At), strings.Compare(x.Text, y.Text))
	})
	n := map[string]int{}
	return slices.DeleteFunc(all, func(x T) bool {
		l := base(of(x).Language)
		n[l]++
		return n[l] > most
	})
}

// base is a language without its region.
func base(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return ""
	}
	b, _ := t.Base()
	return b.String()
}

// Asks are the customers who are to be confirmed, ascending, once all is heard.
func (k *Collector) Asks() []customer.Key {
	for product, all := range k.heard {
		for _, h := range all {
			k.of[h.by] = append(k.of[h.by], about{product, h.Quote})
		}
	}
	return slices.SortedFunc(maps.Keys(k.of), customer.CompareKeys)
}

// Confirm takes the person whom a key of Asks is of: of their reviews, those stay that may
// be quoted, of what they bought.
func (k *Collector) Confirm(key customer.Key, who *customer.Customer) {
	for _, q := range k.of[key] {
		if who.MayQuote(q.product, q.At) && bought(who, q.product) {
			q.Name, q.Language = firstName(who.FirstName.Value), cmp.Or(q.Language, who.Language())
			k.found[q.product] = append(k.found[q.product], q.Quote)
		}
	}
}

// bought reports whether somebody ordered a product.
func bought(who *customer.Customer, product string) bool {
	for o := range who.Placed() {
		if o.Has(product) {
			return true
		}
	}
	return false
}

// firstName is the first of somebody's names, as it can be shown: some shops have all of
// them in one field.
func firstName(s string) string {
	first, rest, _ := strings.Cut(render.PersonName(s), " ")
	if strings.HasSuffix(first, ".") { // a title, or an initial
		first, _, _ = strings.Cut(rest, " ")
	}
	return first
}

// Snapshot returns what may be quoted.
func (k *Collector) Snapshot() *Snapshot {
	s := &Snapshot{Version: version, At: k.at, Products: map[string][]Quote{}}
	var times []int64
	for product, all := range k.found {
		all = newest(all, MaxQuotes, func(q Quote) Quote { return q })
		s.Products[product] = all
		for _, q := range all {
			times = append(times, q.At)
		}
	}
	if len(times) > MaxTotal {
		slices.SortFunc(times, func(a, b int64) int { return cmp.Compare(b, a) })
		s.since(times[MaxTotal-1] + 1)
	}
	return s
}

// since leaves out what is older than a time, ms.
func (s *Snapshot) since(at int64) {
	for product, all := range s.Products {
		if all = slices.DeleteFunc(all, func(q Quote) bool { return q.At < at }); len(all) == 0 {
			delete(s.Products, product)
		} else {
			s.Products[product] = all
		}
	}
}
