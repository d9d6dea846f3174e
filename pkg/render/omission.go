package render

import (
	"slices"
	"time"

	"homing/events"
)

// clone copies d with what it points to.
func (d Data) clone() Data {
	if d.Order != nil {
		o := *d.Order
		o.Items = slices.Clone(o.Items)
		d.Order = &o
	}
	if d.Cart != nil {
		c := *d.Cart
		c.Items = slices.Clone(c.Items)
		d.Cart = &c
	}
	if d.Products != nil {
		p := *d.Products
		p.Items = slices.Clone(p.Items)
		d.Products = &p
	}
	if d.Subscription != nil {
		s := *d.Subscription
		s.Items = slices.Clone(s.Items)
		d.Subscription = &s
	}
	if d.Points != nil {
		c := *d.Points
		d.Points = &c
	}
	d.Digest = d.Digest.clone()
	if d.Recommended != nil {
		r := *d.Recommended
		r.Items = slices.Clone(r.Items)
		d.Recommended = &r
	}
	if d.Quote != nil {
		q := *d.Quote
		d.Quote = &q
	}
	if d.Offer != nil {
		o := *d.Offer
		d.Offer = &o
	}
	d.Also, d.Answers = slices.Clone(d.Also), slices.Clone(d.Answers)
	return d
}

// lists returns the items of everything d lists.
func (d *Data) lists() [][]Item {
	var out [][]Item
	if d.Order != nil {
		out = append(out, d.Order.Items)
	}
	if d.Cart != nil {
		out = append(out, d.Cart.Items)
	}
	if d.Products != nil {
		out = append(out, d.Products.Items)
	}
	if d.Subscription != nil {
		out = append(out, d.Subscription.Items)
	}
	return out
}

// An omission is Data with something optional missing.
type omission struct {
	name  string
	has   func(*Data) bool // there is something to leave out
	apply func(*Data)
}

