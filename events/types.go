package events

//go:generate go test -run "^(TestWhatFollowsFromTheRowsIsUpToDate|TestTheTypesOfTypeScriptAreUpToDate)$" . -update

import (
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// The types of event a storefront may publish on
// "storefront.<store>.<entity>.<action>".
const (
	TypeCartUpdated          Type = "cart.updated"
	TypeCartAbandoned        Type = "cart.abandoned"
	TypeOrderPlaced          Type = "order.placed"
	TypeOrderUpdated         Type = "order.updated"
	TypeOrderFulfilled       Type = "order.fulfilled"
	TypeOrderDelivered       Type = "order.delivered"
	TypeOrderCancelled       Type = "order.cancelled"
	TypeOrderRefunded        Type = "order.refunded"
	TypeOrderReturned        Type = "order.returned"
	TypeCustomerCreated      Type = "customer.created"
	TypeCustomerUpdated      Type = "customer.updated"
	TypeCustomerUnsubscribed Type = "customer.unsubscribed"
	TypeCustomerPreferences  Type = "customer.preferences"
	TypeCustomerMerged       Type = "customer.merged"
	TypeCustomerErased       Type = "customer.erased"
	TypeCustomerLapsed       Type = "customer.lapsed"
	TypeCustomerBirthday     Type = "customer.birthday"
	TypeCustomerAnswered     Type = "customer.answered"
	TypeReviewSubmitted      Type = "review.submitted"
	TypeReviewWithdrawn      Type = "review.withdrawn"
	TypeComplaintOpened      Type = "complaint.opened"
	TypeComplaintClosed      Type = "complaint.closed"
	TypePointsAdjusted       Type = "points.adjusted"
	TypeRewardsJoined        Type = "rewards.joined"
	TypeAudienceEntered      Type = "audience.entered"
	TypeAudienceLeft         Type = "audience.left"
	TypeReferralRedeemed     Type = "referral.redeemed"
	TypeAddressBounced       Type = "address.bounced"
	TypeAddressComplained    Type = "address.complained"
	TypeProductUpdated       Type = "product.updated"

	TypeSubscriptionStarted       Type = "subscription.started"
	TypeSubscriptionUpdated       Type = "subscription.updated"
	TypeSubscriptionRenewing      Type = "subscription.renewing"
	TypeSubscriptionRenewed       Type = "subscription.renewed"
	TypeSubscriptionPaused        Type = "subscription.paused"
	TypeSubscriptionResumed       Type = "subscription.resumed"
	TypeSubscriptionCancelled     Type = "subscription.cancelled"
	TypeSubscriptionPaymentFailed Type = "subscription.payment_failed"
)

// The types of facts: what Homing itself did. They are on the timeline only; a
// storefront that publishes one is rejected.
const (
	TypeEmailSent          Type = "email.sent"
	TypeEmailHeld          Type = "email.held"
	TypeEmailDropped       Type = "email.dropped"
	TypeEmailUncertain     Type = "email.uncertain"
	TypeEmailClicked       Type = "email.clicked"
	TypeEmailOpened        Type = "email.opened"
	TypeWebhookSent        Type = "webhook.sent"
	TypeWebhookHeld        Type = "webhook.held"
	TypeWebhookDropped     Type = "webhook.dropped"
	TypeWebhookUncertain   Type = "webhook.uncertain"
	TypeOfferIssued        Type = "offer.issued"
	TypeWorkerHeld         Type = "worker.held"
	TypeWorkerResumed      Type = "worker.resumed"
	TypeTemplatesPublished Type = "templates.published"
	TypePersonLinked       Type = "person.linked"
	TypePersonMerged       Type = "person.merged"
	TypeReferralNoted      Type = "referral.noted"
)

// Origin says who tells Homing that something happened.
type Origin string

// The origins of events.
const (
	Storefront Origin = "storefront" // the shop
	Calendar   Origin = "calendar"   // Homing's calendar, or the shop
	Homing     Origin = "homing"     // Homing alone: a fact
)

// rows has every type of event, in the order in which the docs list them.
var rows = []Row{
	row[CartUpdated](Storefront, "A cart changed: it now holds these items, or none.",
		"keeps the current cart, and drops reminders of one that is empty now"),
	row[CartAbandoned](Storefront, "The shop considers a cart abandoned.", "keeps the cart as it was left"),
	row[OrderPlaced](Storefront, "A customer placed an order.",
		"counts the order, and drops reminders of its cart and of products bought again"),
	row[OrderUpdated](Storefront, "An order was changed: this is what it is now.",
		"takes what is in the order from it, and its age from when it was first told; a thank-you that is planned shows it"),
	row[OrderFulfilled](Storefront, "An order, or some of it, left the shop.", "keeps when"),
	row[OrderDelivered](Storefront, "An order, or some of it, arrived.",
		"keeps when: review requests and refill reminders count from then on"),
	row[OrderCancelled](Storefront, "An order, or some of it, will not be fulfilled.",
		"drops emails planned for it or for those items; an order cancelled as a whole no longer counts"),
	row[OrderRefunded](Storefront, "An order, or some of it, was paid back.",
		"drops emails planned for it or for those items"),
	row[OrderReturned](Storefront, "An order, or some of it, came back to the shop.",
		"drops emails planned for it or for those items"),
	row[CustomerCreated](Storefront, "The shop met a customer for the first time.", "keeps what it says about the customer"),
	row[CustomerUpdated](Storefront, "Something about a customer changed.", "keeps what it says about the customer"),
	row[CustomerUnsubscribed](Storefront, "A customer does not want some or all email any more.",
		"stops those emails, including any already scheduled"),
	row[CustomerPreferences](Storefront, "A customer said which emails they want, and how often. Comes from the gateway, or from the shop.",
		"follows it from the next email on, see [preferences.md](preferences.md)"),
	row[CustomerMerged](Storefront, "Another customer turned out to be the same person, who goes on as customer.",
		"makes the two one person"),
	row[CustomerErased](Storefront, "A customer asked to be forgotten.", "forgets the customer, see [privacy.md](privacy.md)"),
	row[CustomerLapsed](Calendar, "A customer has not ordered for longer than they used to.", "keeps when"),
	row[CustomerBirthday](Calendar, "A customer's birthday is near.", ""),
	row[CustomerAnswered](Storefront, "A customer answered a question in an email. Comes from the gateway, or from the shop.",
		"keeps the last answer, and counts it as a sign of life, which ends [sunset](reasons.md#sunset); a low score opens a complaint, see [surveys.md](surveys.md)"),
	row[ReviewSubmitted](Storefront, "A customer reviewed a product.", "stops asking for a review of that product; with `quote_consent` other emails may quote it, see [quotes.md](quotes.md)"),
	row[ReviewWithdrawn](Storefront, "A customer took a review back, or the shop took it down.", "quotes it no more; nobody is asked for another"),
	row[ComplaintOpened](Storefront, "A customer complained, about an order or in general.",
		"asks for no review while the complaint is open"),
	row[ComplaintClosed](Storefront, "A complaint was dealt with.", "asks for reviews again"),
	row[SubscriptionStarted](Storefront, "A customer subscribed to something, or did so again after they had cancelled.",
		"keeps that it is active, and when it renews: nobody is reminded to reorder what comes by itself"),
	row[SubscriptionUpdated](Storefront, "A subscription was changed, or its next renewal was skipped or moved: this is what it is now.",
		"keeps when it renews, and drops the reminder of a day on which it does not"),
	row[SubscriptionRenewing](Storefront, "A subscription is about to renew.", "keeps when it renews"),
	row[SubscriptionRenewed](Storefront, "A subscription renewed, and was paid.",
		"keeps when it renews next, and drops emails about a payment that failed before"),
	row[SubscriptionPaused](Storefront, "A subscription is paused.", "drops emails planned for it"),
	row[SubscriptionResumed](Storefront, "A subscription that was paused goes on.", "keeps that it is active, and when it renews"),
	row[SubscriptionCancelled](Storefront, "A subscription was cancelled.",
		"drops emails planned for it; a reminder to reorder may come again"),
	row[SubscriptionPaymentFailed](Storefront, "A renewal of a subscription could not be charged.", "keeps when"),
	row[PointsAdjusted](Storefront, "Points of a customer were given, taken or spent, for a reason that no other event tells.",
		"enters them in the customer's ledger of points, see [rewards.md](rewards.md)"),
	row[RewardsJoined](Storefront, "A customer asked to take part in the rewards programme.",
		"makes them a member where members are those who asked, see [rewards.md](rewards.md)"),
	row[AudienceEntered](Calendar, "A customer came into a segment that the shop wants to be told of.", ""),
	row[AudienceLeft](Calendar, "A customer is no more in a segment that the shop wants to be told of.", ""),
	row[ReferralRedeemed](Storefront, "A customer ordered on the recommendation of another, whose code they used.",
		"finds out who that was, and looks after the order for both, see [referral](workers/referral.md)"),
	row[AddressBounced](Storefront, "Email to an address came back, as relays report it some time after they accepted it.",
		"sends nothing more to the address, for any customer of the store; with `permanent: false` it is noted"),
	row[AddressComplained](Storefront, "Someone reported email to their address as spam, as mailbox providers tell.",
		"sends nothing more to the address, for any customer of the store"),
	row[ProductUpdated](Storefront, "A product was added or changed: this is what it is now.",
		"keeps it in the catalog: refill reminders and reminders of carts leave out what is unavailable, from the moment it is said; refill reminders use `supply_days`; emails recommend what has a name and a link"),

	row[EmailSent](Homing, "The relay accepted an email.", ""),
	row[EmailHeld](Homing, "An email is right, but not yet.", ""),
	row[EmailDropped](Homing, "An email will not be sent.", ""),
	row[EmailUncertain](Homing, "The relay's answer to an email never came: it may have been sent, and is not sent again.", ""),
	row[WebhookSent](Homing, "The endpoint of a channel accepted a message.", ""),
	row[WebhookHeld](Homing, "A message by a channel is right, but not yet.", ""),
	row[WebhookDropped](Homing, "A message by a channel will not be sent.", ""),
	row[WebhookUncertain](Homing, "The endpoint's answer to a message never came: it may have taken it, and is not sent it again.", ""),
	row[EmailClicked](Homing, "A link of an email to the shop was followed. Decides nothing.", ""),
	row[EmailOpened](Homing, "The picture of an email that nobody sees was asked for. Decides nothing.", ""),
	row[OfferIssued](Homing, "A code was bound to a customer, before the email that carries it.", ""),
	row[WorkerHeld](Homing, "A worker began to send nothing, for a reason that has to do with the system and not with a customer: what falls due waits.", ""),
	row[WorkerResumed](Homing, "A reason for which a worker sent nothing ended.", ""),
	row[TemplatesPublished](Homing, "A version of the email templates was put in force, in all stores: by whom, and what is new.", ""),
	row[PersonLinked](Homing, "An id named a mailbox, which may make it one person with other ids that did.", ""),
	row[PersonMerged](Homing, "The shop goes on with another id for a customer.", ""),
	row[ReferralNoted](Homing, "An order of somebody who was referred stands, or does not any more. It is told to both: to the friend who was referred, and to the customer who referred them.", ""),
}

// A Row is one type of event.
type Row struct {
	Type Type
	From Origin
	Says string // what happened: one sentence or two
	Does string // what Homing does with it apart from starting workers, in Markdown; a verb comes first

	shape *shape
	make  func() (Data, unsafe.Pointer)
	at    func(Data) unsafe.Pointer // nil unless the data is of this type
}

// Describe returns what the type says, and who says it.
func (r Row) Describe() string {
	switch r.From {
	case Homing:
		return "A fact of Homing's own, on the timeline only. " + r.Says
	case Calendar:
		return r.Says + " Comes from the shop or from Homing's calendar."
	}
	return r.Says
}

// A Field is one field of the data of an event.
type Field struct {
	Name     string // in JSON
	Required bool
	List     bool
	Fields   []Field // of an object, or of each element of a list of objects
}

// Fields returns the fields of the data, in their order.
func (r Row) Fields() []Field { return r.shape.public() }

// New returns empty data of the type.
func (r Row) New() Data {
	d, _ := r.make()
	return d
}

// row makes the row of the type whose data is a T.
func row[T any, P interface {
	*T
	Data
}](from Origin, says, does string) Row {
	return Row{
		Type: P(new(T)).Type(), From: from, Says: says, Does: does,
		shape: shapeOf(reflect.TypeFor[T]()),
		make:  func() (Data, unsafe.Pointer) { d := new(T); return P(d), unsafe.Pointer(d) },
		at: func(d Data) unsafe.Pointer {
			p, _ := d.(P)
			return unsafe.Pointer((*T)(p))
		},
	}
}

var rowOf = func() map[Type]*Row {
	m := make(map[Type]*Row, len(rows))
	for i := range rows {
		m[rows[i].Type] = &rows[i]
	}
	return m
}()

// Rows returns every type of event, facts last.
func Rows() []Row { return slices.Clone(rows) }

// Types returns the types a storefront may publish.
func Types() []Type { return typesOf(func(r *Row) bool { return r.From != Homing }) }

// FactTypes returns the types of Homing's own facts, which are on the timeline
// only.
func FactTypes() []Type { return typesOf(func(r *Row) bool { return r.From == Homing }) }

// OutcomeTypes returns the types of the facts about one touch, of every channel:
// those whose action is one of some, or all of them.
func OutcomeTypes(actions ...string) []Type {
	return typesOf(func(r *Row) bool {
		_, outcome := r.New().(Fact)
		return outcome && (len(actions) == 0 || slices.Contains(actions, r.Type.Action()))
	})
}

// typesOf returns the types whose rows are wanted, in the order of the rows.
func typesOf(want func(*Row) bool) (ts []Type) {
	for i := range rows {
		if want(&rows[i]) {
			ts = append(ts, rows[i].Type)
		}
	}
	return ts
}

// Known reports whether t is a type a storefront may publish.
func (t Type) Known() bool {
	r := rowOf[t]
	return r != nil && r.From != Homing
}

// IsFact reports whether t is one of Homing's own facts.
func (t Type) IsFact() bool {
	r := rowOf[t]
	return r != nil && r.From == Homing
}

// CartUpdated says what is in a cart now.
type CartUpdated struct {
	Customer `json:"customer"`
	Cart     Cart `json:"cart" rule:",required"`
}

// CartAbandoned says which cart the shop considers abandoned.
type CartAbandoned struct {
	Customer `json:"customer"`
	Cart     Cart `json:"cart" rule:",required"`
}

// OrderPlaced says what a customer ordered.
type OrderPlaced struct {
	Customer `json:"customer" rule:",anyone"`
	Order    Order `json:"order" rule:",required"`
}

// OrderUpdated says what an order is now, after it was edited.
type OrderUpdated struct {
	Customer `json:"customer" rule:",anyone"`
	Order    Order `json:"order" rule:",required"`
}

// OrderFulfilled says which order, or which of its items, left the shop.
type OrderFulfilled struct {
	Customer `json:"customer" rule:",anyone"`
	Order    OrderChange `json:"order" rule:",required"`
}

// OrderDelivered says which order, or which of its items, arrived.
type OrderDelivered struct {
	Customer `json:"customer" rule:",anyone"`
	Order    OrderChange `json:"order" rule:",required"`
}

// OrderCancelled says which order, or which of its items, will not be fulfilled.
type OrderCancelled struct {
	Customer `json:"customer" rule:",anyone"`
	Order    OrderChange `json:"order" rule:",required"`
}

// OrderRefunded says which order, or which of its items, was paid back.
type OrderRefunded struct {
	Customer `json:"customer" rule:",anyone"`
	Order    OrderChange `json:"order" rule:",required"`
}

// OrderReturned says which order, or which of its items, came back.
type OrderReturned struct {
	Customer `json:"customer" rule:",anyone"`
	Order    OrderChange `json:"order" rule:",required"`
}

// CustomerCreated says whom the shop met for the first time.
type CustomerCreated struct {
	Customer `json:"customer"`
}

// CustomerUpdated says what the shop knows about a customer now.
type CustomerUpdated struct {
	Customer `json:"customer"`
}

// CustomerMerged says that From turned out to be the same person as Customer,
// who goes on as Customer.
type CustomerMerged struct {
	Customer `json:"customer"`
	From     string `json:"from" rule:"customer_id,required"` // the id that is no longer used
}

// CustomerErased says who asked to be forgotten.
type CustomerErased struct {
	Customer `json:"customer"`
}

// CustomerLapsed says who has stayed away, and since when.
type CustomerLapsed struct {
	Customer    `json:"customer"`
	LastOrderAt *time.Time `json:"last_order_at,omitempty"`
}

// CustomerBirthday says whose birthday is near.
type CustomerBirthday struct {
	Customer `json:"customer"`
	Year     int `json:"year,omitempty" rule:"year"` // the calendar year of this birthday
}

// CustomerAnswered says what a customer answered to a question in an email, or on the
// page that it leads to. Of what they answered to one question of one survey about one
// order the last answer counts.
type CustomerAnswered struct {
	Customer `json:"customer"`
	Survey   string `json:"survey,omitempty"`             // "after-delivery"
	Question string `json:"question" rule:",required"`    // "why_left"
	Kind     string `json:"kind,omitempty" rule:"answer"` // scale, choice or text; see Sort
	Scale    string `json:"scale,omitempty" rule:"scale"` // of a score: csat or nps; empty: it isn't known how good the score is
	Score    *int   `json:"score,omitempty" rule:"score"`
	Answer   string `json:"answer,omitempty"`                    // what was chosen: "too-expensive"
	Text     string `json:"text,omitempty" rule:"prose"`         // in the customer's own words
	OrderID  string `json:"order_id,omitempty" rule:"reference"` // the order it is about, if it is about one
}

// ReviewSubmitted says what a customer reviewed.
type ReviewSubmitted struct {
	Customer `json:"customer"`
	Review   Review `json:"review" rule:",required"`
}

// ReviewWithdrawn says which product's review is to be seen no more.
type ReviewWithdrawn struct {
	Customer `json:"customer"`
	Review   Review `json:"review" rule:",required"`
}

// ComplaintOpened says what a customer complained about.
type ComplaintOpened struct {
	Customer  `json:"customer"`
	Complaint Complaint `json:"complaint" rule:",required"`
}

// ComplaintClosed says which complaint was dealt with.
type ComplaintClosed struct {
	Customer  `json:"customer"`
	Complaint Complaint `json:"complaint" rule:",required"`
}

// ProductUpdated says what a product is now. It concerns no customer.
type ProductUpdated struct {
	Product Product `json:"product" rule:",required"`
}

func (*CartUpdated) Type() Type          { return TypeCartUpdated }
func (*CartAbandoned) Type() Type        { return TypeCartAbandoned }
func (*OrderPlaced) Type() Type          { return TypeOrderPlaced }
func (*OrderUpdated) Type() Type         { return TypeOrderUpdated }
func (*OrderFulfilled) Type() Type       { return TypeOrderFulfilled }
func (*OrderDelivered) Type() Type       { return TypeOrderDelivered }
func (*OrderCancelled) Type() Type       { return TypeOrderCancelled }
func (*OrderRefunded) Type() Type        { return TypeOrderRefunded }
func (*OrderReturned) Type() Type        { return TypeOrderReturned }
func (*CustomerCreated) Type() Type      { return TypeCustomerCreated }
func (*CustomerUpdated) Type() Type      { return TypeCustomerUpdated }
func (*CustomerUnsubscribed) Type() Type { return TypeCustomerUnsubscribed }
func (*CustomerPreferences) Type() Type  { return TypeCustomerPreferences }
func (*CustomerMerged) Type() Type       { return TypeCustomerMerged }
func (*CustomerErased) Type() Type       { return TypeCustomerErased }
func (*CustomerLapsed) Type() Type       { return TypeCustomerLapsed }
func (*CustomerBirthday) Type() Type     { return TypeCustomerBirthday }
func (*CustomerAnswered) Type() Type     { return TypeCustomerAnswered }
func (*ReviewSubmitted) Type() Type      { return TypeReviewSubmitted }
func (*ReviewWithdrawn) Type() Type      { return TypeReviewWithdrawn }
func (*ComplaintOpened) Type() Type      { return TypeComplaintOpened }
func (*ComplaintClosed) Type() Type      { return TypeComplaintClosed }
func (*ProductUpdated) Type() Type       { return TypeProductUpdated }
