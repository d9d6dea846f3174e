package why

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// Export is everything that is held about a customer, for a request of access: what was said
// of them, what follows from it, and what is still to come. docs/privacy.md says
// where it lies, and what else there is.
type Export struct {
	Store    string        `json:"store"`
	Customer string        `json:"customer"` // what was asked for
	Token    string        `json:"token"`    // what subjects, logs and facts name them by
	At       time.Time     `json:"exported_at"`
	Record   ExportRecord  `json:"record"`
	Timeline []ExportEntry `json:"timeline"` // oldest first, copies included
	Pending  []touch.Touch `json:"pending"`  // emails that are planned
	// Person is who the customer is: all their ids and addresses. What is kept under each
	// is in Records, and Timeline and Pending have that of all.
	Person  *Who          `json:"person"`
	Records []ExportedID  `json:"records"`
	Others  []ExportEntry `json:"sent_here,omitempty"` // of other customers: facts about emails to an address of theirs
	Copies  []ExportCopy  `json:"email_copies"`        // what emails showed that were sent lately
}

// ExportCopy is what an email showed, as it was sent.
type ExportCopy struct {
	Touch     string    `json:"touch"`
	Sent      time.Time `json:"sent_at"`
	Subject   string    `json:"subject"`
	Preheader string    `json:"preheader"`
	HTML      string    `json:"html"`
	Text      string    `json:"text"`
}

// ExportedID is what is kept under one of a person's ids, or of an address of theirs.
type ExportedID struct {
	Customer string       `json:"customer,omitempty"` // absent: it is kept of an address itself
	Email    string       `json:"email,omitempty"`
	Token    string       `json:"token"`
	Record   ExportRecord `json:"record"`
}

// ExportEntry is one entry of the timeline.
type ExportEntry struct {
	Sequence uint64          `json:"sequence"`
	Event    json.RawMessage `json:"event"` // a CloudEvent
}

// ExportRecord is the customer's record.
type ExportRecord struct {
	Said      map[string]Said      `json:"said"` // of each field the latest statement
	Opinion   *Said                `json:"consent_given,omitempty"`
	Stops     []Stop               `json:"unsubscribed,omitempty"`
	Chose     map[string]time.Time `json:"kinds_chosen,omitempty"` // of each kind of email that they chose when they last did
	Asked     time.Time            `json:"asked_at,omitzero"`      // when they last asked for email, without proof
	Bounce    *Said                `json:"bounced,omitempty"`      // a keyed hash of the address
	Orders    []ExportOrder        `json:"orders,omitempty"`       // what is kept in detail, newest first
	Seen      int                  `json:"orders_known"`           // in all, the others by a hash of their id
	Cart      *ExportCart          `json:"cart,omitempty"`
	Left      *ExportCart          `json:"cart_left,omitempty"`
	Notes     []ExportNote         `json:"notes,omitempty"`
	Addresses []Address            `json:"addresses,omitempty"`
	Absorbed  []Said               `json:"goes_on_for,omitempty"` // ids that turned out to be the same customer
	Offers    []Offer              `json:"offers,omitempty"`
	Mails     []ExportEmail        `json:"mails,omitempty"`
	LastMail  time.Time            `json:"last_word_at,omitzero"` // an email after which only a sign of life brings more
	Erased    time.Time            `json:"erased_at,omitzero"`

	Subscriptions []ExportSubscription `json:"subscriptions,omitempty"`
	Points        []ExportPoints       `json:"points,omitempty"` // that the shop adjusted, or that were paid for a code
	Referrals     []ExportReferral     `json:"referrals,omitempty"`
}

// ExportReferral is an order that came of a recommendation.
type ExportReferral struct {
	PlacedAt time.Time `json:"placed_at"`
	Referrer bool      `json:"referrer,omitempty"` // the customer recommended the shop; else it was recommended to them
	Order    string    `json:"order"`              // with who recommended the shop, a hash of its id
	State    string    `json:"state"`
}

// ExportPoints is how many points were given, or taken, and when.
type ExportPoints struct {
	At     time.Time `json:"at"`
	Points int       `json:"points"`
	Reward bool      `json:"reward,omitempty"` // they were paid for a code
}

// Said is something and when it was said.
type Said struct {
	Value string    `json:"value"`
	At    time.Time `json:"at"`
}

// ExportLine is a product and how many of it.
type ExportLine struct {
	Product  string `json:"product_id"`
	Quantity int    `json:"quantity,omitempty"`
}

// ExportCart is a cart.
type ExportCart struct {
	ID    string       `json:"id"`
	At    time.Time    `json:"at"`
	Lines []ExportLine `json:"lines,omitempty"`
}