// omissions lists everything a shop may not know. A template is executed
// without each, and without all of them.
var omissions = slices.Concat([]omission{
	{"store.url", func(d *Data) bool { return d.Store.URL != "" }, func(d *Data) { d.Store.URL = "" }},
	{"store.postal_address", func(d *Data) bool { return d.Store.PostalAddress != "" }, func(d *Data) { d.Store.PostalAddress = "" }},
	{"store.locale", func(d *Data) bool { return d.Store.Locale != "" }, func(d *Data) { d.Store.Locale = "" }},
	{"store.currency", func(d *Data) bool { return d.Store.Currency != "" }, func(d *Data) { d.Store.Currency = "" }},
	{"customer.first_name", func(d *Data) bool { return d.Customer.FirstName != "" }, func(d *Data) { d.Customer.FirstName = "" }},
	{"customer.last_name", func(d *Data) bool { return d.Customer.LastName != "" }, func(d *Data) { d.Customer.LastName = "" }},
	{"customer.locale", func(d *Data) bool { return d.Customer.Locale != "" }, func(d *Data) { d.Customer.Locale = "" }},
	{"variant", func(d *Data) bool { return d.Variant != "" }, func(d *Data) { d.Variant = "" }},
	{"ordinal", func(d *Data) bool { return d.Ordinal != 0 }, func(d *Data) { d.Ordinal = 0 }},
	{"orders", func(d *Data) bool { return d.Orders != 0 }, func(d *Data) { d.Orders = 0 }},
	{"unsubscribe_url", func(d *Data) bool { return d.Marketing || d.UnsubscribeURL != "" }, func(d *Data) { d.UnsubscribeURL, d.PreferencesURL, d.Marketing = "", "", false }},
	{"preferences_url", func(d *Data) bool { return d.PreferencesURL != "" }, func(d *Data) { d.PreferencesURL = "" }},
	{"confirm_url", func(d *Data) bool { return d.ConfirmURL != "" }, func(d *Data) { d.ConfirmURL = "" }},
	{"view_url", func(d *Data) bool { return d.ViewURL != "" }, func(d *Data) { d.ViewURL = "" }},
	{"items.name", hasItems, onItems(func(it *Item) { it.Name = "" })},
	{"items.product_id", hasItems, onItems(func(it *Item) { it.ProductID = "" })},
	{"items.quantity", hasItems, onItems(func(it *Item) { it.Quantity = 0 })},
	{"items.price", hasItems, onItems(func(it *Item) { it.Price = events.Money{} })},
	{"items.url", hasItems, onItems(func(it *Item) { it.URL = "" })},
	{"items.image_url", hasItems, onItems(func(it *Item) { it.ImageURL = "" })},
	{"store.contact", func(d *Data) bool { return d.Store.Contact != "" }, func(d *Data) { d.Store.Contact = "" }},
	{"store.offer_link", func(d *Data) bool { return d.Store.OfferLink != "" }, func(d *Data) { d.Store.OfferLink = "" }},
	{"store.rating_parameter", func(d *Data) bool { return d.Store.RatingParameter != "" }, func(d *Data) { d.Store.RatingParameter = "" }},
	{"items.review_url", hasItems, onItems(func(it *Item) { it.ReviewURL = "" })},
	{"items.bought_at", hasItems, onItems(func(it *Item) { it.BoughtAt = time.Time{} })},
	{"order.subtotal", hasOrder, func(d *Data) { d.Order.Subtotal = events.Money{} }},
	{"order.discount", hasOrder, func(d *Data) { d.Order.Discount = events.Money{} }},
	{"order.shipping", hasOrder, func(d *Data) { d.Order.Shipping = events.Money{} }},
	{"order.tax", hasOrder, func(d *Data) { d.Order.Tax, d.Order.TaxAdded = events.Money{}, false }},
	{"order.status_url", hasOrder, func(d *Data) { d.Order.StatusURL = "" }},
	{"order.sent", hasOrder, func(d *Data) { d.Order.Sent, d.Order.Delivered = false, false }},
	{"order.id", hasOrder, func(d *Data) { d.Order.ID = "" }},
	{"order.total", hasOrder, func(d *Data) { d.Order.Total = events.Money{} }},
	{"order.placed_at", hasOrder, func(d *Data) { d.Order.PlacedAt = time.Time{} }},
	{"order.more", func(d *Data) bool { return d.Order != nil && d.Order.More != 0 }, func(d *Data) { d.Order.More = 0 }},
	{"order.items", hasOrder, func(d *Data) { d.Order.Items = nil }},
	{"cart.url", hasCart, func(d *Data) { d.Cart.URL = "" }},
	{"cart.total", hasCart, func(d *Data) { d.Cart.Total = events.Money{} }},
	{"cart.more", func(d *Data) bool { return d.Cart != nil && d.Cart.More != 0 }, func(d *Data) { d.Cart.More = 0 }},
	{"cart.items", hasCart, func(d *Data) { d.Cart.Items = nil }},
	{"products.more", func(d *Data) bool { return d.Products != nil && d.Products.More != 0 }, func(d *Data) { d.Products.More = 0 }},
	{"products.items", hasProducts, func(d *Data) { d.Products.Items = nil }},
	{"subscription.id", hasSubscription, func(d *Data) { d.Subscription.ID = "" }},
	{"subscription.name", hasSubscription, func(d *Data) { d.Subscription.Name = "" }},
	{"subscription.total", hasSubscription, func(d *Data) { d.Subscription.Total = events.Money{} }},
	{"subscription.every", hasSubscription, func(d *Data) { d.Subscription.Every, d.Subscription.Count = "", 0 }},
	{"subscription.renews_at", hasSubscription, func(d *Data) { d.Subscription.RenewsAt = time.Time{} }},
	{"subscription.retry_at", func(d *Data) bool { return hasSubscription(d) && !d.Subscription.RetryAt.IsZero() }, func(d *Data) { d.Subscription.RetryAt = time.Time{} }},
	{"subscription.manage_url", hasSubscription, func(d *Data) { d.Subscription.ManageURL = "" }},
	{"subscription.skip_url", hasSubscription, func(d *Data) { d.Subscription.SkipURL = "" }},
	{"subscription.cancel_url", hasSubscription, func(d *Data) { d.Subscription.CancelURL = "" }},
	{"subscription.payment_url", hasSubscription, func(d *Data) { d.Subscription.PaymentURL = "" }},
	{"subscription.more", func(d *Data) bool { return hasSubscription(d) && d.Subscription.More != 0 }, func(d *Data) { d.Subscription.More = 0 }},
	{"subscription.items", hasSubscription, func(d *Data) { d.Subscription.Items = nil }},
	{"points.balance", hasPoints, func(d *Data) { d.Points.Balance = 0 }},
	{"points.pending", hasPoints, func(d *Data) { d.Points.Pending = 0 }},
	{"points.reward", hasPoints, func(d *Data) { d.Points.Reward, d.Points.Needed = 0, 0 }},
	{"points.spend", hasPoints, func(d *Data) { d.Points.Spend = events.Money{} }},
	{"points.expiring", hasPoints, func(d *Data) { d.Points.Expiring = 0 }},
	{"points.day", hasPoints, func(d *Data) { d.Points.Day = time.Time{} }},
	{"points.tier", hasPoints, func(d *Data) { d.Points.Tier = "" }},
	{"points.next", hasPoints, func(d *Data) { d.Points.Next = "" }},
	{"recommended.image_url", hasRecommended, onRecommended(func(r *Recommendation) { r.ImageURL = "" })},
	{"recommended.price", hasRecommended, onRecommended(func(r *Recommendation) { r.Price = events.Money{} })},
	{"recommended.with", hasRecommended, onRecommended(func(r *Recommendation) { r.With = "" })},
	{"recommended.url", hasRecommended, onRecommended(func(r *Recommendation) { r.URL = "" })},
	{"recommended.items", hasRecommended, func(d *Data) { d.Recommended.Items = nil }},
	{"quote.title", hasQuote, func(d *Data) { d.Quote.Title = "" }},
	{"quote.name", hasQuote, func(d *Data) { d.Quote.Name = "" }},
	{"quote.stars", hasQuote, func(d *Data) { d.Quote.Stars = 0 }},
	{"quote.product", hasQuote, func(d *Data) { d.Quote.Product = "" }},
	{"digest.from", hasDigest, func(d *Data) { d.Digest.From, d.Digest.To = time.Time{}, time.Time{} }},
	{"digest.at", hasDigest, func(d *Data) { d.Digest.At = time.Time{} }},
	{"digest.figures", hasDigest, func(d *Data) { d.Digest.Figures = nil }},
	{"digest.findings", hasDigest, func(d *Data) { d.Digest.Findings = nil }},
	{"digest.charts", hasDigest, func(d *Data) { d.Digest.Charts = nil }},
	{"digest.url", hasDigest, func(d *Data) { d.Digest.URL = "" }},
	{"link", func(d *Data) bool { return d.Link != "" }, func(d *Data) { d.Link = "" }},
	{"promise", func(d *Data) bool { return d.Promise != Promise{} }, func(d *Data) { d.Promise = Promise{} }},
	{"offer.percent", func(d *Data) bool { return d.Offer != nil && d.Offer.Percent != 0 }, func(d *Data) { d.Offer.Percent = 0 }},
	{"offer.amount", func(d *Data) bool { return d.Offer != nil && d.Offer.Amount != events.Money{} }, func(d *Data) { d.Offer.Amount = events.Money{} }},
	{"offer.expires", hasOffer, func(d *Data) { d.Offer.Expires = time.Time{} }},
	{"offer.code", hasOffer, func(d *Data) { d.Offer.Code = "" }},
}, parts)

