package delivery

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/offer"
	"homing/pkg/render"
	"homing/pkg/touch"
)

// whyLeft is the question that the last mail to someone who stays away asks, and
// the answers it has a link for; the template has their words.
const whyLeft = "why_left"

var whyLeftAnswers = []string{"not-needed", "too-expensive", "bad-experience", "elsewhere", "other"}

// data gathers all that the template may know.
func (d *Delivery) data(a *attempt) render.Data {
	c, w, k := &a.record.Customer, a.wording, a.touch.Customer
	out := render.Data{
		Store:    a.store.View,
		Customer: render.Customer{FirstName: c.FirstName.Value, LastName: c.LastName.Value, Locale: c.Locale.Value},
		Variant:  w.Variant, Ordinal: w.Ordinal, Orders: w.Orders, Also: w.Also,
		Marketing: a.step.Class != touch.Transactional,
	}
	if out.Marketing {
		out.UnsubscribeURL = d.o.Unsubscribe(k, a.touch.Worker)
	}
	a.show(&out)
	if o := a.offer; o != nil {
		out.Offer = &render.Offer{Code: o.Code, Percent: o.Percent, Amount: o.Amount}
		if o.Expires != 0 {
			out.Offer.Expires = offer.LastGood(time.UnixMilli(o.Expires), c.Location(a.store.Zone))
		}
	}
	if a.step.Sunset && d.o.Answer != nil {
		for _, code := range whyLeftAnswers {
			if url := d.o.Answer(k, a.touch.Worker, whyLeft, code); url != "" {
				out.Answers = append(out.Answers, render.Answer{Code: code, URL: url})
			}
		}
	}
	return out
}

// show fills in what the mail is about: the cart, or else the order if the touch
// has one, and the same things as products, for a template that speaks of
// them and not of their order. What the worker chose wins over the snapshot.
func (a *attempt) show(out *render.Data) {
	s, w := a.touch.Snapshot, a.wording
	shown, more := s.Items, s.More
	if w.Items != nil {
		shown, more = w.Items, w.More
	}
	if s.Cart != "" {
		out.Cart = &render.Cart{URL: s.URL, Items: items(shown), More: more, Total: s.Total}
		if w.Items != nil {
			out.Cart.Total = sum(shown, more)
		}
		return
	}
	if s.Order != "" {
		out.Order = &render.Order{ID: s.Order, Items: items(shown), More: more, Total: s.Total,
			PlacedAt: s.PlacedAt.In(a.record.Customer.Location(a.store.Zone))}
		if w.Items != nil {
			out.Order.Total = a.total()
		}
	}
	if len(shown) > 0 {
		out.Products = &render.Products{Items: items(shown), More: more}
	}
}

// total returns what the orders that share the mail cost together; unknown
// unless every one of them is at hand, in one currency. What was left of an
// order that shows other items than it had is not known either.
func (a *attempt) total() events.Money {
	total, found := a.touch.Snapshot.Total, 0
	for _, t := range a.shared {
		if t.Snapshot == nil || !slices.Contains(a.wording.Also, t.Snapshot.Order) {
			continue
		}
		if t.Snapshot.Total.Currency != total.Currency {
			return events.Money{}
		}
		total.Minor += t.Snapshot.Total.Minor
		found++
	}
	if found == 0 || found != len(a.wording.Also) {
		return events.Money{}
	}
	return total
}

// sum adds up items; unknown when lines are left out, or a price is not known.
func sum(items []events.Item, more int) events.Money {
	if len(items) == 0 || more > 0 {
		return events.Money{}
	}
	total := events.Money{Currency: items[0].Price.Currency}
	for _, it := range items {
		if it.Price.Currency == "" || it.Price.Currency != total.Currency {
			return events.Money{}
		}
		total.Minor += it.Price.Minor * int64(max(1, it.Quantity))
	}
	return total
}

func items(in []events.Item) []render.Item {
	out := make([]render.Item, len(in))
	for i, it := range in {
		out[i] = render.Item{ProductID: it.ProductID, Name: it.Name, Quantity: it.Quantity, Price: it.Price, URL: it.URL, ImageURL: it.ImageURL}
	}
	return out
}
