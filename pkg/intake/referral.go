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
	d.Referral.Referrer = ""
	return in.note(ctx, e, who, d.Referral.OrderID, d.Who().Email, false)
}

// passedOn returns what is noted with customers whose orders have a code that another one
// passes on: the same as of an event that says so, so that both together are one referral.
// All orders of a batch are asked about at once, and those without a code not at all. An
// order that is told again is noted once, unless it was refused, which may be otherwise by now.
func (in *Intake) passedOn(ctx context.Context, entries []customer.Entry) (out []customer.Entry, err error) {
	var codes []customer.Key
	var of []*customer.Entry // whose order has the code
	for i := range entries {
		e := &entries[i]
		d, ok := e.Event.Data.(*events.OrderPlaced)
		if !ok || len(d.Order.Coupons) == 0 || in.o.Codes == nil || e.Event.Historical || e.Event.Copy || e.Event.OfNobody() || d.Order.Test || in.o.PassOn == nil || !in.o.PassOn(e.Event.Store) {
			continue
		}
		for _, c := range d.Order.Coupons[:min(len(d.Order.Coupons), mostCodes)] {
			codes, of = append(codes, in.o.Identity.Code(e.Event.Store, c)), append(of, e)
		}
	}
	if len(codes) == 0 {
		return nil, nil
	}
	distinct := slices.Clone(codes)
	slices.SortFunc(distinct, customer.CompareKeys)
	distinct = slices.Compact(distinct)
	ids, err := in.o.Codes.Links(ctx, distinct)
	if err != nil {
		return nil, err
	}
	var last *customer.Entry
	for i, code := range codes {
		n, _ := slices.BinarySearchFunc(distinct, code, customer.CompareKeys)
		if len(ids[n]) == 0 || of[i] == last { // the first of an order counts
			continue
		}
		last = of[i]
		d := last.Event.Data.(*events.OrderPlaced)
		also, err := in.note(ctx, last, ids[n][0], d.Order.ID, d.Who().Email, true)
		if err != nil {
			return nil, err
		}
		if also != nil {
			out = append(out, *also)
		}
	}
	return out, nil
}

// mostCodes is how many codes of one order are asked about.
const mostCodes = 20

// note returns what is noted with the friend, in whose entry it was said who recommended
// the shop; once, if it is known already.
func (in *Intake) note(ctx context.Context, e *customer.Entry, who customer.Key, order, email string, once bool) (*customer.Entry, error) {
	ps, err := in.o.People.Read(ctx, []customer.Ask{{Key: who}, {Key: e.Key}})
	if err != nil {
		return nil, err
	}
	referrer, friend := &ps[0], &ps[1]
	if referrer.Customer.Gone() {
		return nil, nil
	}
	if once && slices.ContainsFunc(friend.Customer.Referrals, func(r customer.Referral) bool {
		return !r.Referrer && r.Other == who.Token && r.Order == order && r.State != customer.ReferralSelf
	}) {
		return nil, nil
	}
	if email == "" {
		email = friend.Customer.Account()
	}
	noted := &events.ReferralNoted{Side: events.SideFriend, Other: who.Token, Order: order, State: customer.ReferralUnknown.String()}
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
