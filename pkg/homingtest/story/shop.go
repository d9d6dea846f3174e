// Package story makes up a shop of believable customers, and audits what
// Homing made of what they did. The audit knows the rules that a marketer was
// promised, from the documentation, and nothing of the code that keeps them.
package story

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"homing/events"
)

// Said is one event of the shop, and when it was published.
type Said struct {
	At    time.Time
	Event events.Event
}

// Day is 24 hours.
const Day = 24 * time.Hour

// history is how long the shop has existed when Homing is switched on.
const history = 400 * Day

// product is something the shop sells.
type product struct {
	item  events.Item
	lasts int // days one piece lasts; 0: it is not used up
}

// Shop is a shop with its customers and all that they will do.
type Shop struct {
	r        *rand.Rand
	products []product
	people   []*person
	start    time.Time
	end      time.Time
	said     []Said
	orders   int
	ids      int
	friends  int
}

// New makes a shop that is switched on at start and watched for some days. The
// same seed gives the same shop.
func New(seed uint64, start time.Time, days, customers int) *Shop {
	s := &Shop{r: rand.New(rand.NewPCG(seed, 20)), start: start, end: start.Add(time.Duration(days) * Day)}
	s.stock()
	for i := range customers {
		p := s.person(i)
		s.people = append(s.people, p)
		s.live(p)
	}
	slices.SortStableFunc(s.said, func(a, b Said) int { return a.At.Compare(b.At) })
	return s
}

// Said returns all that the shop publishes, in the order of publishing.
func (s *Shop) Said() []Said { return s.said }

func (s *Shop) stock() {
	add := func(id, name, price string, lasts, says int) {
		m, err := events.ParseMoney(price, "GBP")
		if err != nil {
			panic(err)
		}
		s.products = append(s.products, product{lasts: lasts, item: events.Item{ProductID: id, Name: name, Quantity: 1, Price: m,
			URL: "https://shop.example/p/" + id, ImageURL: "https://shop.example/i/" + id + ".jpg", SupplyDays: says}})
	}
	add("tea-assam-250", "Assam, 250 g", "12.95", 25, 25)
	add("coffee-house-500", "House blend, 500 g", "11.50", 16, 16)
	add("soap-oat", "Oat soap, three bars", "8.40", 34, 0) // learned from what people do
	add("oats-1kg", "Rolled oats, 1 kg", "4.20", 20, 0)
	for i, name := range []string{"Teapot, stoneware", "Linen tea towel", "Bread board, oak", "Cast-iron kettle", "Beeswax candle", "Storage jar, 1 l", "Wooden spoon", "Enamel mug"} {
		add(fmt.Sprintf("thing-%d", i), name, fmt.Sprintf("%d.50", 6+5*i), 0, 0)
	}
}

// chance reports true with a probability.
func (s *Shop) chance(p float64) bool { return s.r.Float64() < p }

// between returns a duration between two.
func (s *Shop) between(a, b time.Duration) time.Duration {
	return a + time.Duration(s.r.Float64()*float64(b-a)).Round(time.Second)
}

// daytime returns an instant on the day of t at which the person is awake.
func (s *Shop) daytime(p *person, t time.Time) time.Time {
	local := t.In(p.zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 8+s.r.IntN(14), s.r.IntN(60), s.r.IntN(60), 0, p.zone).UTC()
}

// say has the shop publish an event that happened at a time. What happened
// before the shop went live is published as it goes live; a few are late, and a
// few are told twice.
func (s *Shop) say(at time.Time, d events.Data) {
	if at.After(s.end) {
		return
	}
	s.ids++
	e := events.Event{ID: fmt.Sprintf("s-%d", s.ids), Source: "/shop", Type: d.Type(), Store: "main",
		Time: at.UTC().Truncate(time.Millisecond), Data: d}
	published := at
	if at.Before(s.start) {
		published = s.start.Add(time.Minute + at.Sub(s.start.Add(-history))/time.Duration(history/time.Minute))
	} else if s.chance(0.01) {
		published = at.Add(s.between(10*time.Minute, 4*time.Hour))
	}
	s.said = append(s.said, Said{published, e})
	if s.chance(0.03) {
		s.said = append(s.said, Said{published.Add(s.between(time.Second, 3*time.Hour)), e})
	}
}

// earliest returns when each event was first published, by id.
func (s *Shop) earliest() map[string]time.Time {
	out := map[string]time.Time{}
	for _, x := range s.said {
		if t, ok := out[x.Event.ID]; !ok || x.At.Before(t) {
			out[x.Event.ID] = x.At
		}
	}
	return out
}

func pick[T any](s *Shop, from []T) T { return from[s.r.IntN(len(from))] }

// byProduct sorts items and adds up what is the same.
func byProduct(items []events.Item) []events.Item {
	slices.SortFunc(items, func(a, b events.Item) int { return cmp.Compare(a.ProductID, b.ProductID) })
	var out []events.Item
	for _, it := range items {
		if n := len(out); n > 0 && out[n-1].ProductID == it.ProductID {
			out[n-1].Quantity += it.Quantity
			continue
		}
		out = append(out, it)
	}
	return out
}
