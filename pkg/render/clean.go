package render

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"homing/events"
)

// Limits of what one email shows, in runes unless said otherwise. They bound the
// size of an email whatever an event holds.
const (
	maxItems       = 30
	maxRecommended = 6
	maxName        = 60  // of a person
	maxProduct     = 160 // of a product's name
	maxStore       = 80
	maxAddress     = 240
	maxID          = 64
	maxCode        = 40 // of an offer
	maxAnswers     = 10
	maxURL         = 2048 // bytes
	maxFooter      = 400
)

// own copies what an email shows of d into s, so that what Render sets does not
// show in the caller's data.
func (s *scratch) own(d *Data, show shows, language string) {
	s.data = *d
	c := &s.data
	c.Order, c.Cart, c.Products, c.Subscription, c.Recommended, c.Recommend, c.Quote, c.Quoting = nil, nil, nil, nil, nil, nil, nil, nil
	if d.Order != nil && show.order {
		s.order = *d.Order
		c.Order = &s.order
	}
	if d.Cart != nil && show.cart {
		s.cart = *d.Cart
		c.Cart = &s.cart
	}
	if d.Products != nil && show.products {
		s.products = *d.Products
		c.Products = &s.products
	}
	if d.Subscription != nil && show.subscription {
		s.subscription = *d.Subscription
		c.Subscription = &s.subscription
	}
	if d.Points != nil {
		s.points = *d.Points
		c.Points = &s.points
	}
	if d.Digest != nil {
		s.digest = *d.Digest
		c.Digest = &s.digest
	}
	if of := d.Recommended; show.recommended {
		if of == nil && d.Recommend != nil {
			of = d.Recommend(language)
		}
		if of != nil {
			s.liked = *of
			c.Recommended = &s.liked
		}
	}
	if of := d.Quote; show.quote {
		if of == nil && d.Quoting != nil {
			of = d.Quoting(language)
		}
		if of != nil {
			s.quote = *of
			c.Quote = &s.quote
			c.Quote.rate()
		}
	}
	if d.Offer != nil {
		s.offer = *d.Offer
		c.Offer = &s.offer
	}
}

// clean removes from what s owns of d anything that could do harm or spoil the
// email. Everything a template prints comes through here, so data is checked
// where it enters, and rendered output need not be searched.
func (s *scratch) clean(d *Data) {
	c := &s.data
	c.Subject, c.Preheader = "", ""
	c.Variant = line(d.Variant, maxID)
	c.Ordinal, c.Orders = max(d.Ordinal, 0), max(d.Orders, 0)
	c.Store.Name = line(d.Store.Name, maxStore)
	c.Store.PostalAddress = line(strings.ReplaceAll(strings.TrimSpace(d.Store.PostalAddress), "\n", ", "), maxAddress)
	c.Customer.FirstName = PersonName(d.Customer.FirstName)
	c.Customer.LastName = PersonName(d.Customer.LastName)
	c.Store.Locale, c.Store.Currency = line(d.Store.Locale, maxID), line(d.Store.Currency, maxID)
	c.Customer.Locale = line(d.Customer.Locale, maxID)
	c.Store.URL, c.Store.Contact = webURL(d.Store.URL), mailbox(d.Store.Contact)
	c.UnsubscribeURL, c.ViewURL = webURL(d.UnsubscribeURL), webURL(d.ViewURL)
	c.PreferencesURL, c.ConfirmURL = webURL(d.PreferencesURL), webURL(d.ConfirmURL)
	c.Link = linkURL(d.Link, &d.Store)
	c.Promise = Promise{Percent: min(max(d.Promise.Percent, 0), 100), Amount: knownMoney(d.Promise.Amount)}
	c.Also = s.cleanAlso(d.Also)
	c.Answers = s.cleanAnswers(d.Answers)
	if o := c.Order; o != nil {
		o.ID, o.Total = line(o.ID, maxID), knownMoney(o.Total)
		o.Subtotal, o.Discount, o.Shipping, o.Tax = knownMoney(o.Subtotal), knownMoney(o.Discount), knownMoney(o.Shipping), knownMoney(o.Tax)
		o.StatusURL = linkURL(o.StatusURL, &d.Store)
		o.Items, o.More, o.Pictures = s.cleanItems(&s.ordered, o.Items, o.More, &d.Store)
	}
	if o := c.Cart; o != nil {
		o.URL, o.Total = linkURL(o.URL, &d.Store), knownMoney(o.Total)
		o.Items, o.More, o.Pictures = s.cleanItems(&s.carted, o.Items, o.More, &d.Store)
	}
	if o := c.Products; o != nil {
		o.Items, o.More, o.Pictures = s.cleanItems(&s.shelved, o.Items, o.More, &d.Store)
	}
	s.cleanSubscription(d)
	if c.Digest != nil {
		c.Digest.clean()
	}
	if p := c.Points; p != nil {
		for _, n := range []*int{&p.Balance, &p.Pending, &p.Reward, &p.Needed, &p.Expiring} {
			*n = max(*n, 0)
		}
		p.Tier, p.Next, p.Spend = line(p.Tier, maxName), line(p.Next, maxName), knownMoney(p.Spend)
	}
	if c.Recommended != nil && !s.cleanRecommended(&d.Store) {
		c.Recommended = nil
	}
	if c.Quote != nil && !c.Quote.clean() {
		c.Quote = nil
	}
	if c.Offer != nil && !cleanOffer(c.Offer) {
		c.Offer = nil
	}
	s.applied()
}

