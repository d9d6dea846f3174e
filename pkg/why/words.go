package why

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"homing/events"
)

// happened says in words what an event says.
func (t *teller) happened(e events.Event) string {
	switch d := e.Data.(type) {
	case *events.CartUpdated:
		if len(d.Cart.Items) == 0 {
			return "emptied cart " + d.Cart.ID
		}
		return "has in cart " + d.Cart.ID + ": " + goods(d.Cart.Items, d.Cart.Total)
	case *events.CartAbandoned:
		return "left cart " + d.Cart.ID + ": " + goods(d.Cart.Items, d.Cart.Total)
	case *events.OrderPlaced:
		s := "ordered " + d.Order.ID + ": " + goods(d.Order.Items, d.Order.Total)
		if len(d.Order.Coupons) > 0 {
			s += ", with " + strings.Join(d.Order.Coupons, " and ")
		}
		return s
	case *events.OrderUpdated:
		return "order " + d.Order.ID + " was changed, and is now: " + goods(d.Order.Items, d.Order.Total)
	case *events.OrderFulfilled:
		return part(d.Order) + " was shipped"
	case *events.OrderDelivered:
		return part(d.Order) + " arrived"
	case *events.OrderCancelled:
		return part(d.Order) + " was cancelled"
	case *events.OrderRefunded:
		return part(d.Order) + " was refunded"
	case *events.OrderReturned:
		return part(d.Order) + " came back"
	case *events.CustomerCreated:
		return "became a customer" + t.consent(d.Customer.Consent)
	case *events.CustomerUpdated:
		return "the shop updated what it knows about them" + t.consent(d.Customer.Consent)
	case *events.ReviewSubmitted:
		s := "reviewed " + d.Review.ProductID
		if d.Review.Rating > 0 {
			s += ": " + strconv.Itoa(d.Review.Rating) + " of 5"
		}
		if d.Review.QuoteConsent {
			s += ", and may be quoted"
		}
		return s
	case *events.ReviewWithdrawn:
		return "their review of " + d.Review.ProductID + " was withdrawn"
	case *events.CustomerAnswered:
		return answered(d)
	case *events.ComplaintOpened:
		return "complained" + about(d.Complaint)
	case *events.ComplaintClosed:
		return "the complaint" + about(d.Complaint) + " was dealt with"
	}
	if events.SubscriptionTold(e.Data) != nil {
		return t.subscribed(e.Data)
	}
	return t.rare(e)
}

// rare says what happens to a customer as a whole.
func (t *teller) rare(e events.Event) string {
	switch d := e.Data.(type) {
	case *events.CustomerUnsubscribed:
		switch d.Scope {
		case "", events.ScopeAll:
			return "unsubscribed from marketing"
		case events.ScopeEverything:
			return "unsubscribed from everything"
		}
		return "unsubscribed from " + d.Scope
	case *events.CustomerPreferences:
		return t.chose(d)
	case *events.CustomerMerged:
		return "turned out to be the same as " + d.From
	case *events.CustomerErased:
		return "was erased"
	case *events.AddressBounced:
		if d.Permanent != nil && !*d.Permanent {
			return "email to an address of theirs came back, for now"
		}
		return "email to an address of theirs came back for good"
	case *events.AddressComplained:
		return "email to an address of theirs was reported as spam"
	case *events.CustomerLapsed:
		if d.LastOrderAt != nil {
			return "has stayed away since the order of " + t.at(*d.LastOrderAt)
		}
		return "has stayed away"
	case *events.PointsAdjusted:
		s := "was given " + strconv.Itoa(d.Adjustment.Points) + " points"
		if d.Adjustment.Points < 0 {
			s = "lost or spent " + strconv.Itoa(-d.Adjustment.Points) + " points"
		}
		if d.Adjustment.Reason != "" {
			s += ": “" + d.Adjustment.Reason + "”"
		}
		return s
	case *events.RewardsJoined:
		return "asked to take part in the rewards programme"
	case *events.AudienceEntered:
		return "came into the audience " + d.Audience
	case *events.AudienceLeft:
		return "left the audience " + d.Audience
	case *events.ReferralRedeemed:
		return "ordered " + d.Referral.OrderID + " on a recommendation"
	case *events.ReferralNoted:
		return referral(d)
	case *events.CustomerBirthday:
		if d.Year > 0 {
			return "the birthday of " + strconv.Itoa(d.Year) + " is near"
		}
		return "the birthday is near"
	}
	return string(e.Type)
}

