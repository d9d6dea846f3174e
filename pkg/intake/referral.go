package intake

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"homing/events"
	"homing/pkg/customer"
)

// Codes say whose a code is that its customer passes on.
type Codes interface {
	// Links returns the ids that are linked with the places of codes; see customer.Identity.Code.
	Links(ctx context.Context, codes []customer.Key) ([][]customer.Key, error)
}

// referral returns what is noted with the friend of a referral: who recommended the shop to
// them, and whether that is somebody else. Nothing is noted of what was brought over, or
// where who recommended it was erased. The error of an event that names nobody is an
// *events.Error. The event itself does not say any more who it was, so that their id is not
// in entries of somebody else.
func (in *Intake) referral(ctx context.Context, e *customer.Entry) (*customer.Entry, error) {
	d, ok := e.Event.Data.(*events.ReferralRedeemed)
	if !ok || in.o.Codes == nil || e.Event.Historical || e.Event.Copy {
		return nil, nil
	}
	who, err := in.referrer(ctx, e.Event.Store, d.Referral)
	if err != nil {
		return nil, err
	}
	asks := []customer.Ask{{Key: who}, {Key: e.Key}}
	ps, err := in.o.People.Read(ctx, asks)
	if err != nil {
		return nil, err
	}
	referrer, friend := &ps[0], &ps[1]
	if d.Referral.Referrer = ""; referrer.Customer.Gone() {
		return nil, nil
	}
	email := d.Who().Email
	if email == "" {
		email = friend.Customer.Account()
	}
	noted := &events.ReferralNoted{Side: events.SideFriend, Other: who.Token, Order: d.Referral.OrderID, State: customer.ReferralUnknown.String()}
	if email != "" {
		noted.Mailbox = in.o.Identity.Friend(e.Event.Store, email)
	}
	if who == e.Key || slices.Contains(referrer.Customer.Tokens, e.Key.Token) || answersTo(referrer, email) {
		noted.State = customer.ReferralSelf.String()
	}
	return &customer.Entry{Key: e.Key, Event: events.Event{
		ID: fmt.Sprintf("referred.%s.%012x", e.Key.Token, customer.About(e.Event.Source+"\x00"+e.Event.ID)), Source: "/homing/intake",
		Type: noted.Type(), Store: e.Event.Store, Time: e.Event.Time, Data: noted,
	}}, nil
}

// referrer returns who recommended the shop, by their id or the code.
func (in *Intake) referrer(ctx context.Context, store string, r events.Referral) (customer.Key, error) {
	if r.Referrer != "" {
		return in.o.Identity.Key(store, r.Referrer), nil
	}
	ids, err := in.o.Codes.Links(ctx, []customer.Key{in.o.Identity.Code(store, r.Code)})
	if err != nil {
		return customer.Key{}, err
	}
	if len(ids[0]) == 0 {
		return customer.Key{}, &events.Error{
			Reason: events.ReasonBadValue, Field: "referral.code",
			Detail: strconv.Quote(r.Code) + " was not issued to any customer of store " + store + " to pass on; send the code of an offer.issued with personal, or the id of the customer as referrer",
		}
	}
	return ids[0][0], nil
}

// answersTo reports whether an address is one of a person's mailboxes, now or once.
func answersTo(p *customer.Person, email string) bool {
	return email != "" && slices.ContainsFunc(p.Members, func(r *customer.Record) bool {
		return slices.ContainsFunc(r.Customer.Homes(), func(home string) bool {
			return customer.OneMailbox(home) == customer.OneMailbox(email)
		})
	})
}
