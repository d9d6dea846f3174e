package demoshop

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/rehearsal"
)

// goesOn is how long before the year ends what happened is taken for new: what Homing plans
// for it is still to come. What is older was brought over, and leads to nothing any more.
const goesOn = 10 * day

// worked is how likely it is that a customer does what an email asks, who would not have done
// it by themselves.
var worked = map[string]float64{"cart-recovery": 0.25, "replenishment": 0.15, "win-back": 0.10, "birthday": 0.10, "review-request": 0.06}

// clicked is how likely it is that they follow a link.
const clicked = 0.14

// Year returns the timeline of the store's year up to now: what its customers did, and what
// Homing, configured like this, did about it, by time. The first so many of them were brought
// over: they lead to nothing any more. It takes some seconds.
func Year(ctx context.Context, c *config.Config, store, secret string, now time.Time, customers int) (year []customer.Entry, past int, err error) {
	s := newShop(c.Stores[store], now, customers)
	id, err := customer.NewIdentity(secret)
	if err != nil {
		return nil, 0, err
	}
	entries, err := live(ctx, c, secret, s, nil)
	if err != nil {
		return nil, 0, err
	}
	by := map[string]*person{}
	for _, p := range s.people {
		by[id.Key(store, p.who.ID).Token] = p
	}
	reacted, codes, over := map[*person]bool{}, offersIn(entries), map[string]bool{}
	for _, m := range mails(entries) {
		about := m.Customer + " " + m.Worker + " " + m.Occasion
		p := by[m.Customer]
		code := codes[m.Touch]
		if reacted[p] {
			code = nil // who lives another life since may not be given it
		}
		if p != nil && !over[about] && s.reacts(p, m, code) {
			reacted[p], over[about] = true, true // a second reminder would not have come
		}
	}
	for _, e := range entries {
		if d, ok := e.Event.Data.(*events.ComplaintOpened); ok { // the shop deals with what an answer opened
			p := by[e.Key.Token]
			p.Rand, reacted[p] = dice(d.Complaint.ID, "closes"), true
			s.say(p, e.Event.Time.Add(p.some(day, 6*day)), &events.ComplaintClosed{Customer: events.Customer{ID: p.who.ID}, Complaint: d.Complaint})
		}
	}
	// They live through it again, with what they do now; for the others nothing changes.
	again, err := live(ctx, c, secret, s, reacted)
	if err != nil {
		return nil, 0, err
	}
	entries = append(slices.DeleteFunc(entries, func(e customer.Entry) bool { return reacted[by[e.Key.Token]] }), again...)
	for _, m := range mails(entries) {
		if d := dice(m.Touch, "click"); d.Float64() < clicked && by[m.Customer] != nil {
			at := m.at.Add(time.Duration(d.ExpFloat64() * float64(5*time.Hour))).Truncate(time.Millisecond)
			if at.Before(now) {
				entries = append(entries, m.clicked(at, page(s.store, "/")))
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b customer.Entry) int { return a.Event.Time.Compare(b.Event.Time) })
	for i := range entries {
		e := &entries[i].Event
		if entries[i].Sequence = 0; e.Time.Before(now.Add(-goesOn)) {
			e.Historical, past = !e.Type.IsFact(), i+1
		}
	}
	return entries, past, nil
}

// live has some of the shop's customers and Homing live through the year; nil: all.
func live(ctx context.Context, c *config.Config, secret string, s *shop, some map[*person]bool) (out []customer.Entry, err error) {
	var mu sync.Mutex
	r, err := rehearsal.New(rehearsal.Options{Config: c, Secret: secret, Now: s.now, Until: s.now, Timeline: func(e customer.Entry) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, e)
	}})
	if err != nil {
		return nil, err
	}
	for _, e := range s.events(some) {
		body, err := events.Encode(e)
		if err == nil {
			err = r.Add(e.Store, e.Type, body)
		}
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", e.Type, e.Time.Format(time.DateTime), err)
		}
	}
	if _, err := r.Live(ctx); err != nil {
		return nil, err
	}
	// Shards live side by side: which of them told first says nothing.
	slices.SortStableFunc(out, func(a, b customer.Entry) int {
		return cmp.Or(a.Event.Time.Compare(b.Event.Time), strings.Compare(a.Key.Token, b.Key.Token))
	})
	return out, nil
}

// mail is one that left.
type mail struct {
	events.Email
	key    customer.Key
	source string
	at     time.Time
}

func mails(entries []customer.Entry) (out []mail) {
	for _, e := range entries {
		if f, ok := e.Event.Data.(events.Fact); ok && e.Event.Type == events.TypeEmailSent {
			out = append(out, mail{*f.Body(), e.Key, e.Event.Source, e.Event.Time})
		}
	}
	return out
}

// clicked is that the customer followed a link.
func (m mail) clicked(at time.Time, url string) customer.Entry {
	d := &events.EmailClicked{EmailVisit: events.EmailVisit{Touch: m.Touch, Worker: m.Worker, Step: m.Step, Customer: m.Customer}, URL: url}
	return customer.Entry{Key: m.key, Event: events.Event{ID: "click." + m.Touch, Source: m.source, Type: d.Type(), Store: m.key.Store, Time: at, Data: d}}
}

// dice are those of an email.
func dice(touch, of string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(touch + " " + of))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// offersIn are the codes that emails had, by touch.
func offersIn(entries []customer.Entry) map[string]*events.OfferIssued {
	out := map[string]*events.OfferIssued{}
	for _, e := range entries {
		if d, ok := e.Event.Data.(*events.OfferIssued); ok {
			out[d.Touch] = d
		}
	}
	return out
}

// reacts is what an email leads to, which may have had a code. It reports whether it leads to
// anything.
func (s *shop) reacts(p *person, m mail, code *events.OfferIssued) bool {
	p.Rand = dice(m.Touch, "reacts")
	if p.Float64() >= worked[m.Worker] {
		return false
	}
	at := m.at.Add(p.some(time.Hour, 3*day))
	if m.Worker == "review-request" {
		s.review(p, at, m.Occasion, s.choose(p))
	} else {
		when := s.daytime(p, at.Add(day))
		if code != nil && code.ExpiresAt != nil && !when.Before(*code.ExpiresAt) {
			code = nil
		}
		s.order(p, when, s.choose(p), code)
	}
	return true
}
