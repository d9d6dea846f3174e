package rehearsal

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"homing/events"
)

// Synthetic is a made-up shop: a gift wholesaler of the size of one that is publicly
// known, with as many orders and lines, customers of whom few buy most, and products that
// some of them buy again and again.
type Synthetic struct {
	Seed      uint64
	Orders    int
	Lines     int // of all orders
	Customers int
	Products  int
	From      time.Time
	Days      int
	Currency  string
}

// SyntheticShop returns the size of the shop that speed is measured with.
func SyntheticShop(seed uint64) Synthetic {
	return Synthetic{Seed: seed, Orders: 25_900, Lines: 541_909, Customers: 4_372, Products: 3_700,
		From: time.Date(2024, 12, 1, 8, 0, 0, 0, time.UTC), Days: 374, Currency: "GBP"}
}

// made is an event and when it happened.
type made struct {
	at   time.Time
	data events.Data
}

// Each calls fn with the events of the shop, by time. The same seed gives the same.
func (s Synthetic) Each(fn func(e events.Event) error) error {
	m := maker{Synthetic: s, r: rand.New(rand.NewPCG(s.Seed, 15))}
	all := m.make()
	slices.SortStableFunc(all, func(a, b made) int { return a.at.Compare(b.at) })
	for i, x := range all {
		e := events.Event{ID: fmt.Sprintf("syn-%d", i), Source: "/synthetic", Type: x.data.Type(), Store: "main",
			Time: x.at.UTC().Truncate(time.Millisecond), Data: x.data}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

type maker struct {
	Synthetic
	r   *rand.Rand
	all []made
}

// buyer is a customer: how many orders they place, and what they buy again.
type buyer struct {
	who    events.Customer
	weight float64
	usual  []int // products
}

func (m *maker) make() []made {
	buyers := m.buyers()
	at := m.times(buyers)
	sizes := m.sizes(len(at))
	for i, x := range at {
		m.order(i, x.of, x.at, sizes[i])
	}
	return m.all
}

func (m *maker) say(at time.Time, d events.Data) { m.all = append(m.all, made{at, d}) }

func (m *maker) buyers() []buyer {
	out := make([]buyer, m.Customers)
	countries := []string{"GB", "GB", "GB", "GB", "GB", "GB", "DE", "FR", "IE", "AU"}
	for i := range out {
		b := &out[i]
		b.who = events.Customer{ID: fmt.Sprintf("c%d", 10000+i), Email: fmt.Sprintf("c%d@example.com", 10000+i), Country: countries[m.r.IntN(len(countries))]}
		b.weight = math.Exp(1.2 * m.r.NormFloat64())
		for range 5 + m.r.IntN(25) {
			b.usual = append(b.usual, m.product())
		}
		created := b.who
		if m.r.Float64() < 0.4 {
			created.Birthday = time.Date(2000, 1, 1+m.r.IntN(366), 0, 0, 0, 0, time.UTC).Format("--01-02")
		}
		if m.r.Float64() < 0.7 {
			created.Consent = &events.Consent{Email: events.Subscribed}
		}
		m.say(m.From.Add(time.Duration(i)*time.Second), &events.CustomerCreated{Customer: created})
	}
	return out
}

// product draws one of the products, the popular ones more often.
func (m *maker) product() int {
	return min(m.Products-1, int(float64(m.Products)*math.Pow(m.r.Float64(), 2.5)))
}

type moment struct {
	at time.Time
	of *buyer
}

// times says who orders when: in the daytime of working days.
func (m *maker) times(buyers []buyer) []moment {
	sum := 0.0
	ends := make([]float64, len(buyers))
	for i := range buyers {
		sum += buyers[i].weight
		ends[i] = sum
	}
	out := make([]moment, m.Orders)
	for i := range out {
		n, _ := slices.BinarySearchFunc(ends, m.r.Float64()*sum, func(end, x float64) int { return cmp.Compare(end, x) })
		at := m.From.AddDate(0, 0, m.r.IntN(m.Days))
		for at.Weekday() == time.Saturday {
			at = at.AddDate(0, 0, 1)
		}
		out[i] = moment{at.Add(time.Duration(m.r.IntN(10*3600)) * time.Second), &buyers[min(n, len(buyers)-1)]}
	}
	slices.SortStableFunc(out, func(a, b moment) int { return a.at.Compare(b.at) })
	return out
}

// mostLines is how many lines an order has at most.
const mostLines = 500

// sizes says how many lines each order has: all together as many as there are to be.
func (m *maker) sizes(n int) []int {
	raw := make([]float64, n)
	sum := 0.0
	for i := range raw {
		raw[i] = math.Exp(m.r.NormFloat64())
		sum += raw[i]
	}
	out, left, most := make([]int, n), m.Lines, min(mostLines, m.Products)
	for i := range out {
		out[i] = min(most, max(1, int(raw[i]/sum*float64(m.Lines))))
		left -= out[i]
	}
	for i := 0; left != 0; i = (i + 1) % n {
		switch {
		case left > 0 && out[i] < most:
			out[i]++
			left--
		case left < 0 && out[i] > 1:
			out[i]--
			left++
		}
	}
	return out
}

func (m *maker) order(i int, b *buyer, at time.Time, size int) {
	o := events.Order{ID: fmt.Sprintf("o%d", 500000+i)}
	seen := map[int]bool{}
	for len(o.Items) < size {
		n := m.product()
		if m.r.Float64() < 0.4 {
			n = b.usual[m.r.IntN(len(b.usual))]
		}
		for seen[n] {
			n = (n + 1) % m.Products
		}
		seen[n] = true
		price := int64(85 + n%40*25)
		quantity := 1 + m.r.IntN(12)
		o.Items = append(o.Items, events.Item{ProductID: fmt.Sprintf("p%d", 20000+n), Name: fmt.Sprintf("Gift no. %d", n), Quantity: quantity,
			Price: events.Money{Minor: price, Currency: m.Currency}})
		o.Total.Minor += price * int64(quantity)
	}
	o.Total.Currency = m.Currency
	if m.r.Float64() < 0.1 {
		left := events.Cart{ID: "cart-" + o.ID, URL: "https://shop.example/cart", Items: o.Items[:min(len(o.Items), 20)], Total: o.Total}
		m.say(at.Add(-time.Duration(2+m.r.IntN(40))*time.Hour), &events.CartAbandoned{Customer: b.who, Cart: left})
	}
	m.say(at, &events.OrderPlaced{Customer: b.who, Order: o})
	who := events.Customer{ID: b.who.ID}
	if m.r.Float64() < 0.03 {
		m.say(at.Add(time.Duration(1+m.r.IntN(20))*time.Hour), &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: o.ID}})
		return
	}
	m.say(at.Add(time.Duration(40+m.r.IntN(100))*time.Hour), &events.OrderDelivered{Customer: who, Order: events.OrderChange{ID: o.ID}})
}
