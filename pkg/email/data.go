package email

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/render"
	"homing/pkg/touch"
)

// data gathers everything the template may know.
func (c *Channel) data(in channel.Content) render.Data {
	to, w, zone := in.To, in.Wording, in.Customer.Location(c.o.Store.Zone)
	out := render.Data{
		Store:    c.o.Store.View,
		Customer: render.Customer{FirstName: to.FirstName, LastName: to.LastName, Locale: in.Customer.Language()},
		Variant:  w.Variant, Ordinal: w.Ordinal, Orders: w.Orders, Also: w.Also,
		Marketing: in.Step.Class.Marketing(),
		Draw:      in.Touch.Customer.Token + " " + in.ID,
	}
	if out.Marketing {
		out.UnsubscribeURL = c.o.Unsubscribe(to.Record, in.Touch.Worker)
		if c.o.Preferences != nil {
			out.PreferencesURL = c.o.Preferences(to.Record, in.Touch.Worker)
		}
	}
	if w.Confirms && c.o.Confirm != nil {
		out.ConfirmURL = c.o.Confirm(in.Touch.Customer, in.Touch.Worker, to.Address, in.Now)
	}
	if c.o.View != nil {
		out.ViewURL = c.o.View(in.Touch.Customer, in.Touch.Worker, in.ID)
	}
	show(in, zone, &out)
	out.Recommend, out.Quoting = c.recommend(in, &out), c.quoting(in, &out)
	if o := in.Offer; o != nil {
		out.Offer = &render.Offer{Code: o.Code, Percent: o.Percent, Amount: o.Amount}
		if o.Expires != 0 {
			out.Offer.Expires = offer.LastGood(time.UnixMilli(o.Expires), zone)
		}
	}
	out.Link = w.Link
	if t := w.Promise; t != nil {
		out.Promise = render.Promise{Percent: t.Percent, Amount: t.Amount}
	}
	if p := w.Points; p != nil {
		out.Points = &render.Points{Balance: p.Balance, Pending: p.Pending, Reward: p.Reward, Needed: p.Needed, Spend: p.Spend,
			Expiring: p.Expiring, Day: p.Day, Tier: p.Tier, Next: p.Next}
	}
	if c.o.Answer != nil {
		c.ask(in, &out)
	}
	return out
}

// ask fills in how questions are answered: that of the last email, and those that a
// template asks, about the order that the email shows.
func (c *Channel) ask(in channel.Content, out *render.Data) {
	link := func(a Answer) string { return c.o.Answer(in.Touch.Customer, in.Touch.Worker, a) }
	if in.Step.Sunset {
		for _, code := range events.ChoicesOf(events.QuestionWhyLeft) {
			if url := link(Answer{Question: events.QuestionWhyLeft, Choice: code}); url != "" {
				out.Answers = append(out.Answers, render.Answer{Code: code, URL: url})
			}
		}
	}
	order := ""
	if out.Order != nil {
		order = out.Order.ID
	}
	out.Ask = render.Asking(func(r render.Reply) string {
		return link(Answer{Survey: r.Survey, Question: r.Question, Choice: r.Choice, Scale: r.Scale, Score: r.Score, Order: order})
	})
}

// show fills in what the email is about: the cart, or else the order if the touch
// has one, and the same items as products, for a template that is about them and
// not about their order. What the worker chose takes the place of the snapshot.
func show(in channel.Content, zone *time.Location, out *render.Data) {
	s, w := in.Touch.Snapshot, in.Wording
	shown, more := s.Items, s.More
	if w.Items != nil {
		shown, more = w.Items, w.More
	}
	if s.Subscription != nil {
		out.Subscription = subscription(in, zone)
		return
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
			PlacedAt: s.PlacedAt.In(zone)}
		if w.Items != nil {
			out.Order.Total = total(in)
		} else {
			account(s, out.Order)
		}
		progress(in, out.Order)
	}
	if len(shown) > 0 {
		out.Products = &render.Products{Items: items(shown), More: more}
		for i := range out.Products.Items {
			bought(in.Customer, zone, &out.Products.Items[i])
		}
	}
}

// subscription returns what the touch shows of one.
func subscription(in channel.Content, zone *time.Location) *render.Subscription {
	s := in.Touch.Snapshot
	from := s.Subscription
	out := &render.Subscription{ID: from.ID, Name: from.Name, Items: items(s.Items), More: s.More, Total: s.Total, Every: from.Interval, Count: from.IntervalCount,
		ManageURL: from.ManageURL, SkipURL: from.SkipURL, CancelURL: from.CancelURL, PaymentURL: from.PaymentURL}
	if from.NextRenewalAt != nil && from.NextRenewalAt.After(in.Now) { // else it is the one that was not paid
		out.RenewsAt = from.NextRenewalAt.In(zone)
	}
	if s.RetryAt.After(in.Now) {
		out.RetryAt = s.RetryAt.In(zone)
	}
	return out
}

// account fills in how the total of an order came about.
func account(s *touch.Snapshot, o *render.Order) {
	o.Subtotal, o.Shipping, o.StatusURL = sum(s.Items, s.More), s.Shipping, s.StatusURL
	if s.Discount.Minor > 0 {
		o.Discount = s.Discount
	}
	if s.Tax.Minor > 0 {
		o.Tax = s.Tax
		o.TaxAdded = o.Subtotal.Currency != "" && o.Subtotal.Minor-s.Discount.Minor+s.Shipping.Minor+s.Tax.Minor == s.Total.Minor
	}
}

// progress fills in how far an order is, by the customer's record. Several orders that
// share an email have come as far as the last of them.
func progress(in channel.Content, out *render.Order) {
	out.Sent, out.Delivered = true, true
	for _, id := range append([]string{out.ID}, in.Wording.Also...) {
		o, known := in.Customer.Order(id)
		delivered := known && o.Whole(customer.Delivered)
		out.Delivered = out.Delivered && delivered
		out.Sent = out.Sent && (delivered || known && !(o.LastAt(customer.Fulfilled).IsZero() && o.LastAt(customer.Delivered).IsZero()))
	}
}

// bought fills in when the customer last bought a product, if that was what the item
// says.
func bought(c *customer.Customer, zone *time.Location, it *render.Item) {
	if ps := c.PurchasesOf(it.ProductID); len(ps) > 0 && ps[0].Quantity == it.Quantity {
		it.BoughtAt = ps[0].Placed.In(zone)
	}
}

// total returns what the orders that share the email cost together; unknown
// unless every one of them is there, in one currency. What was left of an order
// that shows other items than it had is not known either.
func total(in channel.Content) events.Money {
	total, found := in.Touch.Snapshot.Total, 0
	for _, t := range in.Shared {
		if t.Snapshot == nil || !slices.Contains(in.Wording.Also, t.Snapshot.Order) {
			continue
		}
		if t.Snapshot.Total.Currency != total.Currency {
			return events.Money{}
		}
		total.Minor += t.Snapshot.Total.Minor
		found++
	}
	if found == 0 || found != len(in.Wording.Also) {
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
		out[i] = render.Item{ProductID: it.ProductID, Name: it.Name, Quantity: it.Quantity, Price: it.Price, URL: it.URL, ReviewURL: it.ReviewURL, ImageURL: it.ImageURL}
	}
	return out
}
