package render

import (
	"time"

	"homing/events"
)

// A Store is the shop an email speaks for.
type Store struct {
	// ID is the store's in the configuration: it has the files of stores/<id>/. Templates
	// cannot show it.
	ID            string `yaml:"-" template:"-"`
	Name          string `yaml:"name"`
	URL           string `yaml:"url"`            // of the storefront, "https://shop.example"
	PostalAddress string `yaml:"postal_address"` // on one line, parts joined by ", "
	Locale        string `yaml:"locale"`         // BCP 47, "en-GB": how the shop writes prices, and the language of a template that names none
	Currency      string `yaml:"currency"`       // ISO 4217
	// LinkHosts are the hosts an email may link to in addition to the host of URL:
	// "shop.example" (which covers www.shop.example too) or "*.shop.example".
	LinkHosts []string `yaml:"link_hosts"`
	// Contact is the address that answers an email.
	Contact string `yaml:"contact"`
	// OfferLink is the page that applies a code: "https://shop.example/discount/{code}?redirect={path}".
	OfferLink string `yaml:"offer_link"`
	// RatingParameter tells the page of a review how many stars were clicked: "rating".
	RatingParameter string `yaml:"rating_parameter"`
	// Brand is how the store's emails look; nil: quiet, and nobody's.
	Brand *Look `yaml:"-"`
}

// An Item is one line of an order.
type Item struct {
	ProductID string       `yaml:"product_id"`
	Name      string       `yaml:"name"`
	Quantity  int          `yaml:"quantity"`
	Price     events.Money `yaml:"price"`     // of one piece; without a currency it is unknown
	URL       string       `yaml:"url"`       // dropped by Render unless its host may be linked to
	ImageURL  string       `yaml:"image_url"` // dropped by Render unless https, or on a host that may be linked to
	// ReviewURL is where the product is reviewed: Render has it be URL if it is not
	// given, or if its host may not be linked to.
	ReviewURL string `yaml:"review_url"`
	// BoughtAt is when the customer last bought the product: Quantity of it.
	BoughtAt time.Time `yaml:"bought_at"`

	RatingParameter string `yaml:"-"` // set by Render: the store's
}

// An Order is an order as an email shows it. Render shows at most 30 items and
// counts the others in More.
type Order struct {
	ID       string       `yaml:"id"`
	Items    []Item       `yaml:"items"`
	More     int          `yaml:"more"` // lines of the order that are not in Items
	Total    events.Money `yaml:"total"`
	PlacedAt time.Time    `yaml:"placed_at"` // in the time zone in which its date is to be read

	Subtotal  events.Money `yaml:"subtotal"` // of the items; unknown if one is
	Discount  events.Money `yaml:"discount"` // what was taken off; unknown if nothing was
	Shipping  events.Money `yaml:"shipping"`
	Tax       events.Money `yaml:"tax"`
	TaxAdded  bool         `yaml:"tax_added"`  // the tax is not part of the prices: the other lines make the total with it
	StatusURL string       `yaml:"status_url"` // where the customer sees how far it is; dropped by Render unless its host may be linked to
	Sent      bool         `yaml:"sent"`       // some of it has left the shop
	Delivered bool         `yaml:"delivered"`  // all of it has arrived

	// Set by Render, for the partials.
	Pictures bool   `yaml:"-"` // at least one item has an image: the other rows are kept aligned
	Dir      string `yaml:"-"` // as Data.Dir
}

// A Cart is a cart as it is now. Render shows at most 30 items and counts the
// others in More.
type Cart struct {
	URL   string       `yaml:"url"` // brings the customer back to it; dropped by Render unless its host may be linked to
	Items []Item       `yaml:"items"`
	More  int          `yaml:"more"`
	Total events.Money `yaml:"total"`

	Reduced events.Money `yaml:"-"` // set by Render: the total with the offer; unknown without one

	// As in Order.
	Pictures bool   `yaml:"-"`
	Dir      string `yaml:"-"`
}

// A Subscription is what the customer gets again and again. Its links are dropped by Render
// unless their hosts may be linked to. Render shows at most 30 items and counts the others
// in More.
type Subscription struct {
	ID       string       `yaml:"id"`
	Name     string       `yaml:"name"` // of the plan
	Items    []Item       `yaml:"items"`
	More     int          `yaml:"more"`
	Total    events.Money `yaml:"total"`     // what the customer pays each time
	Every    string       `yaml:"every"`     // day, week, month or year; empty: unknown
	Count    int          `yaml:"count"`     // how many of them: 2 with month is every two months
	RenewsAt time.Time    `yaml:"renews_at"` // in the time zone in which its date is to be read
	RetryAt  time.Time    `yaml:"retry_at"`  // when the shop tries to charge it again

	ManageURL  string `yaml:"manage_url"`  // where the customer changes it
	SkipURL    string `yaml:"skip_url"`    // skips the next renewal
	CancelURL  string `yaml:"cancel_url"`  // cancels it; ManageURL if the shop gave none
	PaymentURL string `yaml:"payment_url"` // where the customer pays, or changes how; ManageURL if the shop gave none

	// As in Order.
	Pictures bool   `yaml:"-"`
	Dir      string `yaml:"-"`
}

