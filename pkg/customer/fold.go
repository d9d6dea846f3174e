package customer

import "homing/events"

// A fold folds the data of an event of one type into a customer, and reports
// whether that changed anything.
type fold func(c *Customer, d events.Data, s Stamp) bool

// folds says what each type of event does to the customer, or the address, that
// it is about. Facts about touches do the same whatever their channel, and are
// added by what they are.
var folds = withFacts(map[events.Type]fold{
	events.TypeCartUpdated: told(func(c *Customer, d *events.CartUpdated, s Stamp) bool {
		return c.Cart.say(cartOf(&d.Cart), s, Cart.compare)
	}),
	events.TypeCartAbandoned:  told((*Customer).abandoned),
	events.TypeOrderPlaced:    ordered(orderPlaced),
	events.TypeOrderUpdated:   ordered(func(d *events.OrderUpdated, s Stamp) Order { return telling(&d.Order, s) }),
	events.TypeOrderFulfilled: ordered(func(d *events.OrderFulfilled, s Stamp) Order { return parcel(&d.Order, Fulfilled, s) }),
	events.TypeOrderDelivered: ordered(func(d *events.OrderDelivered, s Stamp) Order { return parcel(&d.Order, Delivered, s) }),
	events.TypeOrderCancelled: ordered(func(d *events.OrderCancelled, s Stamp) Order { return taking(&d.Order, Cancelled, "", s) }),
	events.TypeOrderRefunded:  ordered(func(d *events.OrderRefunded, s Stamp) Order { return taking(&d.Order, Refunded, d.Order.Refund.ID, s) }),
	events.TypeOrderReturned:  ordered(func(d *events.OrderReturned, s Stamp) Order { return taking(&d.Order, Returned, d.Order.Return.ID, s) }),

	events.TypeCustomerCreated:      profileOnly,
	events.TypeCustomerUpdated:      profileOnly,
	events.TypeCustomerUnsubscribed: told((*Customer).unsubscribed),
	events.TypeCustomerPreferences:  told((*Customer).prefers),
	events.TypeCustomerMerged:       told((*Customer).absorbs),
	events.TypeCustomerErased:       of(func(c *Customer, _ *events.CustomerErased, s Stamp) bool { return c.erase(s) }),
	events.TypeCustomerLapsed:       told((*Customer).lapsed),
	events.TypeCustomerBirthday:     told((*Customer).born),
	events.TypeCustomerAnswered:     told((*Customer).answered),
	events.TypeReviewSubmitted:      told((*Customer).reviewed),
	events.TypeReviewWithdrawn:      told(noted(Withdrawn, func(d *events.ReviewWithdrawn) string { return d.Review.ProductID })),
	events.TypeComplaintOpened:      told(noted(ComplaintOpened, func(d *events.ComplaintOpened) string { return d.Complaint.OrderID })),
	events.TypeComplaintClosed:      told(noted(ComplaintClosed, func(d *events.ComplaintClosed) string { return d.Complaint.OrderID })),

	events.TypeSubscriptionStarted:   subscribed(func(_ *events.SubscriptionStarted, s *Subscription, at int64) { s.Active = at }),
	events.TypeSubscriptionUpdated:   subscribed(func(*events.SubscriptionUpdated, *Subscription, int64) {}),
	events.TypeSubscriptionRenewing:  subscribed(func(*events.SubscriptionRenewing, *Subscription, int64) {}),
	events.TypeSubscriptionRenewed:   subscribed(func(_ *events.SubscriptionRenewed, s *Subscription, at int64) { s.Active = at }),
	events.TypeSubscriptionPaused:    subscribed(func(_ *events.SubscriptionPaused, s *Subscription, at int64) { s.Paused = at }),
	events.TypeSubscriptionResumed:   subscribed(func(_ *events.SubscriptionResumed, s *Subscription, at int64) { s.Active = at }),
	events.TypeSubscriptionCancelled: subscribed(cancelled),
	events.TypeSubscriptionPaymentFailed: subscribed(func(_ *events.SubscriptionPaymentFailed, s *Subscription, at int64) {
		s.Unpaid = []int64{at}
	}),

	events.TypePointsAdjusted: told((*Customer).adjusted),
	events.TypeRewardsJoined:  told(noted(JoinedRewards, func(*events.RewardsJoined) string { return "" })),

	events.TypeAudienceEntered: profileOnly,
	events.TypeAudienceLeft:    profileOnly,

	events.TypeReferralRedeemed:  profileOnly,
	events.TypeReferralNoted:     of((*Customer).referred),
	events.TypePersonMerged:      of((*Customer).becomes),
	events.TypeAddressBounced:    of((*Customer).addressBounced),
	events.TypeAddressComplained: of(noted(Complained, func(*events.AddressComplained) string { return "" })),
	events.TypeOfferIssued:       of((*Customer).offered),
})