// cleanSubscription cleans the subscription, if there is one. Who cannot be led to where it
// is cancelled or paid at once is led to where that is found.
func (s *scratch) cleanSubscription(d *Data) {
	o := s.data.Subscription
	if o == nil {
		return
	}
	o.ID, o.Name, o.Total, o.Count = line(o.ID, maxID), together(line(o.Name, maxProduct)), knownMoney(o.Total), max(o.Count, 1)
	for _, u := range []*string{&o.ManageURL, &o.SkipURL, &o.CancelURL, &o.PaymentURL} {
		*u = linkURL(*u, &d.Store)
	}
	o.CancelURL, o.PaymentURL = cmp.Or(o.CancelURL, o.ManageURL), cmp.Or(o.PaymentURL, o.ManageURL)
	o.Items, o.More, o.Pictures = s.cleanItems(&s.subscribed, o.Items, o.More, &d.Store)
}

// A shelf is memory for the items of one list.
type shelf struct {
	items [maxItems]Item
	used  int
}

// cleanItems copies the items that an email shows, and adds the others to more.
func (s *scratch) cleanItems(to *shelf, from []Item, more int, store *Store) (items []Item, left int, pictures bool) {
	to.used = min(len(from), maxItems)
	items = to.items[:to.used]
	for i := range items {
		it := &items[i]
		*it = from[i]
		it.Name, it.RatingParameter = together(line(it.Name, maxProduct)), store.RatingParameter
		it.ProductID = line(it.ProductID, maxID)
		it.Quantity = max(it.Quantity, 1)
		it.Price = knownMoney(it.Price)
		if it.Name == "" {
			it.Name = it.ProductID
		}
		it.URL = linkURL(it.URL, store)
		if it.ReviewURL = linkURL(it.ReviewURL, store); it.ReviewURL == "" {
			it.ReviewURL = it.URL
		}
		it.ImageURL = imageURL(it.ImageURL, store)
		pictures = pictures || it.ImageURL != ""
	}
	return items, max(more, 0) + len(from) - len(items), pictures
}

