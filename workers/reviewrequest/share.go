package reviewrequest

import (
	"cmp"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// group returns the orders that share the email of a touch, its own included. Of an ask
// they are those whose time comes within merge_within of the first one's, and whose email
// goes to the same address; of a reminder those that were asked about in one email.
func (w worker) group(t touch.Touch, in workers.Input) []workers.Sharer {
	c, own := in.Customer, t.Snapshot.Order
	var all []workers.Sharer
	add := func(order string, at time.Time) { all = append(all, workers.Sharer{Order: order, At: at}) }
	if t.Step == Reminder {
		mine, _ := asked(t, own, c)
		for _, o := range workers.ToOneMailbox(c.Standing(), own, c) {
			if at, ok := asked(t, o.ID, c); ok && at.Equal(mine) {
				add(o.ID, at)
			}
		}
		return workers.Together(all, 0, own)
	}
	if w.config.MergeWithin == 0 {
		return nil
	}
	for _, o := range workers.ToOneMailbox(c.Standing(), own, c) {
		at, _ := w.asksAbout(o)
		if o.ID != own {
			if in.Now.After(at.Add(worth)) || o.Undone() != 0 || at.Sub(o.Since()) > w.config.MaxOrderAge {
				continue
			}
			if k, claimed := workers.About(t, o.ID).ClaimIn(c); claimed && k.State != customer.Open {
				continue
			}
		}
		add(o.ID, at)
	}
	slices.SortStableFunc(all, func(a, b workers.Sharer) int { return a.At.Compare(b.At) })
	return workers.Together(all, w.config.MergeWithin, own)
}

// due returns when the email that a group shares is right: when the last of its orders is.
func (w worker) due(group []workers.Sharer) (at time.Time) {
	for _, s := range group {
		if s.At.After(at) {
			at = s.At
		}
	}
	return at
}

// Gathers names the touches of the orders that share an email.
func (w worker) Gathers(t touch.Touch, in workers.Input) []touch.Touch {
	group := w.group(t, in)
	due := w.due(group)
	if t.Step == Reminder {
		due = due.Add(w.config.ReminderAfter)
	}
	return workers.Gather(t, workers.Others(t, group, in), func(workers.Sharer) time.Time { return due })
}

// Compose shows the products that are left to review, of all orders that share the
// email, each once.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	_, by := w.asks(t.Snapshot.Order, t.Snapshot.PlacedAt, in.Customer)
	v := workers.Wording{More: t.Snapshot.More, Detail: by.String()}
	v.Items, _ = w.left(t, in)
	for _, g := range in.Gathered {
		if g.Snapshot == nil || g.Snapshot.Order == "" {
			continue
		}
		items, verdict := w.askable(g, in)
		if verdict.Action != touch.Send {
			continue // it says so itself
		}
		items = slices.DeleteFunc(items, func(it events.Item) bool {
			return slices.ContainsFunc(v.Items, func(x events.Item) bool { return x.ProductID == it.ProductID })
		})
		all, cut := touch.Items(append(v.Items, items...))
		v.Items, v.More = all, v.More+g.Snapshot.More+cut
		v.Also, v.Bundles = append(v.Also, g.Snapshot.Order), append(v.Bundles, g.ID())
	}
	return v
}

// asked returns when the customer was asked about an order, in an email of its own or
// in one that took it over, which has the same time.
func asked(t touch.Touch, order string, c *customer.Customer) (time.Time, bool) {
	k, ok := email(t, order, c)
	return time.UnixMilli(k.At).UTC(), ok
}

// email returns the claim of the email that asked about an order.
func email(t touch.Touch, order string, c *customer.Customer) (customer.Claim, bool) {
	t.Step = Ask
	k, ok := workers.About(t, order).ClaimIn(c)
	return emailOf(k, ok, c)
}

// emailOf returns the claim of the email that an ask's claim is about: its own, or that of
// the email which took it over.
func emailOf(k customer.Claim, claimed bool, c *customer.Customer) (customer.Claim, bool) {
	switch {
	case !claimed, k.State >= customer.Uncertain:
		return k, claimed
	case !k.Bundled():
		return k, false
	}
	for _, x := range c.Claims {
		if x.At == k.At && x.State >= customer.Uncertain {
			return x, true
		}
	}
	return k, false
}

// A question is an email that asked about a product.
type question struct {
	order string
	at    time.Time
}

// questions returns the emails that asked who answers to the touch's mailbox about a
// product, of those that were sent about orders of it, oldest first: of two buyers who
// share an account each is asked. An email about an order asked about each product of it
// that is reviewed and had left the shop by then, unless another had done so within
// ask_again_after.
func (w worker) questions(product string, t touch.Touch, in workers.Input, sent []sent) []question {
	var all []question
	for _, s := range sent {
		if s.about(s.of, product) {
			all = append(all, s.question)
		}
	}
	all = append(all, questionsOfOthers(product, t, whoReads(in))...)
	slices.SortFunc(all, func(a, b question) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.order, b.order)) })
	var out []question
	for _, q := range all {
		if n := len(out); n == 0 || q.at.Equal(out[n-1].at) || q.at.Sub(out[n-1].at) >= w.config.AskAgainAfter {
			out = append(out, q)
		}
	}
	return out
}

// sent is an email about an order.
type sent struct {
	question
	of *customer.Order
}

// sentBefore are the emails that went to who answers to the touch's mailbox, about orders of
// the customer, or about what they ordered themselves.
type sentBefore []sentTo

