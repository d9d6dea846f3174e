package app

import (
	"cmp"
	"context"
	"strings"
	"time"

	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/link"
	"homing/pkg/render"
	"homing/pkg/touch"
	"homing/pkg/visit"
)

// leads says where the links in a store's emails lead, as its section clicks has it; nil:
// as their templates say.
func (a *App) leads(store string) func(channel.Content) email.Leads {
	c := a.o.Config.Stores[store].Clicks
	if c.UTM == "" && (a.links == nil || !c.Track && !c.Opens) {
		return nil
	}
	view, base := &a.stores[store].View, strings.ToLower(strings.TrimRight(a.o.Config.HTTP.PublicURL, "/")+"/")
	return func(in channel.Content) email.Leads {
		fill := strings.NewReplacer("{worker}", in.Touch.Worker, "{step}", in.Touch.Step, "{store}", store)
		withParameters := func(to string) (_ string, ofShop bool) {
			if !render.MayLink(view, to) || a.links != nil && strings.HasPrefix(strings.ToLower(to), base) {
				return to, false
			}
			return visit.WithUTM(to, c.UTM, fill), true
		}
		l := link.Link{Customer: in.Touch.Customer, Worker: in.Touch.Worker, Step: in.Touch.Step, Occasion: in.Touch.Occasion, At: in.Now.Unix()}
		out := email.Leads{
			Text: func(to string) string {
				to, _ = withParameters(to)
				return to
			},
			HTML: func(to string) string {
				to, ofShop := withParameters(to)
				if !ofShop || !c.Track {
					return to
				}
				over := l
				over.Purpose, over.URL = link.Visit, to
				return cmp.Or(a.linkURL(over), to)
			},
		}
		if c.Opens && in.Step.Class != touch.Transactional {
			l.Purpose = link.Opened
			out.Picture = a.linkURL(l)
		}
		return out
	}
}

// newVisits returns what records the clicks that the gateway is told about.
func (a *App) newVisits(take taker) *visit.Recorder {
	return &visit.Recorder{
		Became: func(what string, n int) { a.metrics.visits.WithLabelValues(what).Add(float64(n)) },
		Take: func(ctx context.Context, entries []customer.Entry) error {
			known, err := a.remembered(ctx, entries)
			if err != nil || len(known) == 0 {
				return err
			}
			return take(ctx, known)
		},
	}
}

// remembered leaves out what is about customers who were erased: their links live on in their
// mailbox, and nothing is noted about them any more.
func (a *App) remembered(ctx context.Context, entries []customer.Entry) ([]customer.Entry, error) {
	asks := make([]customer.Ask, len(entries))
	for i, e := range entries {
		asks[i].Key = e.Key
	}
	people, err := a.people.Read(ctx, asks)
	if err != nil {
		return nil, err
	}
	var out []customer.Entry
	for i, e := range entries {
		if !people[i].Customer.Gone() {
			out = append(out, e)
		}
	}
	return out, nil
}

// visited notes a use of a link, where the store wants to know.
func (a *App) visited(v *visit.Recorder) func(l link.Link, at time.Time, machine bool) {
	return func(l link.Link, at time.Time, machine bool) {
		c := a.o.Config.Stores[l.Customer.Store].Clicks
		if l.Purpose == link.Visit && c.Track || l.Purpose == link.Opened && c.Opens {
			v.Note(visit.Visit{Link: l, At: at, Machine: machine})
		}
	}
}