// cleanRecommended copies what is recommended, and reports whether anything is left.
func (s *scratch) cleanRecommended(store *Store) bool {
	to := s.likes[:0]
	s.liked.Pictures = false
	for _, r := range s.liked.Items {
		r.Name, r.With = together(line(r.Name, maxProduct)), together(line(r.With, maxProduct))
		r.Price = knownMoney(r.Price)
		r.URL, r.ImageURL = linkURL(r.URL, store), imageURL(r.ImageURL, store)
		if r.Name == "" || r.URL == "" || len(to) == maxRecommended {
			continue
		}
		s.liked.Pictures = s.liked.Pictures || r.ImageURL != ""
		to = append(to, r)
	}
	s.liked.Items = to
	return len(to) > 0
}

// cleanAlso copies the ids of other orders.
func (s *scratch) cleanAlso(from []string) []string {
	to := s.also[:0]
	for _, id := range from {
		if id = line(id, maxID); id != "" && len(to) < maxItems {
			to = append(to, id)
		}
	}
	return to
}

// cleanAnswers copies the answers that lead somewhere. Their links are the
// installation's own, so any host will do.
func (s *scratch) cleanAnswers(from []Answer) []Answer {
	to := s.answers[:0]
	for _, a := range from {
		a.Code, a.URL = line(a.Code, maxID), webURL(a.URL)
		if a.Code != "" && a.URL != "" && len(to) < maxAnswers {
			to = append(to, a)
		}
	}
	return to
}

// cleanOffer says whether o is an offer at all: one with a code that can be typed.
func cleanOffer(o *Offer) bool {
	if o.Percent < 1 || o.Percent > 100 {
		o.Percent = 0
	}
	if o.Amount = knownMoney(o.Amount); o.Amount.Minor <= 0 || o.Percent > 0 {
		o.Amount = events.Money{}
	}
	return typable(o.Code)
}

// typable says whether code is made of letters, digits, "-" and "_". No dots:
// mail programs make links of what looks like a host.
func typable(code string) bool {
	for i := range len(code) {
		c := code[i]
		if !(c < utf8.RuneSelf && wordByte(c)) && c != '-' && c != '_' {
			return false
		}
	}
	return code != "" && len(code) <= maxCode
}

// knownMoney is m, or unknown if its currency is not one: three letters A to Z.
func knownMoney(m events.Money) events.Money {
	if len(m.Currency) != 3 {
		return events.Money{}
	}
	for i := range 3 {
		if c := m.Currency[i]; c < 'A' || c > 'Z' {
			return events.Money{}
		}
	}
	return m
}

// line makes s one line of at most n runes of text: no control characters, no
// characters that change the direction of what follows, no invalid UTF-8, single
// spaces.
func line(s string, n int) string {
	if len(s) <= n && tidy(s) {
		return s
	}
	if len(s) > n*utf8.UTFMax*4 {
		s = s[:n*utf8.UTFMax*4] // no need to tidy 10 KB of which 160 runes stay
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError || unwanted(r):
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return cut(b.String(), n)
}

// tidy says whether s is ASCII text with single spaces: the common case, which
// is then used as it is.
func tidy(s string) bool {
	prev := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && prev == ' ' {
			return false
		}
		prev = c
	}
	return s == "" || prev != ' '
}

// unwanted are characters that show nothing but change how others are shown:
// bidi embeddings, overrides and isolates (Unicode TR 9), line separators, byte order
// marks, tags and private use. The joiners stay: Persian and emoji need them.
func unwanted(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r >= 0x206A && r <= 0x206F:
		return true
	case r == 0xFEFF, r == 0x200B, r == 0x2060, r == 0x00AD:
		return true
	case r >= 0xFFF0 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return unicode.Is(unicode.Co, r)
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}

// mailbox is s if it is an address that a link can have as it is.
func mailbox(s string) string {
	name, domain, found := strings.Cut(s, "@")
	for i := range len(s) {
		if c := s[i]; !(c < utf8.RuneSelf && wordByte(c)) && !strings.ContainsRune("@.+-_", rune(c)) {
			return ""
		}
	}
	if !found || name == "" || domain == "" || strings.Contains(domain, "@") || len(s) > 254 {
		return ""
	}
	return s
}
