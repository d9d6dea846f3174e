package replenishment

import (
	"fmt"
	"math"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/workers"
)

// Confidence says how much is behind an estimate.
type Confidence string

// The confidences, the best first.
const (
	Certain Confidence = "certain" // the shop says it
	Good    Confidence = "good"    // six own intervals or more, half of them within a quarter of their median
	Fair    Confidence = "fair"    // three own intervals or more, or fifty customers who bought it again
	Low     Confidence = "low"     // enough to say anything at all
)

// What is enough to speak of a product, and the weights of the formula.
const (
	enoughCustomers = 10  // who bought the product again
	enoughShare     = 0.1 // of its buyers

	shopCustomers = 5.0 // for how many customers of the product the shop counts
	aloneCounts   = 0.5 // for how many own intervals the shop alone counts
	atMostCounts  = 2.0 // and with very many customers of the product
)

// basis is all that an estimate may rest on.
type basis struct {
	pieces  int
	said    float64   // supply_days as the shop says; 0: it does not
	own     []float64 // the customer's own intervals, in days a piece
	product product.Product
	shop    product.Rhythm
}

// estimate is for how long what was bought will last.
type estimate struct {
	piece      float64 // days
	total      float64 // days, of all pieces
	confidence Confidence
}

// enough reports whether the basis says anything, given how many own intervals
// suffice alone.
func (b basis) enough(min int) bool {
	return b.said > 0 || len(b.own) >= min || b.productEnough()
}

func (b basis) productEnough() bool {
	r := b.product.Rhythm
	share := b.product.Buyers == 0 || float64(r.Customers) >= enoughShare*float64(b.product.Buyers)
	return r.Customers >= enoughCustomers && share && r.Days > 0
}

// estimate applies the formula of the package comment.
func (b basis) estimate() estimate {
	if b.said > 0 {
		return estimate{b.said, b.said * float64(b.pieces), Certain}
	}
	c, n := 0.0, float64(len(b.own))
	if b.product.Rhythm.Days > 0 {
		c = float64(b.product.Rhythm.Customers)
	}
	s := 0.0
	if b.shop.Days > 0 {
		s = shopCustomers
	}
	k, p := 0.0, 0.0
	if c+s > 0 {
		p = (c*b.product.Rhythm.Days + s*b.shop.Days) / (c + s)
		k = aloneCounts + (atMostCounts-aloneCounts)*c/(c+shopCustomers)
	}
	if n+k == 0 {
		return estimate{confidence: Low}
	}
	e := (n*product.Median(b.own) + k*p) / (n + k)
	return estimate{e, e * float64(b.pieces), b.confidence()}
}

func (b basis) confidence() Confidence {
	switch n := len(b.own); {
	case n >= 6 && spread(b.own) <= 0.25:
		return Good
	case n >= 3, b.product.Rhythm.Customers >= 50:
		return Fair
	}
	return Low
}

// spread returns within which share of their median half of the numbers lie.
func spread(xs []float64) float64 {
	m := product.Median(xs)
	away := make([]float64, len(xs))
	for i, x := range xs {
		away[i] = math.Abs(x - m)
	}
	return product.Median(away) / m
}

// text states inputs, estimate and confidence, for the fact and for people.
func (b basis) text(e estimate, clock time.Time) string {
	from := clock.Format("2 Jan 2006")
	if b.said > 0 {
		return fmt.Sprintf("%d × %s days (the shop's supply_days) from %s; %s", b.pieces, number(b.said), from, e.confidence)
	}
	return fmt.Sprintf("%s; estimate %s d × %s from %s, %s", b.inputs(), number(e.piece), count(b.pieces, "piece"), from, e.confidence)
}

// inputs states what there is to learn from.
func (b basis) inputs() string {
	var out []string
	switch n := len(b.own); n {
	case 0:
		out = append(out, "no own interval")
	case 1:
		out = append(out, fmt.Sprintf("1 own interval of %s d", number(b.own[0])))
	default:
		out = append(out, fmt.Sprintf("%d own intervals, median %s d", n, number(product.Median(b.own))))
	}
	for _, r := range []struct {
		of string
		product.Rhythm
	}{{"product", b.product.Rhythm}, {"shop", b.shop}} {
		if r.Customers > 0 {
			out = append(out, fmt.Sprintf("%s %s d of %s", r.of, number(r.Days), count(r.Customers, "customer")))
		} else {
			out = append(out, r.of+" unknown")
		}
	}
	return strings.Join(out, "; ")
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// number writes days as people say them.
func number(days float64) string {
	if days < 10 {
		return fmt.Sprintf("%.3g", math.Round(days*10)/10)
	}
	return fmt.Sprintf("%.0f", days)
}

// basisOf gathers what is known about a purchase: the order's own word comes before
// the product's.
func basisOf(p customer.Purchase, in workers.Input) basis {
	b := basis{pieces: p.Quantity, said: p.Supply, shop: in.Products.OfShop()}
	b.product, _ = in.Products.Of(p.Product)
	if b.said == 0 {
		b.said = float64(b.product.SupplyDays)
	}
	b.own = product.Intervals(in.Customer.PurchasesOf(p.Product))
	return b
}