// ExportNote is that something happened; what it was about is held as a hash.
type ExportNote struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// ExportEmail is what became of an email; which it was is held as a hash.
type ExportEmail struct {
	Hash   string    `json:"touch_hash"`
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// ExportOf makes the document. offers and stops are as in a Report.
func ExportOf(in Input) (Export, error) {
	t := &teller{Input: in}
	h := Export{Store: in.Key.Store, Customer: in.Asked, Token: in.Key.Token, At: in.Now.UTC(),
		Timeline: []ExportEntry{}, Pending: []touch.Touch{}, Person: t.person(), Records: []ExportedID{}, Copies: in.Copies}
	theirs := map[customer.Key]bool{}
	for _, r := range slices.Concat(in.Person.Members, in.Person.Mailboxes) {
		theirs[r.Key] = true
		if !r.Found() {
			continue
		}
		x := ExportedID{r.Customer.ID.Value, in.Mailboxes[r.Key], r.Key.Token, record(&r.Customer)}
		h.Records = append(h.Records, x)
		if r.Key == in.Key {
			h.Record = x.Record
		}
	}
	slices.SortFunc(in.Entries, customer.CompareEntries)
	for _, e := range in.Entries {
		body, err := events.Encode(e.Event)
		if err != nil {
			return h, fmt.Errorf("entry %d of the timeline: %w", e.Sequence, err)
		}
		if x := (ExportEntry{e.Sequence, body}); theirs[e.Key] {
			h.Timeline = append(h.Timeline, x)
		} else {
			h.Others = append(h.Others, x)
		}
	}
	for _, p := range in.Pending {
		h.Pending = append(h.Pending, p.Touch)
	}
	return h, nil
}

func record(c *customer.Customer) ExportRecord {
	r := ExportRecord{Said: map[string]Said{}, Offers: offers(c), Seen: c.OrdersEver(), Cart: cart(c.Cart), Left: cart(c.Left)}
	for name, f := range map[string]customer.Text{"id": c.ID, "email": c.Email, "first_name": c.FirstName, "last_name": c.LastName,
		"birthday": c.Birthday, "time_zone": c.TimeZone, "locale": c.Locale, "country": c.Country, "consent": c.Consent, "became": c.Merged,
		"at_most": c.Chosen.AtMost, "pause_until": c.Chosen.PauseUntil, "birthday_chosen": c.Chosen.Birthday, "locale_chosen": c.Chosen.Locale, "time_zone_chosen": c.Chosen.TimeZone} {
		if f.Value != "" {
			r.Said[name] = Said{f.Value, f.Stamp.Time()}
		}
	}
	if c.Opinion.At != 0 {
		r.Opinion = &Said{c.Opinion.Status, ms(c.Opinion.At)}
	}
	r.Stops = stops(c)
	for scope, s := range c.Stops {
		if s.Back == 0 {
			continue
		}
		if r.Chose == nil {
			r.Chose = map[string]time.Time{}
		}
		r.Chose[scope] = ms(s.Back)
	}
	if c.Asked != 0 {
		r.Asked = ms(c.Asked)
	}
	if c.Bounce.At != 0 {
		r.Bounce = &Said{c.Bounce.Address, ms(c.Bounce.At)}
	}
	r.Orders = append(exportOrders(c.Orders), exportOrders(c.Untold)...)
	by := map[string]*Address{}
	addresses(by, c)
	for _, name := range slices.Sorted(maps.Keys(by)) {
		r.Addresses = append(r.Addresses, *by[name])
	}
	for _, a := range c.Absorbed {
		r.Absorbed = append(r.Absorbed, Said{a.ID, ms(a.At)})
	}
	for _, n := range c.Notes {
		what := map[customer.NoteKind]string{customer.Abandoned: "left a cart", customer.Lapsed: "stayed away", customer.Answered: "answered a question", customer.Agreed: "said yes to email",
			customer.Reviewed: "reviewed a product", customer.Disliked: "disliked a product", customer.Praised: "praised a product", customer.Quotable: "let a review be quoted", customer.Withdrawn: "a review was withdrawn", customer.ComplaintOpened: "complained", customer.ComplaintClosed: "a complaint was closed",
			customer.Bounced: "email to the address came back", customer.Complained: "email to the address was reported as spam", customer.Yielded: "an email let another go first",
			customer.Doubted:  "email to the address was refused, perhaps for now",
			customer.Birthday: "had a birthday", customer.JoinedRewards: "asked to take part in the rewards programme"}[n.Kind]
		r.Notes = append(r.Notes, ExportNote{what, n.Time()})
	}
	for _, k := range c.Claims {
		state := map[customer.ClaimState]string{customer.Open: "under way", customer.Dropped: "dropped", customer.Uncertain: "uncertain", customer.Sent: "sent"}[k.State]
		r.Mails = append(r.Mails, ExportEmail{fmt.Sprintf("%016x", k.Touch), state, k.Why, ms(k.At)})
	}
	r.Subscriptions = exportSubscriptions(c)
	for _, a := range c.Adjustments {
		r.Points = append(r.Points, ExportPoints{a.Time(), a.Points, a.Kind == customer.ForReward})
	}
	for _, x := range c.Referrals {
		r.Referrals = append(r.Referrals, ExportReferral{x.PlacedAt(), x.Referrer, x.Order, x.State.String()})
	}
	if c.Sunset != 0 {
		r.LastMail = ms(c.Sunset)
	}
	if c.Erased.At != 0 {
		r.Erased = c.Erased.Time()
	}
	return r
}

func cart(c customer.Register[customer.Cart]) *ExportCart {
	if c.Value.ID == "" {
		return nil
	}
	return &ExportCart{ID: c.Value.ID, At: c.Stamp.Time(), Lines: exportLines(c.Value.Lines)}
}

func exportLines(ls []customer.Line) []ExportLine {
	var out []ExportLine
	for _, l := range ls {
		out = append(out, ExportLine{l.Product, l.Quantity})
	}
	return out
}