// profileOnly folds what every event says about its customer, and no more.
var profileOnly = told(func(*Customer, events.CustomerData, Stamp) bool { return false })

func withFacts(fs map[events.Type]fold) map[events.Type]fold {
	for _, r := range events.Rows() {
		if _, ok := r.New().(events.Fact); ok {
			fs[r.Type] = of((*Customer).fact)
		}
	}
	return fs
}

// Apply folds e into c and reports whether that changed anything. It is
// commutative and idempotent for as long as no more than MaxOrders orders, with
// MaxDetails things about them, MaxClaims claims of a sort and MaxSubscriptions are kept;
// beyond that the oldest details go, and only what is still known about an old order or
// subscription can depend on the order of events.
//
// Apply changes c's slices and maps in place: a copy of a Customer must not be
// folded into further.
func Apply(c *Customer, e events.Event) bool {
	f := foldOf(e)
	return f != nil && f(c, e.Data, StampOf(e))
}

// foldOf returns the fold of an event. An import tells what was ordered as the shop
// would, but for that it was told when it happened.
func foldOf(e events.Event) fold {
	if e.Historical {
		received := e.Received // and not all of e, which would be moved to the heap, historical or not
		switch e.Type {
		case events.TypeOrderPlaced:
			return ordered(func(d *events.OrderPlaced, s Stamp) Order { return bringsOver(&d.Order, s, received) })
		case events.TypeOrderUpdated:
			return ordered(func(d *events.OrderUpdated, s Stamp) Order { return bringsOver(&d.Order, s, received) })
		}
	}
	return folds[e.Type]
}

// Folds reports whether events of a type say something about a customer or an
// address. What a product or a worker is doing is kept elsewhere.
func Folds(t events.Type) bool { return folds[t] != nil }

// of is the fold of one type of data.
func of[D events.Data](f func(c *Customer, d D, s Stamp) bool) fold {
	return func(c *Customer, d events.Data, s Stamp) bool {
		x, ok := d.(D)
		return ok && f(c, x, s)
	}
}

// told is the fold of what a storefront says about a customer: nothing that
// happened before they were erased counts, and the profile is folded too.
func told[D events.CustomerData](f func(c *Customer, d D, s Stamp) bool) fold {
	return of(func(c *Customer, d D, s Stamp) bool {
		if c.Erased.At != 0 && s.At <= c.Erased.At {
			return false
		}
		changed := c.profile(d.Type(), d.Who(), s)
		return f(c, d, s) || changed
	})
}

// noted leaves a note about something.
func noted[D events.Data](k NoteKind, about func(D) string) func(*Customer, D, Stamp) bool {
	return func(c *Customer, d D, s Stamp) bool { return c.note(k, about(d), s) }
}

func (c *Customer) abandoned(d *events.CartAbandoned, s Stamp) bool {
	cart := cartOf(&d.Cart)
	changed := c.Cart.say(cart, s, Cart.compare)
	changed = c.Left.say(cart, s, Cart.compare) || changed
	return c.note(Abandoned, d.Cart.ID, s) || changed
}

func (c *Customer) unsubscribed(d *events.CustomerUnsubscribed, s Stamp) bool {
	scope := d.Scope
	if scope == "" {
		scope = events.ScopeAll
	}
	return c.stop(scope, Stop{At: s.At, Said: s.At})
}

func (c *Customer) addressBounced(d *events.AddressBounced, s Stamp) bool {
	if d.Permanent == nil || *d.Permanent {
		return c.note(Bounced, "", s)
	}
	return c.note(Doubted, "", s)
}
