package events

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Encode writes an event as a structured CloudEvent in JSON: what stands on the
// timeline, and what a storefront in Go can publish. It does not validate what
// the event says, only that there is an event to write.
func Encode(e Event) ([]byte, error) {
	if e.Data == nil {
		return nil, fmt.Errorf("encode event %q: it has no data", e.ID)
	}
	t := e.Data.Type()
	switch {
	case e.Type != "" && e.Type != t:
		return nil, fmt.Errorf("encode event %q: its type is %s but its data is that of %s", e.ID, e.Type, t)
	case e.ID == "" || e.Source == "":
		return nil, fmt.Errorf("encode event of type %s: id and source are required", t)
	case e.Time.Year() < 1 || e.Time.Year() > 9999 || e.Time.IsZero():
		return nil, fmt.Errorf("encode event %q: its time is not between year 1 and 9999", e.ID)
	}
	p := partsOf(e.Data)
	b := make([]byte, 0, sizeOf(&p))
	b = append(b, `{"specversion":"1.0","id":`...)
	b = appendString(b, e.ID)
	b = append(b, `,"source":`...)
	b = appendString(b, e.Source)
	b = append(b, `,"type":"`...)
	b = append(b, t...)
	b = append(b, `","time":"`...)
	b = appendTime(b, e.Time)
	b = append(b, `","datacontenttype":"application/json","data":`...)
	b = appendData(b, &p)
	return append(b, '}'), nil
}

// sizeOf estimates how long an event becomes, so that most need one buffer.
func sizeOf(p *parts) int {
	const envelope, line = 640, 176
	switch {
	case p.cart != nil:
		return envelope + line*len(p.cart.Items)
	case p.order != nil:
		return envelope + line*len(p.order.Items)
	}
	return envelope
}

func appendData(b []byte, p *parts) []byte {
	switch {
	case p.email != nil:
		return appendEmail(b, p.email)
	case p.offer != nil:
		return appendOffer(b, p.offer)
	case p.hold != nil:
		b = text(append(b, '{'), "worker", p.hold.Worker)
		b = text(b, "reason", p.hold.Reason)
		return append(text(b, "detail", p.hold.Detail), '}')
	}
	b = append(b, '{')
	if p.customer != nil {
		b = appendCustomer(key(b, "customer"), p.customer)
	}
	switch {
	case p.cart != nil:
		b = appendCart(key(b, "cart"), p.cart)
	case p.order != nil:
		b = appendOrder(key(b, "order"), p.order)
	case p.change != nil:
		b = appendChange(key(b, "order"), p.change)
	case p.review != nil:
		b = appendReview(key(b, "review"), p.review)
	case p.product != nil:
		b = appendProduct(key(b, "product"), p.product)
	case p.complaint != nil:
		b = text(append(key(b, "complaint"), '{'), "id", p.complaint.ID)
		b = append(text(b, "order_id", p.complaint.OrderID), '}')
	case p.address != nil:
		b = text(b, "email", *p.address)
		if p.permanent != nil && *p.permanent != nil {
			b = strconv.AppendBool(key(b, "permanent"), **p.permanent)
		}
	case p.answered != nil:
		b = text(b, "question", p.answered.Question)
		b = text(b, "answer", p.answered.Answer)
	case p.scope != nil:
		b = text(b, "scope", *p.scope)
	case p.from != nil:
		b = text(b, "from", *p.from)
	case p.lastOrderAt != nil:
		b = moment(b, "last_order_at", *p.lastOrderAt)
	case p.year != nil:
		b = whole(b, "year", *p.year)
	}
	return append(b, '}')
}

