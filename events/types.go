package events

import "time"

// Customer is who an event is about, as the shop knows them at that moment.
// ID or, for guests, Email is required; every other field may be empty.
type Customer struct {
	ID        string   `json:"id,omitempty"`
	Email     string   `json:"email,omitempty"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
	Birthday  string   `json:"birthday,omitempty"`  // "1990-02-29" or, without the year, "--02-29"
	TimeZone  string   `json:"time_zone,omitempty"` // IANA, "Europe/London"
	Locale    string   `json:"locale,omitempty"`    // BCP 47, "en-GB"
	Country   string   `json:"country,omitempty"`   // ISO 3166-1 alpha-2 or the shop's own name for it
	Consent   *Consent `json:"consent,omitempty"`
}

// Consent is what the customer said about marketing email.
type Consent struct {
	Email  string     `json:"email,omitempty"` // subscribed, unsubscribed or unknown
	At     *time.Time `json:"at,omitempty"`    // when they said so; only an explicit time lifts a suppression
	Source string     `json:"source,omitempty"`
}

// The values of Consent.Email.
const (
	Subscribed     = "subscribed"
	Unsubscribed   = "unsubscribed"
	ConsentUnknown = "unknown"
)

// Item is one line of a cart or an order.
type Item struct {
	ProductID  string `json:"product_id"`
	Name       string `json:"name"`           // may be empty when the shop's was unusable
	Quantity   int    `json:"quantity"`       // 1 or more
	Price      Money  `json:"price,omitzero"` // of one piece
	URL        string `json:"url,omitempty"`
	ImageURL   string `json:"image_url,omitempty"`
	SupplyDays int    `json:"supply_days,omitempty"` // how many days one piece lasts
}

// Cart is a shopping cart; a cart without items is an emptied one.
type Cart struct {
	ID    string `json:"id"`
	URL   string `json:"url,omitempty"` // brings the customer back to it
	Items []Item `json:"items"`
	Total Money  `json:"total,omitzero"`
}

// Order is an order as it was placed.
type Order struct {
	ID      string   `json:"id"`
	CartID  string   `json:"cart_id,omitempty"` // the cart it was made from
	Items   []Item   `json:"items"`
	Total   Money    `json:"total"`
	Coupons []string `json:"coupons,omitempty"` // codes redeemed with it
}

// OrderChange names an order, and the items concerned. No items: the whole order.
type OrderChange struct {
	ID    string        `json:"id"`
	Items []ChangedItem `json:"items,omitempty"`
}

// ChangedItem is one line of an order that was fulfilled, delivered, cancelled or refunded.
type ChangedItem struct {
	ProductID string `json:"product_id"`
	Quantity  int    `json:"quantity,omitempty"` // 0: all of that product
}

// Review is a product review.
type Review struct {
	ProductID string `json:"product_id"`
	OrderID   string `json:"order_id,omitempty"`
	Rating    int    `json:"rating,omitempty"` // 1 to 5; 0: none given
}

// Product is a product as it is now.
type Product struct {
	ID         string `json:"id"`
	Name       string `json:"name,omitempty"`
	URL        string `json:"url,omitempty"`
	ImageURL   string `json:"image_url,omitempty"`
	Price      Money  `json:"price,omitzero"`
	SupplyDays int    `json:"supply_days,omitempty"`
	Available  *bool  `json:"available,omitempty"`
}

// Complaint is something a customer is unhappy about, until it is closed.
type Complaint struct {
	ID      string `json:"id"`
	OrderID string `json:"order_id,omitempty"` // the order it is about, if it is about one
}

// CartUpdated says that a cart changed: it now holds these items.
type CartUpdated struct {
	Customer Customer `json:"customer"`
	Cart     Cart     `json:"cart"`
}

// CartAbandoned says that the shop considers a cart abandoned.
type CartAbandoned struct {
	Customer Customer `json:"customer"`
	Cart     Cart     `json:"cart"`
}

// OrderPlaced says that a customer placed an order.
type OrderPlaced struct {
	Customer Customer `json:"customer"`
	Order    Order    `json:"order"`
}

// OrderFulfilled says that an order, or some of it, left the shop.
type OrderFulfilled struct {
	Customer Customer    `json:"customer"`
	Order    OrderChange `json:"order"`
}

// OrderDelivered says that an order, or some of it, arrived.
type OrderDelivered struct {
	Customer Customer    `json:"customer"`
	Order    OrderChange `json:"order"`
}

// OrderCancelled says that an order, or some of it, will not be fulfilled.
type OrderCancelled struct {
	Customer Customer    `json:"customer"`
	Order    OrderChange `json:"order"`
}

// OrderRefunded says that an order, or some of it, was paid back.
type OrderRefunded struct {
	Customer Customer    `json:"customer"`
	Order    OrderChange `json:"order"`
}

// CustomerCreated says that the shop met a customer for the first time.
type CustomerCreated struct {
	Customer Customer `json:"customer"`
}

// CustomerUpdated says that something about a customer changed.
type CustomerUpdated struct {
	Customer Customer `json:"customer"`
}

// The scopes of an unsubscribe. Any other scope is the name of one worker.
const (
	ScopeAll        = "all"        // no marketing any more
	ScopeEverything = "everything" // nothing at all, not even transactional mail
)

// CustomerUnsubscribed says that a customer does not want email any more.
type CustomerUnsubscribed struct {
	Customer Customer `json:"customer"`
	Scope    string   `json:"scope,omitempty"` // ScopeAll when empty, ScopeEverything or the name of a worker
}

// CustomerMerged says that From turned out to be the same person as Customer,
// who goes on as Customer.
type CustomerMerged struct {
	Customer Customer `json:"customer"`
	From     string   `json:"from"` // the id that is no more
}

// CustomerErased says that a customer asked to be forgotten.
type CustomerErased struct {
	Customer Customer `json:"customer"`
}

// CustomerLapsed says that a customer has not ordered for longer than they used to.
type CustomerLapsed struct {
	Customer    Customer   `json:"customer"`
	LastOrderAt *time.Time `json:"last_order_at,omitempty"`
}

// CustomerBirthday says that a customer's birthday is near.
type CustomerBirthday struct {
	Customer Customer `json:"customer"`
	Year     int      `json:"year,omitempty"` // the calendar year of this birthday
}

// ReviewSubmitted says that a customer reviewed a product.
type ReviewSubmitted struct {
	Customer Customer `json:"customer"`
	Review   Review   `json:"review"`
}

// CustomerAnswered says what a customer answered to a question in a mail. It is
// also a sign of life.
type CustomerAnswered struct {
	Customer Customer `json:"customer"`
	Question string   `json:"question"` // "why_left"
	Answer   string   `json:"answer"`   // "too-expensive"
}

// ComplaintOpened says that a customer complained, about an order or in general.
type ComplaintOpened struct {
	Customer  Customer  `json:"customer"`
	Complaint Complaint `json:"complaint"`
}

// ComplaintClosed says that a complaint was dealt with.
type ComplaintClosed struct {
	Customer  Customer  `json:"customer"`
	Complaint Complaint `json:"complaint"`
}

// AddressBounced says that mail to an address came back, as relays report it
// some time after they accepted it. On the timeline the address is left out: the
// entry's key stands for it.
type AddressBounced struct {
	Email     string `json:"email"`
	Permanent *bool  `json:"permanent,omitempty"` // nil: yes
}

// AddressComplained says that whoever reads mail to an address called one spam,
// as mailbox providers report it. On the timeline the address is left out.
type AddressComplained struct {
	Email string `json:"email"`
}

// ProductUpdated says what a product is now. It concerns no customer.
type ProductUpdated struct {
	Product Product `json:"product"`
}

func (*CartUpdated) Type() Type          { return TypeCartUpdated }
func (*CartAbandoned) Type() Type        { return TypeCartAbandoned }
func (*OrderPlaced) Type() Type          { return TypeOrderPlaced }
func (*OrderFulfilled) Type() Type       { return TypeOrderFulfilled }
func (*OrderDelivered) Type() Type       { return TypeOrderDelivered }
func (*OrderCancelled) Type() Type       { return TypeOrderCancelled }
func (*OrderRefunded) Type() Type        { return TypeOrderRefunded }
func (*CustomerCreated) Type() Type      { return TypeCustomerCreated }
func (*CustomerUpdated) Type() Type      { return TypeCustomerUpdated }
func (*CustomerUnsubscribed) Type() Type { return TypeCustomerUnsubscribed }
func (*CustomerMerged) Type() Type       { return TypeCustomerMerged }
func (*CustomerErased) Type() Type       { return TypeCustomerErased }
func (*CustomerLapsed) Type() Type       { return TypeCustomerLapsed }
func (*CustomerBirthday) Type() Type     { return TypeCustomerBirthday }
func (*ReviewSubmitted) Type() Type      { return TypeReviewSubmitted }
func (*CustomerAnswered) Type() Type     { return TypeCustomerAnswered }
func (*ComplaintOpened) Type() Type      { return TypeComplaintOpened }
func (*ComplaintClosed) Type() Type      { return TypeComplaintClosed }
func (*AddressBounced) Type() Type       { return TypeAddressBounced }
func (*AddressComplained) Type() Type    { return TypeAddressComplained }
func (*ProductUpdated) Type() Type       { return TypeProductUpdated }

// Mailed returns the address an event is about.
func (d *AddressBounced) Mailed() *string { return &d.Email }

// Mailed returns the address an event is about.
func (d *AddressComplained) Mailed() *string { return &d.Email }

// AddressData is what events are made of that concern an address.
type AddressData interface {
	Data
	Mailed() *string
}

func (d *CartUpdated) Who() *Customer          { return &d.Customer }
func (d *CartAbandoned) Who() *Customer        { return &d.Customer }
func (d *OrderPlaced) Who() *Customer          { return &d.Customer }
func (d *OrderFulfilled) Who() *Customer       { return &d.Customer }
func (d *OrderDelivered) Who() *Customer       { return &d.Customer }
func (d *OrderCancelled) Who() *Customer       { return &d.Customer }
func (d *OrderRefunded) Who() *Customer        { return &d.Customer }
func (d *CustomerCreated) Who() *Customer      { return &d.Customer }
func (d *CustomerUpdated) Who() *Customer      { return &d.Customer }
func (d *CustomerUnsubscribed) Who() *Customer { return &d.Customer }
func (d *CustomerMerged) Who() *Customer       { return &d.Customer }
func (d *CustomerErased) Who() *Customer       { return &d.Customer }
func (d *CustomerLapsed) Who() *Customer       { return &d.Customer }
func (d *CustomerBirthday) Who() *Customer     { return &d.Customer }
func (d *ReviewSubmitted) Who() *Customer      { return &d.Customer }
func (d *CustomerAnswered) Who() *Customer     { return &d.Customer }
func (d *ComplaintOpened) Who() *Customer      { return &d.Customer }
func (d *ComplaintClosed) Who() *Customer      { return &d.Customer }