// parts are the omissions that leave out something an email may be about. Last in
// omissions, so that what they hold is left out before.
var parts = []omission{
	{"also", func(d *Data) bool { return len(d.Also) > 0 }, func(d *Data) { d.Also = nil }},
	{"answers", func(d *Data) bool { return len(d.Answers) > 0 }, func(d *Data) { d.Answers = nil }},
	{"ask", func(d *Data) bool { return d.Ask.link != nil }, func(d *Data) { d.Ask = Ask{} }},
	{"points", hasPoints, func(d *Data) { d.Points = nil }},
	{"digest", hasDigest, func(d *Data) { d.Digest = nil }},
	{"offer", hasOffer, func(d *Data) { d.Offer = nil }},
	{"subscription", hasSubscription, func(d *Data) { d.Subscription = nil }},
	{"recommended", hasRecommended, func(d *Data) { d.Recommended = nil }},
	{"quote", hasQuote, func(d *Data) { d.Quote = nil }},
	{"products", hasProducts, func(d *Data) { d.Products = nil }},
	{"cart", hasCart, func(d *Data) { d.Cart = nil }},
	{"order", hasOrder, func(d *Data) { d.Order = nil }},
}

func hasOrder(d *Data) bool        { return d.Order != nil }
func hasCart(d *Data) bool         { return d.Cart != nil }
func hasProducts(d *Data) bool     { return d.Products != nil }
func hasSubscription(d *Data) bool { return d.Subscription != nil }
func hasPoints(d *Data) bool       { return d.Points != nil }
func hasDigest(d *Data) bool       { return d.Digest != nil }
func hasOffer(d *Data) bool        { return d.Offer != nil }
func hasRecommended(d *Data) bool  { return d.Recommended != nil }
func hasQuote(d *Data) bool        { return d.Quote != nil }
func hasItems(d *Data) bool {
	return slices.ContainsFunc(d.lists(), func(l []Item) bool { return len(l) > 0 })
}

func onItems(f func(*Item)) func(*Data) {
	return func(d *Data) {
		for _, list := range d.lists() {
			for i := range list {
				f(&list[i])
			}
		}
	}
}

func onRecommended(f func(*Recommendation)) func(*Data) {
	return func(d *Data) {
		for i := range d.Recommended.Items {
			f(&d.Recommended.Items[i])
		}
	}
}

// without returns copies of d: one without each optional thing it has, one that
// has its parts and nothing in them, and one without anything.
func without(d Data) []Sample {
	all := d.clone()
	out := make([]Sample, 0, len(omissions)+2)
	for i, o := range omissions {
		if i == len(omissions)-len(parts) {
			out = append(out, Sample{"with empty parts and nothing else", all.clone()})
		}
		if !o.has(&d) {
			continue
		}
		one := d.clone()
		o.apply(&one)
		out = append(out, Sample{"without " + o.name, one})
		o.apply(&all)
	}
	return append(out, Sample{"with nothing optional", all})
}

// subsets returns copies of d with every combination of those left out of what
// d has of the things named: 2ⁿ − 1 of them. What is present decides how many.
func subsets(d Data, of []omission) []Sample {
	out := []Sample{{"", d}}
	for _, o := range of {
		if !o.has(&d) {
			continue
		}
		for _, s := range out {
			c := s.Data.clone()
			if o.has(&c) {
				o.apply(&c)
			}
			out = append(out, Sample{s.Name + " without " + o.name, c})
		}
	}
	return out[1:]
}
