package demoshop

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/config"
)

// How many customers the shop has, unless somebody says otherwise, and how long it has been there.
const (
	Customers = 2000
	Days      = 365
)

const (
	day  = 24 * time.Hour
	seed = 1 // the same shop each time, but for the day on which it is looked at
)

// told is an event of the shop, and when it happened.
type told struct {
	of   *person
	at   time.Time
	data events.Data
}

// shop makes up the year.
type shop struct {
	store     config.Store
	from, now time.Time
	people    []*person
	all       []told
	orders    int
}

// person is a customer. All that one does comes from dice of their own, so that what an email
// leads to for one of them changes nothing for the others.
type person struct {
	*rand.Rand
	who    events.Customer
	joined time.Time
	usual  string        // what they buy again and again; "": nothing
	every  time.Duration // from one visit to the next, about
	leaves time.Time     // when they stop coming
	visits int
}

var (
	firstNames = []string{"Ada", "Ben", "Chloe", "Dilan", "Elsa", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Luca", "Maya", "Nils", "Oona", "Paul", "Rosa", "Sami", "Tilda", "Umar", "Vera", "Will", "Yara", "Zeno"}
	lastNames  = []string{"Adler", "Brook", "Cole", "Dahl", "Ellis", "Frost", "Gray", "Hale", "Ives", "Jansen", "Keller", "Lund", "Moss", "Novak", "Olsen", "Park", "Quist", "Reed", "Stone", "Thorne"}
	countries  = []string{"GB", "GB", "GB", "GB", "GB", "IE", "DE", "NL", "FR", "US"}
)

// newShop makes up a year that ends now.
func newShop(store config.Store, now time.Time, customers int) *shop {
	s := &shop{store: store, from: now.Add(-Days * day), now: now}
	for i := range customers {
		s.live(s.person(i))
	}
	return s
}

func (s *shop) say(p *person, at time.Time, d events.Data) {
	if at.Before(s.now) {
		s.all = append(s.all, told{p, at.UTC().Truncate(time.Millisecond), d})
	}
}

// events returns what some people did, by time; nil: all of them.
func (s *shop) events(some map[*person]bool) (out []events.Event) {
	slices.SortStableFunc(s.all, func(a, b told) int { return a.at.Compare(b.at) })
	for i, x := range s.all {
		if some != nil && !some[x.of] {
			continue
		}
		out = append(out, events.Event{ID: fmt.Sprintf("year-%d", i), Source: "/stores/" + s.store.ID + "/demo", Type: x.data.Type(), Store: s.store.ID, Time: x.at, Data: x.data})
	}
	return out
}

func (s *shop) person(i int) *person {
	p := &person{Rand: rand.New(rand.NewPCG(seed, uint64(i)))}
	first, last := pick(p, firstNames), pick(p, lastNames)
	p.who = events.Customer{ID: fmt.Sprintf("D-%d", 1001+i), Email: fmt.Sprintf("%s.%s.%d@example.com", strings.ToLower(first), strings.ToLower(last), 1001+i),
		FirstName: first, LastName: last, Country: pick(p, countries)}
	// A third were there before; of the others more came later, as the shop grew.
	p.joined = s.from
	if p.Float64() > 0.3 {
		p.joined = s.from.Add(time.Duration(math.Sqrt(p.Float64()) * float64(s.now.Sub(s.from))))
	}
	p.leaves = p.joined.Add(time.Duration(p.ExpFloat64() * 500 * float64(day)))
	switch x := p.Float64(); {
	case x < 0.4:
		p.usual = pick(p, usedUp)
		p.every = time.Duration(Shelf[p.usual].SupplyDays) * day * time.Duration(1+p.IntN(2))
	case x < 0.75:
		p.every = time.Duration(60+p.IntN(120)) * day
	default:
		p.every = 3 * 365 * day // buys once
	}
	created := p.who
	if p.Float64() < 0.75 {
		created.Consent = &events.Consent{Email: events.Subscribed, At: &p.joined}
	}
	if p.Float64() < 0.4 {
		created.Birthday = time.Date(2000, 1, 1+p.IntN(365), 0, 0, 0, 0, time.UTC).Format("--01-02")
	}
	p.joined = p.joined.UTC().Truncate(time.Millisecond)
	s.people = append(s.people, p)
	s.say(p, p.joined, &events.CustomerCreated{Customer: created})
	return p
}

// live makes up what somebody does by themselves.
func (s *shop) live(p *person) {
	for at := p.joined.Add(p.some(time.Hour, 4*day)); at.Before(s.now) && at.Before(p.leaves); at = at.Add(p.pause(at)) {
		s.visit(p, s.daytime(p, at))
	}
	if p.Float64() < 0.04 && p.joined.Before(s.now.Add(-10*day)) {
		s.say(p, p.joined.Add(p.some(day, s.now.Sub(p.joined))), &events.CustomerUnsubscribed{Customer: events.Customer{ID: p.who.ID}, Scope: events.ScopeAll})
	}
}

// pause is how long they stay away, less long before Christmas.
func (p *person) pause(at time.Time) time.Duration {
	wait := p.every
	if p.usual == "" {
		wait = time.Duration(p.ExpFloat64() * float64(wait))
		if m := at.Month(); m == time.November || m == time.December {
			wait /= 2
		}
	} else {
		wait = time.Duration(float64(wait) * math.Max(0.5, 1+0.2*p.NormFloat64()))
	}
	return max(wait, day)
}

// daytime is a time of day at which people shop.
func (s *shop) daytime(p *person, t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 8+p.IntN(13), p.IntN(60), p.IntN(60), 0, time.UTC)
}

