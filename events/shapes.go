package events

// payload reads the data object of an event of type t, which is known.
func (r *reader) payload(t Type) Data {
	d := newData[t]()
	p := partsOf(d)
	if r.peek() != '{' {
		if got := r.describe(); r.err == nil {
			r.err = errorf(ReasonWrongKind, "data", "%s is not an object", got)
		}
		return d
	}
	r.base = r.depth
	switch {
	case p.email != nil:
		r.email(p.email)
		return d
	case p.offer != nil:
		r.offer(p.offer)
		return d
	case p.hold != nil:
		r.hold(p.hold)
		return d
	}
	for ok := r.object(); ok && r.field(); {
		r.member(&p)
	}
	r.require(r.customer || p.customer == nil, "customer")
	r.require(p.cart == nil || p.cart.ID != "", "cart")
	r.require(p.order == nil || p.order.ID != "", "order")
	r.require(p.change == nil || p.change.ID != "", "order")
	r.require(p.review == nil || p.review.ProductID != "", "review")
	r.require(p.product == nil || p.product.ID != "", "product")
	r.require(p.complaint == nil || p.complaint.ID != "", "complaint")
	r.require(p.address == nil || *p.address != "" || r.trusted, "email")
	r.require(p.answered == nil || p.answered.Question != "", "question")
	r.require(p.answered == nil || p.answered.Answer != "", "answer")
	r.require(p.from == nil || *p.from != "", "from")
	if p.from != nil && *p.from == p.customer.ID && !r.trusted {
		r.failAt("from", ReasonBadValue, "a customer cannot be merged with themselves")
	}
	return d
}

// member reads one field of a data object.
func (r *reader) member(p *parts) {
	switch name := string(r.name); {
	case p.customer != nil && name == "customer":
		r.who(p.customer)
	case p.cart != nil && name == "cart":
		r.cart(p.cart)
	case p.order != nil && name == "order":
		r.order(p.order)
	case p.change != nil && name == "order":
		r.change(p.change)
	case p.review != nil && name == "review":
		r.review(p.review)
	case p.product != nil && name == "product":
		r.product(p.product)
	case p.complaint != nil && name == "complaint":
		r.complaint(p.complaint)
	case p.address != nil && name == "email":
		*p.address = r.address()
	case p.permanent != nil && name == "permanent":
		*p.permanent = r.boolean()
	case p.answered != nil && name == "question":
		p.answered.Question = r.id()
	case p.answered != nil && name == "answer":
		p.answered.Answer = r.id()
	case p.scope != nil && name == "scope":
		*p.scope = r.scope()
	case p.from != nil && name == "from":
		*p.from = r.id()
	case p.lastOrderAt != nil && name == "last_order_at":
		*p.lastOrderAt = r.moment()
	case p.year != nil && name == "year":
		*p.year = r.between(1970, 9999)
	default:
		r.skip()
	}
}

func (r *reader) who(c *Customer) {
	if r.customer && !r.trusted {
		r.fail(ReasonBadValue, "given twice")
	}
	r.customer = true
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "id":
			if c.ID != "" {
				r.fail(ReasonBadValue, "given twice")
			}
			c.ID = r.id()
		case "email":
			if c.Email != "" {
				r.fail(ReasonBadValue, "given twice")
			}
			c.Email = r.address()
		case "first_name":
			c.FirstName = r.text(maxName)
		case "last_name":
			c.LastName = r.text(maxName)
		case "birthday":
			c.Birthday = r.birthday()
		case "time_zone":
			c.TimeZone = r.hint(timeZone)
		case "locale":
			c.Locale = r.hint(locale)
		case "country":
			c.Country = r.hint(country)
		case "consent":
			c.Consent = new(Consent)
			r.consent(c.Consent)
		default:
			r.skip()
		}
	}
	if c.ID == "" && c.Email == "" && !r.trusted && r.err == nil {
		r.fail(ReasonMissingField, "neither id nor email; one of them is needed")
	}
}

func (r *reader) consent(c *Consent) {
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "email":
			c.Email = r.one(Subscribed, Unsubscribed, ConsentUnknown)
		case "at":
			c.At = r.moment()
		case "source":
			c.Source = r.text(maxName)
		default:
			r.skip()
		}
	}
}

func (r *reader) cart(c *Cart) {
	*c = Cart{}
	listed := false
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "id":
			c.ID = r.id()
		case "url":
			c.URL = r.hint(webURL)
		case "items":
			listed = true
			c.Items = r.items()
		case "total":
			r.money(&c.Total)
		default:
			r.skip()
		}
	}
	r.require(c.ID != "", "id")
	r.require(listed, "items") // an emptied cart says so: []
}

func (r *reader) order(o *Order) {
	*o = Order{}
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "id":
			o.ID = r.id()
		case "cart_id":
			o.CartID = r.id()
		case "items":
			o.Items = r.items()
		case "total":
			r.money(&o.Total)
		case "coupons":
			o.Coupons = nil
			for ok := r.list(); ok && r.element(); {
				o.Coupons = append(o.Coupons, r.id())
			}
		default:
			r.skip()
		}
	}
	r.require(o.ID != "", "id")
	r.require(len(o.Items) > 0, "items")
	r.require(!o.Total.IsZero(), "total")
}