// Products are what an email is about if that is neither an order nor a cart:
// what may be reviewed, what may be running out.
type Products struct {
	Items []Item `yaml:"items"`
	More  int    `yaml:"more"`

	// As in Order.
	Pictures bool   `yaml:"-"`
	Dir      string `yaml:"-"`
}

// Recommended are products that a customer may like to buy next. Render shows at most 6.
type Recommended struct {
	Items []Recommendation `yaml:"items"`

	// As in Order.
	Pictures bool   `yaml:"-"`
	Dir      string `yaml:"-"`
}

// A Recommendation is one of them, and why. Render leaves out one that has no name, or a
// URL whose host may not be linked to.
type Recommendation struct {
	Name     string       `yaml:"name"`
	URL      string       `yaml:"url"`
	ImageURL string       `yaml:"image_url"` // dropped by Render unless https, or on a host that may be linked to
	Price    events.Money `yaml:"price"`     // without a currency it is unknown
	With     string       `yaml:"with"`      // what the customer has that it goes with, by its name; may be empty
	Popular  bool         `yaml:"popular"`   // many bought it lately, and nothing of theirs is known to go with it
}

// A Quote is what somebody who bought a product said about it in a review, and lets others
// see. Render leaves out one whose text is longer than 300 characters, or of which a mail
// program would make a link.
type Quote struct {
	Text    string `yaml:"text"`
	Title   string `yaml:"title"`   // of the review; may be empty
	Name    string `yaml:"name"`    // the first name of who said it; may be empty
	Stars   int    `yaml:"stars"`   // 1 to 5; 0: none are shown
	Product string `yaml:"product"` // what it is about, by its name; may be empty

	Rating string `yaml:"-"` // set by Render: the stars, "★★★★☆"; empty when there are none
}

// An Offer is an incentive whose code was bound to the customer. One of Percent
// and Amount is set. Render drops an offer whose code is not one.
type Offer struct {
	Code    string       `yaml:"code"` // letters, digits, "-" and "_"; at most 40
	Percent int          `yaml:"percent"`
	Amount  events.Money `yaml:"amount"`
	Expires time.Time    `yaml:"expires"` // the last moment at which the code is valid, in the customer's zone; zero: it does not expire

	URL   string `yaml:"-"` // set by Render: applies the code, and goes on to the cart or the shop; may be empty
	Worth string `yaml:"-"` // set by Render: "10%" or "£5", as the shop writes it; empty when neither is known
}

// Points is how a customer stands in a rewards programme, as far as an email says it.
type Points struct {
	Balance  int          `yaml:"balance"`  // points that can be used
	Pending  int          `yaml:"pending"`  // of orders that are too new
	Reward   int          `yaml:"reward"`   // what a reward costs; 0: there is none
	Needed   int          `yaml:"needed"`   // points that are missing: for a reward, or for what the email is about
	Spend    events.Money `yaml:"spend"`    // or what is still to be spent
	Expiring int          `yaml:"expiring"` // points that expire
	Day      time.Time    `yaml:"day"`      // the last day on which they, or the tier, are good
	Tier     string       `yaml:"tier"`     // which the customer is in
	Next     string       `yaml:"next"`     // the one above
}

// A Promise is what the customer is to get for something that they may do. It has no code.
type Promise struct {
	Percent int          `yaml:"percent"`
	Amount  events.Money `yaml:"amount"`

	Worth string `yaml:"-"` // set by Render: "10%" or "£5"; empty when nothing is promised
}

// An Answer is a link by which a customer answers a question with one click.
type Answer struct {
	Code string `yaml:"code"` // "too-expensive"; the template has the words
	URL  string `yaml:"url"`
}

// A Customer is who an email is for. Every field may be empty.
type Customer struct {
	FirstName string `yaml:"first_name"`
	LastName  string `yaml:"last_name"`
	Locale    string `yaml:"locale"` // BCP 47; used when it is a regional form of the store's language
}