// some is a time between two.
func (p *person) some(a, b time.Duration) time.Duration {
	return a + time.Duration(p.Float64()*float64(b-a))
}

func pick[T any](p *person, from []T) T { return from[p.IntN(len(from))] }

// visit ends with an order, or with a cart that is left.
func (s *shop) visit(p *person, at time.Time) {
	items := s.choose(p)
	if p.Float64() < 0.2 {
		p.visits++
		id := fmt.Sprintf("%s-%d", p.who.ID, p.visits)
		s.say(p, at, &events.CartAbandoned{Customer: p.who, Cart: events.Cart{ID: id, URL: page(s.store, "/cart/"+id), Items: items, Total: Total(items)}})
		if p.Float64() < 0.7 {
			return
		}
		at = at.Add(p.some(2*time.Hour, 60*time.Hour)) // comes back
	}
	s.order(p, at, items, nil)
}

func (s *shop) choose(p *person) (out []events.Item) {
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			out = append(out, Item(s.store, id, 1+p.IntN(2)))
		}
	}
	if p.usual != "" {
		add(p.usual)
	}
	for len(out) == 0 || p.Float64() < 0.45 && len(out) < 4 {
		if p.Float64() < 0.8 {
			add(pick(p, usedUp))
		} else {
			add(pick(p, kept))
		}
	}
	return out
}

// order is an order, with the code of an email if there is one, and what follows from it.
func (s *shop) order(p *person, at time.Time, items []events.Item, code *events.OfferIssued) {
	s.orders++
	id := fmt.Sprintf("Y%d", 10000+s.orders)
	who, change := events.Customer{ID: p.who.ID}, events.OrderChange{ID: id}
	o := events.Order{ID: id, Items: items, Total: Total(items)}
	if code != nil {
		o.Coupons = []string{code.Code}
		o.Total.Minor -= o.Total.Minor * int64(code.Percent) / 100
	}
	s.say(p, at, &events.OrderPlaced{Customer: p.who, Order: o})
	if p.Float64() < 0.02 {
		s.say(p, at.Add(p.some(10*time.Minute, 5*time.Hour)), &events.OrderCancelled{Customer: who, Order: change})
		return
	}
	left := at.Add(p.some(6*time.Hour, 36*time.Hour))
	arrived := left.Add(p.some(day, 4*day))
	s.say(p, left, &events.OrderFulfilled{Customer: who, Order: change})
	s.say(p, arrived, &events.OrderDelivered{Customer: who, Order: change})
	if p.Float64() < 0.025 {
		s.say(p, arrived.Add(p.some(day, 10*day)), &events.OrderRefunded{Customer: who, Order: change})
		return
	}
	if p.Float64() < 0.06 {
		s.review(p, arrived.Add(p.some(2*day, 12*day)), id, items)
	}
	if p.Float64() < 0.2 {
		s.answer(p, arrived.Add(p.some(day, 6*day)), "csat", []int{1, 2, 3, 4, 4, 4, 5, 5, 5, 5}, id)
	}
	if p.Float64() < 0.04 {
		s.answer(p, arrived.Add(p.some(day, 20*day)), "nps", []int{3, 6, 7, 8, 8, 9, 9, 9, 10, 10}, "")
	}
}

// praise is what happy customers write, and let the shop show to others.
var praise = []string{
	"Just what I had hoped for. I use it every morning now.",
	"Better than the one I used to buy, and it came within two days.",
	"A present for my sister, who has asked me for more since.",
	"I was not sure at first, and now I would not want to be without it.",
}

func (s *shop) review(p *person, at time.Time, order string, items []events.Item) {
	r := events.Review{ProductID: items[0].ProductID, OrderID: order, Rating: pick(p, []int{2, 3, 4, 4, 5, 5, 5})}
	if r.Rating >= 4 {
		r.Text, r.QuoteConsent = praise[s.orders%len(praise)], s.orders%3 > 0
	}
	s.say(p, at, &events.ReviewSubmitted{Customer: events.Customer{ID: p.who.ID}, Review: r})
}

func (s *shop) answer(p *person, at time.Time, scale string, scores []int, order string) {
	score := pick(p, scores)
	s.say(p, at, &events.CustomerAnswered{Customer: events.Customer{ID: p.who.ID}, Survey: cmp.Or(map[string]string{"nps": "shop"}[scale], "order"),
		Question: scale, Kind: "scale", Scale: scale, Score: &score, OrderID: order})
}