// Room is made at first for as many lines as the rest of the document would
// hold at this size each, within bounds.
const (
	usualLine = 128
	manyLines = 32
)

func (r *reader) items() []Item {
	var items []Item
	for ok := r.list(); ok && r.element(); {
		if items == nil {
			items = make([]Item, 0, min(1+(len(r.data)-r.pos)/usualLine, manyLines))
		}
		items = append(items, Item{})
		r.item(&items[len(items)-1])
	}
	return items
}

func (r *reader) item(it *Item) {
	named := false
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "product_id":
			it.ProductID = r.id()
		case "name":
			named = true
			it.Name = r.text(maxProductName)
		case "quantity":
			it.Quantity = r.quantity()
		case "price":
			r.money(&it.Price)
		case "url":
			it.URL = r.hint(webURL)
		case "image_url":
			it.ImageURL = r.hint(webURL)
		case "supply_days":
			it.SupplyDays = r.supplyDays()
		default:
			r.skip()
		}
	}
	r.require(it.ProductID != "", "product_id")
	r.require(named, "name")
	r.require(it.Quantity != 0, "quantity")
}

func (r *reader) change(o *OrderChange) {
	*o = OrderChange{}
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "id":
			o.ID = r.id()
		case "items":
			o.Items = nil
			for ok := r.list(); ok && r.element(); {
				o.Items = append(o.Items, r.changedItem())
			}
		default:
			r.skip()
		}
	}
	r.require(o.ID != "", "id")
}

func (r *reader) changedItem() (it ChangedItem) {
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "product_id":
			it.ProductID = r.id()
		case "quantity":
			it.Quantity = r.quantity()
		default:
			r.skip()
		}
	}
	r.require(it.ProductID != "", "product_id")
	return it
}

func (r *reader) review(v *Review) {
	*v = Review{}
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "product_id":
			v.ProductID = r.id()
		case "order_id":
			v.OrderID = r.id()
		case "rating":
			v.Rating = r.between(1, 5)
		default:
			r.skip()
		}
	}
	r.require(v.ProductID != "", "product_id")
}

func (r *reader) complaint(c *Complaint) {
	*c = Complaint{}
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "id":
			c.ID = r.id()
		case "order_id":
			c.OrderID = r.id()
		default:
			r.skip()
		}
	}
	r.require(c.ID != "", "id")
}

func (r *reader) product(p *Product) {
	*p = Product{}
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "id":
			p.ID = r.id()
		case "name":
			p.Name = r.text(maxProductName)
		case "url":
			p.URL = r.hint(webURL)
		case "image_url":
			p.ImageURL = r.hint(webURL)
		case "price":
			r.money(&p.Price)
		case "supply_days":
			p.SupplyDays = r.supplyDays()
		case "available":
			p.Available = r.boolean()
		default:
			r.skip()
		}
	}
	r.require(p.ID != "", "id")
}

// email reads the body of a fact.
func (r *reader) email(e *Email) {
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "touch":
			e.Touch = r.id()
		case "worker":
			e.Worker = r.id()
		case "step":
			e.Step = r.id()
		case "customer":
			e.Customer = r.id()
		case "occasion":
			e.Occasion = r.id()
		case "class":
			e.Class = r.id()
		case "reason":
			e.Reason = r.id()
		case "detail":
			e.Detail = r.id()
		case "due":
			e.Due = r.moment()
		case "until":
			e.Until = r.moment()
		case "message_id":
			e.MessageID = r.id()
		case "template":
			e.Template = r.id()
		case "server_code":
			e.ServerCode = r.whole()
		case "server_enhanced":
			e.ServerEnhanced = r.id()
		case "bounced":
			e.Bounced = r.id()
		case "bundles":
			e.Bundles = nil
			for ok := r.list(); ok && r.element(); {
				e.Bundles = append(e.Bundles, r.id())
			}
		case "sunset":
			e.Sunset = *r.boolean()
		default:
			r.skip()
		}
	}
}

// offer reads the body of offer.issued.
func (r *reader) offer(o *OfferIssued) {
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "touch":
			o.Touch = r.id()
		case "worker":
			o.Worker = r.id()
		case "customer":
			o.Customer = r.id()
		case "code":
			o.Code = r.id()
		case "kind":
			o.Kind = r.id()
		case "list":
			o.List = r.id()
		case "percent":
			o.Percent = r.whole()
		case "amount":
			r.money(&o.Amount)
		case "expires_at":
			o.ExpiresAt = r.moment()
		default:
			r.skip()
		}
	}
}

// hold reads the body of worker.held and worker.resumed.
func (r *reader) hold(h *WorkerHold) {
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "worker":
			h.Worker = r.id()
		case "reason":
			h.Reason = r.id()
		case "detail":
			h.Detail = r.id()
		default:
			r.skip()
		}
	}
}
