package story

import (
	"fmt"
	"math"
	"time"

	"homing/events"
)

// person is one customer of the shop.
type person struct {
	id, email, name string
	zone            *time.Location
	birthday        string
	consent         string
	every           float64   // days between visits, on average
	habit           *product  // bought again and again
	gone            time.Time // when they stop coming; zero: never
	carts           int
	sameCart        bool // the shop gives them the same cart id again and again
	faces           []face
	joined          time.Time // when they first came, if they came while Homing watches
	answers         float64   // how likely they are to answer what they are asked
}

// face is a way in which the shop meets a person: under an id, or as a guest.
type face struct {
	id     string // empty: a guest
	silent bool   // its events do not say the address again, once they did
}

var zones = []string{"Europe/London", "Europe/London", "Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Los_Angeles"}

var names = []string{"Ann", "Ben", "Chloe", "Dev", "Ella", "Finn", "Grace", "Hana", "Imran", "Jo", "Kofi", "Lea", "Mona", "Noor", "Olu", "Zoë"}

func (s *Shop) person(i int) *person {
	zone, err := time.LoadLocation(pick(s, zones))
	if err != nil {
		panic(err)
	}
	p := &person{
		id: fmt.Sprintf("c-%d", 1000+i), email: fmt.Sprintf("c%d@example.com", i), name: pick(s, names), zone: zone,
		every: 18 + s.r.ExpFloat64()*35, consent: events.Subscribed, sameCart: s.chance(0.2),
	}
	switch {
	case s.chance(0.15):
		p.consent = ""
	case s.chance(0.1):
		p.consent = events.Unsubscribed
	}
	if s.chance(0.6) {
		d := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, s.r.IntN(366))
		p.birthday = d.Format("--01-02")
	}
	if i == 7 {
		p.birthday = "1980-02-29"
	}
	if s.chance(0.4) {
		p.habit = &s.products[s.r.IntN(4)]
	}
	p.faces = []face{{id: p.id}}
	switch {
	case s.chance(0.15): // has an account, and does not always log in
		p.faces = append(p.faces, face{})
	case s.chance(0.1): // the shop's till and its web shop number customers apart
		p.faces = append(p.faces, face{id: "till-" + p.id, silent: true})
	case s.chance(0.05):
		p.faces = append(p.faces, face{}, face{id: "till-" + p.id, silent: true})
	}
	if s.chance(0.25) {
		p.joined = s.daytime(p, s.start.Add(s.between(Day, s.end.Sub(s.start))))
	}
	p.answers = s.r.Float64() * 0.6
	if s.chance(0.3) { // some stop coming, before or while Homing watches
		p.gone = s.start.Add(s.between(-200*Day, s.end.Sub(s.start)))
	}
	return p
}

// who is the person as the shop knows them, at the moment.
func (s *Shop) who(p *person) events.Customer { return p.as(pick(s, p.faces)) }

// named is the person under the id of their account.
func (p *person) named() events.Customer { return p.as(p.faces[0]) }

func (p *person) as(f face) events.Customer {
	c := events.Customer{ID: f.id, Email: p.email, FirstName: p.name, TimeZone: p.zone.String(), Birthday: p.birthday}
	if p.consent != "" {
		c.Consent = &events.Consent{Email: p.consent}
	}
	return c
}

// bare is the person under one of their ids or, as a guest, their address, with nothing
// else said.
func (s *Shop) bare(p *person) events.Customer {
	f := pick(s, p.faces)
	c := events.Customer{ID: f.id}
	if f.id == "" || f.id != p.id && !f.silent {
		c.Email = p.email
	}
	return c
}

// under returns what an id, or an address in the place of one, is called in the story:
// the id of the account.
func (s *Shop) under(guest func(email string) string) map[string]string {
	out := map[string]string{}
	for _, p := range s.people {
		for _, f := range p.faces {
			if f.id == "" {
				f.id = guest(p.email)
			}
			out[f.id] = p.id
		}
	}
	return out
}

// live makes up all that a person does.
func (s *Shop) live(p *person) {
	from, first := s.start.Add(-history), s.start.Add(-s.between(0, history))
	if !p.joined.IsZero() {
		from, first = p.joined, p.joined.Add(s.between(time.Hour, 9*Day))
	}
	for i, f := range p.faces {
		if f.id != "" {
			s.say(from.Add(time.Duration(i+1)*time.Minute), &events.CustomerCreated{Customer: p.as(f)})
		}
	}
	s.subscribe(p)
	for t := first; t.Before(s.end); t = t.Add(s.pause(p)) {
		if p.gone.IsZero() || t.Before(p.gone) {
			s.visit(p, s.daytime(p, t))
		}
	}
	s.change(p)
}

// pause is how long a person stays away.
func (s *Shop) pause(p *person) time.Duration {
	if p.habit != nil {
		return time.Duration(float64(p.habit.lasts)*math.Max(0.6, 1+0.15*s.r.NormFloat64())*24) * time.Hour
	}
	return time.Duration(math.Max(1, s.r.ExpFloat64()*p.every)*24) * time.Hour
}

// change is what happens to a person apart from shopping.
func (s *Shop) change(p *person) {
	span := s.end.Sub(s.start)
	at := func() time.Time {
		t := s.daytime(p, s.start.Add(s.between(Day, span)))
		if t.Before(p.joined) {
			t = p.joined.Add(time.Hour)
		}
		return t
	}
	switch x := s.r.Float64(); {
	case x < 0.05: // says no
		scope := pick(s, []string{events.ScopeAll, events.ScopeAll, events.ScopeEverything, "cart-recovery", "review-request"})
		no := at()
		s.say(no, &events.CustomerUnsubscribed{Customer: s.bare(p), Scope: scope})
		if s.chance(0.3) { // and yes again
			again := s.bare(p)
			yes := no.Add(s.between(Day, 20*Day)).Truncate(time.Millisecond)
			again.Consent = &events.Consent{Email: events.Subscribed, At: &yes}
			s.say(yes, &events.CustomerUpdated{Customer: again})
		}
	case x < 0.07:
		s.say(at(), &events.CustomerErased{Customer: s.bare(p)})
	case x < 0.12: // the birthday becomes known
		p.birthday = s.start.Add(s.between(0, span)).In(p.zone).Format("--01-02")
		s.say(at(), &events.CustomerUpdated{Customer: p.named()})
	case x < 0.15: // moves
		p.zone = mustZone(pick(s, zones))
		s.say(at(), &events.CustomerUpdated{Customer: p.named()})
	}
}

func mustZone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}