func appendCustomer(b []byte, c *Customer) []byte {
	b = append(b, '{')
	b = text(b, "id", c.ID)
	b = text(b, "email", c.Email)
	b = text(b, "first_name", c.FirstName)
	b = text(b, "last_name", c.LastName)
	b = text(b, "birthday", c.Birthday)
	b = text(b, "time_zone", c.TimeZone)
	b = text(b, "locale", c.Locale)
	b = text(b, "country", c.Country)
	if c.Consent != nil {
		b = append(key(b, "consent"), '{')
		b = text(b, "email", c.Consent.Email)
		b = moment(b, "at", c.Consent.At)
		b = text(b, "source", c.Consent.Source)
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendCart(b []byte, c *Cart) []byte {
	b = text(append(b, '{'), "id", c.ID)
	b = text(b, "url", c.URL)
	b = appendItems(b, c.Items)
	b = money(b, "total", c.Total)
	return append(b, '}')
}

func appendOrder(b []byte, o *Order) []byte {
	b = text(append(b, '{'), "id", o.ID)
	b = text(b, "cart_id", o.CartID)
	b = appendItems(b, o.Items)
	b = money(b, "total", o.Total)
	if len(o.Coupons) > 0 {
		b = appendStrings(key(b, "coupons"), o.Coupons)
	}
	return append(b, '}')
}

func appendItems(b []byte, items []Item) []byte {
	b = append(key(b, "items"), '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		it := &items[i]
		b = text(append(b, '{'), "product_id", it.ProductID)
		b = appendString(key(b, "name"), it.Name) // required, although it may be empty
		b = whole(b, "quantity", it.Quantity)
		b = money(b, "price", it.Price)
		b = text(b, "url", it.URL)
		b = text(b, "image_url", it.ImageURL)
		b = whole(b, "supply_days", it.SupplyDays)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendChange(b []byte, o *OrderChange) []byte {
	b = text(append(b, '{'), "id", o.ID)
	if len(o.Items) > 0 {
		b = append(key(b, "items"), '[')
		for i, it := range o.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = text(append(b, '{'), "product_id", it.ProductID)
			b = whole(b, "quantity", it.Quantity)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func appendReview(b []byte, v *Review) []byte {
	b = text(append(b, '{'), "product_id", v.ProductID)
	b = text(b, "order_id", v.OrderID)
	b = whole(b, "rating", v.Rating)
	return append(b, '}')
}

func appendProduct(b []byte, p *Product) []byte {
	b = text(append(b, '{'), "id", p.ID)
	b = text(b, "name", p.Name)
	b = text(b, "url", p.URL)
	b = text(b, "image_url", p.ImageURL)
	b = money(b, "price", p.Price)
	b = whole(b, "supply_days", p.SupplyDays)
	if p.Available != nil {
		b = strconv.AppendBool(key(b, "available"), *p.Available)
	}
	return append(b, '}')
}

func appendEmail(b []byte, e *Email) []byte {
	b = text(append(b, '{'), "touch", e.Touch)
	b = text(b, "worker", e.Worker)
	b = text(b, "step", e.Step)
	b = text(b, "customer", e.Customer)
	b = text(b, "occasion", e.Occasion)
	b = text(b, "class", e.Class)
	b = text(b, "reason", e.Reason)
	b = text(b, "detail", e.Detail)
	b = moment(b, "due", e.Due)
	b = moment(b, "until", e.Until)
	b = text(b, "message_id", e.MessageID)
	b = text(b, "template", e.Template)
	b = whole(b, "server_code", e.ServerCode)
	b = text(b, "server_enhanced", e.ServerEnhanced)
	b = text(b, "bounced", e.Bounced)
	if len(e.Bundles) > 0 {
		b = appendStrings(key(b, "bundles"), e.Bundles)
	}
	if e.Sunset {
		b = append(key(b, "sunset"), "true"...)
	}
	return append(b, '}')
}

func appendOffer(b []byte, o *OfferIssued) []byte {
	b = text(append(b, '{'), "touch", o.Touch)
	b = text(b, "worker", o.Worker)
	b = text(b, "customer", o.Customer)
	b = text(b, "code", o.Code)
	b = text(b, "kind", o.Kind)
	b = text(b, "list", o.List)
	b = whole(b, "percent", o.Percent)
	b = money(b, "amount", o.Amount)
	b = moment(b, "expires_at", o.ExpiresAt)
	return append(b, '}')
}

func appendStrings(b []byte, ss []string) []byte {
	b = append(b, '[')
	for i, s := range ss {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// key begins a field of the object that b ends in.
func key(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(b, '"'), name...)
	return append(b, '"', ':')
}

// text, whole, moment and money write a field unless it is empty.
func text(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(key(b, name), s)
}

func whole(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(key(b, name), int64(n), 10)
}

func moment(b []byte, name string, t *time.Time) []byte {
	if t == nil {
		return b
	}
	return append(appendTime(append(key(b, name), '"'), *t), '"')
}

func money(b []byte, name string, m Money) []byte {
	if m.IsZero() {
		return b
	}
	return appendMoney(key(b, name), m)
}

func appendMoney(b []byte, m Money) []byte {
	b = append(b, `{"amount":"`...)
	b = m.appendDecimal(b)
	b = append(b, `","currency":`...)
	b = appendString(b, m.Currency)
	return append(b, '}')
}

// appendTime writes a time in UTC to the millisecond, without trailing zeros.
func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().Truncate(time.Millisecond).AppendFormat(b, time.RFC3339Nano)
}

// appendString writes a string of JSON. Invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = appendEscape(append(b, s[start:i]...), c)
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch {
	case c >= utf8.RuneSelf:
		return utf8.AppendRune(b, utf8.RuneError)
	case c == '"' || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, '\\', 'n')
	}
	return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
