package events

import (
	"slices"
	"time"
)

// The structs below are what events are made of. A tag `rule` says how a field
// is read, where the rule does not follow from its Go type: see shape.go.

// Customer is the customer an event is about, as the shop knows them at that
// moment. ID or, for guests, Email is required; every other field may be empty.
type Customer struct {
	ID        string   `json:"id,omitempty" rule:"customer_id,once"`
	Email     string   `json:"email,omitempty" rule:"email,once"`
	FirstName string   `json:"first_name,omitempty" rule:"name"`
	LastName  string   `json:"last_name,omitempty" rule:"name"`
	Birthday  string   `json:"birthday,omitempty" rule:"birthday"`   // "1990-02-29" or, without the year, "--02-29"
	TimeZone  string   `json:"time_zone,omitempty" rule:"time_zone"` // IANA, "Europe/London"
	Locale    string   `json:"locale,omitempty" rule:"locale"`       // BCP 47, "en-GB"
	Country   string   `json:"country,omitempty" rule:"country"`     // ISO 3166-1 alpha-2 or the shop's own name for it
	Consent   *Consent `json:"consent,omitempty"`
}

// Who returns c. Every type that embeds a customer is CustomerData by it.
func (c *Customer) Who() *Customer { return c }

// Consent is what the customer said about marketing email.
type Consent struct {
	Email  string     `json:"email,omitempty" rule:"consent_word"` // subscribed, requested, unsubscribed or unknown
	At     *time.Time `json:"at,omitempty"`                        // when they said so; only an explicit time lifts a suppression
	Source string     `json:"source,omitempty" rule:"name"`

	Confirmed bool `json:"confirmed,omitempty"` // of subscribed: they proved that the address is theirs, so that nobody asks again
}

// The values of Consent.Email.
const (
	Subscribed       = "subscribed"
	ConsentRequested = "requested" // asked for at the shop, and not confirmed by who reads the mailbox
	Unsubscribed     = "unsubscribed"
	ConsentUnknown   = "unknown"
)

// AtMost is a cap that a customer set: no more than Limit marketing emails in any Window
// of time. The empty one is none.
type AtMost struct {
	Limit  int    `json:"limit,omitempty" rule:"limit"`
	Window string `json:"window,omitempty" rule:"window"` // whole days or hours: "7d", "36h"
}

// Length returns how long the window is; 0 if it is none.
func (a AtMost) Length() time.Duration {
	d, _ := parseWindow(a.Window)
	return d
}

// Item is one line of a cart or an order.
type Item struct {
	ProductID  string `json:"product_id" rule:"product_id,required"`
	Name       string `json:"name" rule:"product_name,given"` // may be empty when the shop's was unusable
	Quantity   int    `json:"quantity" rule:"quantity,required"`
	Price      Money  `json:"price,omitzero"` // of one piece
	URL        string `json:"url,omitempty" rule:"url"`
	ImageURL   string `json:"image_url,omitempty" rule:"url"`
	SupplyDays int    `json:"supply_days,omitempty" rule:"supply_days"` // how many days one piece lasts

	ReviewURL    string `json:"review_url,omitempty" rule:"url,rare"` // where this product is reviewed
	Reviewable   *bool  `json:"reviewable,omitempty"`                 // nil: yes, unless it was free
	Subscription bool   `json:"subscription,omitempty"`               // it comes again by itself
	Category     string `json:"category,omitempty" rule:"name"`       // of the product, for people
	BundleOf     string `json:"bundle_of,omitempty" rule:"reference"` // the product, a line of the same order or cart, of which this is a part
}

// MayReview reports whether customers are asked for a review of the item: the
// shop's word counts, and without one all but what was free, such as a sample, and
// the parts of a bundle that is a line of the order too, which is reviewed as a whole.
func (i *Item) MayReview(order []Item) bool {
	if i.Reviewable != nil {
		return *i.Reviewable
	}
	free := i.Price.Currency != "" && i.Price.Minor == 0
	part := i.BundleOf != "" && slices.ContainsFunc(order, func(x Item) bool { return x.ProductID == i.BundleOf })
	return !free && !part
}