// Data is everything a template may know. It holds plain values only: a template can
// reach no method, no function and no other customer through it. (Ask is what the function
// scale asks, and nothing else.) Every part but
// Store.Name may be empty, and every template must cope with that.
type Data struct {
	Store        Store         `yaml:"store"`
	Customer     Customer      `yaml:"customer"`
	Variant      string        `yaml:"variant"`      // which wording: "first", "repeat", "milestone"; a template uses its plainest wording for one it does not know
	Ordinal      int           `yaml:"ordinal"`      // which order of the customer's this is: 1, 2, …; 0 when unknown
	Orders       int           `yaml:"orders"`       // how many orders the customer has placed in all
	Order        *Order        `yaml:"order"`        // nil in an email about no order
	Also         []string      `yaml:"also"`         // ids of the other orders that share the email; at most 30 are shown
	Cart         *Cart         `yaml:"cart"`         // nil in an email about no cart
	Products     *Products     `yaml:"products"`     // nil in an email about no products
	Subscription *Subscription `yaml:"subscription"` // nil in an email about none
	Recommended  *Recommended  `yaml:"recommended"`  // what they may like to buy next, for {{template "recommended" .}}; nil when nothing is recommended
	Quote        *Quote        `yaml:"quote"`        // what another customer says about a product of the email, for {{template "quoted-review" .}}; nil when there is nothing
	Offer        *Offer        `yaml:"offer"`        // nil when there is none, which every template must cope with
	Promise      Promise       `yaml:"promise"`      // what they get for what the email asks; may be empty
	Link         string        `yaml:"link"`         // where the worker's configuration has the email lead; dropped by Render unless its host may be linked to
	Points       *Points       `yaml:"points"`       // nil in an email that is not about points
	Digest       *Digest       `yaml:"digest"`       // in the weekly digest, to people of the shop; nil in any other email
	Answers      []Answer      `yaml:"answers"`      // why the customer left; may be empty, at most 10 are shown
	Ask          Ask           `yaml:"-"`            // asks a question: {{template "scale" (scale .Ask "csat" "happy")}}
	// Survey is the question of the survey that the front matter names; nil where there is
	// none, or no links to its answers. Set by Render.
	Survey         *Survey `yaml:"-"`
	UnsubscribeURL string  `yaml:"unsubscribe_url"` // empty in transactional email
	PreferencesURL string  `yaml:"preferences_url"` // where they choose which emails they get, and how often; empty in transactional email
	ConfirmURL     string  `yaml:"confirm_url"`     // in an email that asks whether its address is theirs: where they say so
	ViewURL        string  `yaml:"view_url"`        // shows the email in a browser; empty where no copies are kept
	Marketing      bool    `yaml:"marketing"`

	// Draw decides which of several subjects is shown: it is made of the customer's token
	// and the touch's id. SubjectArm asks for one. Templates cannot show them.
	Draw       string `yaml:"-" template:"-"`
	SubjectArm string `yaml:"-" template:"-"`

	// Recommend chooses what is recommended, in a language (BCP 47) that the email is in.
	// Render asks it where Recommended is nil and the template shows it: choosing costs
	// something. It may be nil.
	Recommend func(language string) *Recommended `yaml:"-" json:"-" template:"-"`

	// Quoting chooses what is quoted, as Recommend does what is recommended.
	Quoting func(language string) *Quote `yaml:"-" json:"-" template:"-"`

	// Set by Render, for the layout.
	Subject   string `yaml:"-"`
	Preheader string `yaml:"-"`
	Lang      string `yaml:"-"` // BCP 47, of the email's text
	Dir       string `yaml:"-"` // "ltr" or "rtl", of Lang
}

// A Link is what the partial "button" shows; the template function link makes one.
type Link struct {
	Label string
	URL   string
}

// An Image is what the partial "image" shows; the template function image makes one.
type Image struct {
	URL string // of the picture
	Alt string // what it shows, for people who don't see it
	To  string // where a click on it leads; empty: nowhere
}

// A Mail is one rendered email. Subject and Preheader are single lines without
// control characters; HTML and Text are UTF-8 with LF line ends.
type Mail struct {
	Template   string
	Lang       string // BCP 47, of its words
	Subject    string
	SubjectArm string // which of several subjects it is; empty: there is one
	Preheader  string
	HTML       string
	Text       string

	subjectCut bool // what is shown of the subject is not all of it
}

// A Sample is made-up data that a template is checked and previewed with.
type Sample struct {
	Name string
	Data Data
}

// Meta is what the front matter of a template says apart from its texts.
type Meta struct {
	Class       string // "marketing", "transactional", "staff" or empty: the configuration decides
	Description string
	Lang        string   // language of the template's text; empty: the store's locale
	Subjects    []string // the arms of subjects that are compared, in any language; nil: there is one subject
	Offer       bool     // the template shows an offer, so it is not a transactional one
}