// answered says what a customer answered.
func answered(d *events.CustomerAnswered) string {
	s := "answered " + d.Question
	if d.Survey != "" {
		s += " of the survey " + d.Survey
	}
	if d.OrderID != "" {
		s += " about " + d.OrderID
	}
	var says []string
	if d.Score != nil {
		of := strconv.Itoa(*d.Score)
		if _, best, ok := events.ScoresOf(d.Scale); ok {
			of += " of " + strconv.Itoa(best)
		}
		says = append(says, of)
	}
	if d.Answer != "" {
		says = append(says, d.Answer)
	}
	if d.Text != "" {
		says = append(says, "“"+d.Text+"”")
	}
	return s + ": " + strings.Join(says, ", ")
}

// chose says what a customer chose in their preferences.
func (t *teller) chose(d *events.CustomerPreferences) string {
	var says []string
	for _, worker := range slices.Sorted(maps.Keys(d.Kinds)) {
		if d.Kinds[worker] {
			says = append(says, worker)
		} else {
			says = append(says, "no "+worker)
		}
	}
	if a := d.AtMost; a != nil && a.Limit > 0 {
		says = append(says, "at most "+atMost(*a))
	} else if a != nil {
		says = append(says, "as many emails as the shop sends")
	}
	if until := d.PauseUntil; until != nil && until.After(t.Now) {
		says = append(says, "a pause until "+t.at(*until))
	} else if until != nil {
		says = append(says, "no pause")
	}
	for what, value := range map[string]string{"birthday": d.Birthday, "language": d.Locale, "time zone": d.TimeZone} {
		if value != "" {
			says = append(says, what+" "+value)
		}
	}
	if len(says) == 0 {
		return "chose nothing in their preferences" + t.consent(d.Customer.Consent)
	}
	slices.Sort(says)
	return "chose in their preferences: " + strings.Join(says, ", ") + t.consent(d.Customer.Consent)
}

func (t *teller) consent(k *events.Consent) string {
	if k == nil || k.Email == "" {
		return ""
	}
	s := "; consent: " + k.Email
	if k.At != nil {
		s += ", given " + t.at(*k.At)
	}
	if k.Source != "" {
		s += ", by " + k.Source
	}
	return s
}

// goods writes "3 items, £27.85".
func goods(items []events.Item, total events.Money) string {
	n := 0
	for _, it := range items {
		n += it.Quantity
	}
	s := count(n, "item")
	if !total.IsZero() {
		s += ", " + money(total)
	}
	return s
}

// part names an order, or the lines of it that are meant.
func part(o events.OrderChange) string {
	if len(o.Items) == 0 {
		return "order " + o.ID
	}
	var ids []string
	for _, it := range o.Items {
		ids = append(ids, it.ProductID)
	}
	const most = 3
	if more := len(ids) - most; more > 0 {
		ids = append(ids[:most], fmt.Sprintf("%d more", more))
	}
	return "part of order " + o.ID + " (" + strings.Join(ids, ", ") + ")"
}

func about(c events.Complaint) string {
	if c.OrderID == "" {
		return ""
	}
	return " about order " + c.OrderID
}

// money writes an amount as people of that currency do; others by its code.
func money(m events.Money) string {
	sign := map[string]string{"GBP": "£", "EUR": "€", "USD": "$"}[m.Currency]
	if sign == "" {
		return m.String()
	}
	return sign + m.Decimal()
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}