func sentBeforeTo(t touch.Touch, in *workers.Input) sentBefore {
	out := sentBefore{{mailbox: in.To, touch: t, who: in.Customer, look: func() *customer.Bought { return in.Habits().Bought }}}
	if r := in.Recipient; r != nil {
		out = append(out, sentTo{touch: t, who: r, look: r.Bought})
	}
	return out
}

// of returns those about orders that have a product.
func (s sentBefore) of(product string) (all []sent) {
	for i := range s {
		if len(s[i].who.Claims) == 0 {
			continue
		}
		if s[i].bought == nil {
			s[i].bought = s[i].look()
		}
		for o := range s[i].bought.Orders(product) {
			if x := s[i].about(o); x != nil {
				all = append(all, *x)
			}
		}
	}
	return all
}

// sentTo are the emails about a customer's orders that went to a mailbox, "" for the
// customer's own.
type sentTo struct {
	mailbox string
	touch   touch.Touch
	who     *customer.Customer
	look    func() *customer.Bought
	bought  *customer.Bought // nil: not looked at yet
	known   map[string]*sent // by order; nil: there is none
}

// about returns the email about an order; nil: there is none.
func (s *sentTo) about(o *customer.Order) *sent {
	x, known := s.known[o.ID]
	if !known {
		if k, ok := email(s.touch, o.ID, s.who); ok && k.Went() == s.mailbox {
			x = &sent{question{o.ID, time.UnixMilli(k.At).UTC()}, o}
		}
		if s.known == nil {
			s.known = map[string]*sent{}
		}
		s.known[o.ID] = x
	}
	return x
}

// about reports whether the email asked about a product of its order.
func (q question) about(o *customer.Order, product string) bool {
	return o.LeftBy(product, q.at) && !o.Unreviewable(product)
}

// whoReads is who answers to the mailbox where the email goes.
func whoReads(in workers.Input) *customer.Customer {
	if in.Recipient != nil {
		return in.Recipient
	}
	return in.Customer
}

// claimsOfOthers calls fn with the claims of asks about others' orders of a product, whose
// email went to somebody's mailbox.
func claimsOfOthers(product string, t touch.Touch, who *customer.Customer, fn func(o *customer.Order, k customer.Claim)) {
	t.Step = Ask
	for _, others := range who.Others {
		for i := range others.Orders {
			o := &others.Orders[i]
			if o.Test || !o.Has(product) {
				continue
			}
			if k, ok := who.Claimed(workers.About(t, o.ID).Under(others.Token).ClaimKey()); ok {
				fn(o, k)
			}
		}
	}
}

// questionsOfOthers returns the emails about others' orders that went to somebody's
// mailbox, and may have asked about a product.
func questionsOfOthers(product string, t touch.Touch, who *customer.Customer) (all []question) {
	claimsOfOthers(product, t, who, func(o *customer.Order, k customer.Claim) {
		k, ok := emailOf(k, true, who)
		if q := (question{o.ID, time.UnixMilli(k.At).UTC()}); ok && q.about(o, product) {
			all = append(all, q)
		}
	})
	return all
}

// elsewhere reports whether another email asked about a product, so that this one must
// not: lately, or, of a reminder, in the place of its ask.
func (w worker) elsewhere(product string, t touch.Touch, in workers.Input, sent []sent) bool {
	qs := w.questions(product, t, in, sent)
	if t.Step == Reminder {
		mine, ok := asked(t, t.Snapshot.Order, in.Customer)
		return ok && !slices.ContainsFunc(qs, func(q question) bool { return q.at.Equal(mine) })
	}
	return slices.ContainsFunc(qs, func(q question) bool {
		return q.order != t.Snapshot.Order && in.Now.Sub(q.at) < w.config.AskAgainAfter
	})
}

// asking reports whether who answers to the touch's mailbox is being asked about one of its
// products at this moment, in an email about another order, outside its group.
func (w worker) asking(t touch.Touch, group []workers.Sharer, in workers.Input) bool {
	if !sending(in.Customer) && (in.Recipient == nil || !sending(in.Recipient)) {
		return false // most: nothing is on its way
	}
	items, _ := w.left(t, in)
	if askingAt(in.To, t, group, items, in.Customer) || in.Recipient != nil && askingAt("", t, group, items, in.Recipient) {
		return true
	}
	open := false
	for _, it := range items {
		claimsOfOthers(it.ProductID, t, whoReads(in), func(o *customer.Order, k customer.Claim) {
			open = open || k.State == customer.Open && o.ID != t.Snapshot.Order && !inGroup(group, o.ID)
		})
	}
	return open
}

// sending reports whether an email to a customer is on its way.
func sending(c *customer.Customer) bool {
	return slices.ContainsFunc(c.Claims, func(k customer.Claim) bool { return k.State == customer.Open })
}

func inGroup(group []workers.Sharer, order string) bool {
	return slices.ContainsFunc(group, func(s workers.Sharer) bool { return s.Order == order })
}

func askingAt(mailbox string, t touch.Touch, group []workers.Sharer, items []events.Item, c *customer.Customer) bool {
	for o := range c.Placed() {
		if inGroup(group, o.ID) || o.ID == t.Snapshot.Order {
			continue
		}
		k, ok := workers.About(t, o.ID).ClaimIn(c)
		if ok && k.State == customer.Open && k.Went() == mailbox && slices.ContainsFunc(items, func(it events.Item) bool { return o.Has(it.ProductID) }) {
			return true
		}
	}
	return false
}