// Cart is a shopping cart; a cart without items has been emptied.
type Cart struct {
	ID    string `json:"id" rule:"own_id,required"`
	URL   string `json:"url,omitempty" rule:"url"` // brings the customer back to it
	Items []Item `json:"items" rule:",given"`      // an emptied cart says so: []
	Total Money  `json:"total,omitzero"`
}

// Order is an order as it was placed, or as it is now.
type Order struct {
	ID       string     `json:"id" rule:"own_id,required"`
	CartID   string     `json:"cart_id,omitempty" rule:"reference"` // the cart it was made from
	Items    []Item     `json:"items" rule:",required"`
	Total    Money      `json:"total" rule:",required"`           // what the order costs the customer
	Coupons  []string   `json:"coupons,omitempty"`                // codes redeemed with it
	PlacedAt *time.Time `json:"placed_at,omitempty" rule:",rare"` // when it was first placed; nil: at the event's time, or when it was first told

	Discount  Money  `json:"discount,omitzero"` // what was taken off the items, all together
	Shipping  Money  `json:"shipping,omitzero"`
	Tax       Money  `json:"tax,omitzero"`                    // whether or not prices include it
	StatusURL string `json:"status_url,omitempty" rule:"url"` // where the customer sees how far it is
	Test      bool   `json:"test,omitempty"`                  // nobody bought anything
	Channel   string `json:"channel,omitempty"`               // where it was placed: "web", "pos"
}

// OrderChange names an order, and the items concerned. No items: the whole order.
type OrderChange struct {
	ID     string        `json:"id" rule:"own_id,required"`
	Items  []ChangedItem `json:"items,omitempty"`
	Refund Reference     `json:"refund,omitzero"` // of order.refunded: which refund this is
	Return Reference     `json:"return,omitzero"` // of order.returned: which return this is
	Amount Money         `json:"amount,omitzero"` // of order.refunded: how much was paid back for the items
}

// Reference names something of the shop's that is told in several events, or in
// one event several times: what has the same id is the same.
type Reference struct {
	ID string `json:"id" rule:"own_id,required"`
}

// ChangedItem is one line of an order that was fulfilled, delivered, cancelled,
// refunded or returned.
type ChangedItem struct {
	ProductID string `json:"product_id" rule:"product_id,required"`
	Quantity  int    `json:"quantity,omitempty" rule:"changed_quantity"` // 0: all of that product
}

// BestRating is the most stars that a review has.
const BestRating = 5

// Review is a product review.
type Review struct {
	ProductID string `json:"product_id" rule:"own_id,required"`
	OrderID   string `json:"order_id,omitempty" rule:"reference"`
	Rating    int    `json:"rating,omitempty" rule:"rating"` // 1 to 5; 0: none given
	Title     string `json:"title,omitempty" rule:"name"`
	Text      string `json:"text,omitempty" rule:"prose"`      // in the customer's own words
	Language  string `json:"language,omitempty" rule:"locale"` // BCP 47, of the text
	// QuoteConsent: the customer said that the shop may show the review elsewhere, with
	// their first name.
	QuoteConsent bool `json:"quote_consent,omitempty"`
}

// Product is a product as it is now.
type Product struct {
	ID         string `json:"id" rule:"own_id,required"`
	Name       string `json:"name,omitempty" rule:"product_name"`
	URL        string `json:"url,omitempty" rule:"url"`
	ImageURL   string `json:"image_url,omitempty" rule:"url"`
	Price      Money  `json:"price,omitzero"`
	SupplyDays int    `json:"supply_days,omitempty" rule:"supply_days"`
	Available  *bool  `json:"available,omitempty"`
	Category   string `json:"category,omitempty" rule:"name"`
	ReviewURL  string `json:"review_url,omitempty" rule:"url"`  // where it is reviewed
	Language   string `json:"language,omitempty" rule:"locale"` // BCP 47, of its name and its page
}

// Complaint is something a customer is unhappy about, until it is closed.
type Complaint struct {
	ID      string `json:"id" rule:"own_id,required"`
	OrderID string `json:"order_id,omitempty" rule:"reference"` // the order it is about, if it is about one
}
