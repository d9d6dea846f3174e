package workers

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"homing/events"
	"homing/pkg/offer"
)

// Offer is an incentive as a worker's section of the configuration has it:
//
//	offer: {percent: 10, valid: 3d, code: static, value: COMEBACK10}
//	offer: {amount: {amount: "5.00", currency: GBP}, valid: 14d, code: list, list: spring}
//	offer: {percent: 15, valid: 14d, code: mint, value: BDAY}
//	offer: {percent: 20, valid: 14d, code: mint, segments: [champion]}
//	offer: {code: none}
//
// The last one takes an offer away that a worker has by default.
type Offer struct {
	Percent int           `yaml:"percent"` // 1 to 100; of percent and amount, one
	Amount  Amount        `yaml:"amount"`  // off the whole order
	Valid   time.Duration `yaml:"valid"`   // until the end of the customer's day this long after the code was bound
	Code    string        `yaml:"code"`    // static, list, mint or none
	Value   string        `yaml:"value"`   // static: the code. mint: what codes begin with; may be empty
	List    string        `yaml:"list"`    // list: its name, as in homing offers load --list
	// Segments are of those customers who get the offer; others get the email without it.
	Segments []string `yaml:"segments"`
}

// Amount is an amount of money as the configuration has it.
type Amount struct {
	Amount   string `yaml:"amount"`   // "5.00"
	Currency string `yaml:"currency"` // ISO 4217
}

// noCode takes an offer away.
const noCode = "none"

var (
	prefixForm = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]{0,23})?$`)
	nameForm   = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// Validate reports what is wrong with the offer, each problem by its key. A nil
// offer is none, and right.
func (o *Offer) Validate() error {
	if o == nil || o.Code == noCode {
		return nil
	}
	errs := []error{o.worth()}
	if o.Valid <= 0 {
		errs = append(errs, errors.New("valid: is missing; write for how long the code is good, for example 7d"))
	}
	switch o.Code {
	case offer.Static:
		if !offer.ValidCode(o.Value) {
			errs = append(errs, fmt.Errorf("value: %q is not a code; write the one the shop made, 1 to 40 letters, digits, - and _", o.Value))
		}
	case offer.Mint:
		if !prefixForm.MatchString(o.Value) {
			errs = append(errs, fmt.Errorf("value: %q cannot begin a code; use at most 24 letters, digits and -, or leave it out", o.Value))
		}
	case offer.List:
		if !nameForm.MatchString(o.List) {
			errs = append(errs, fmt.Errorf("list: %q is not a name of a list; use 1 to 32 of a-z, 0-9 and -", o.List))
		}
	default:
		errs = append(errs, fmt.Errorf("code: %q is not one of static, list, mint, none", o.Code))
	}
	return errors.Join(errs...)
}

// worth checks that the offer says how much it is, once.
func (o *Offer) worth() error {
	switch {
	case o.Percent != 0 && o.Amount != Amount{}:
		return errors.New("percent: conflicts with amount; set only one (percent: 0 takes back a default)")
	case o.Percent == 0 && o.Amount == Amount{}:
		return errors.New("percent: neither percent nor amount says what the code is worth; write one of them")
	case o.Percent < 0 || o.Percent > 100:
		return fmt.Errorf("percent: %d is not between 1 and 100", o.Percent)
	case o.Percent != 0:
		return nil
	}
	m, err := events.ParseMoney(o.Amount.Amount, o.Amount.Currency)
	switch {
	case err != nil:
		return fmt.Errorf(`amount: %w; write for example {amount: "5.00", currency: GBP}`, err)
	case m.Minor == 0:
		return errors.New("amount: is nothing")
	}
	return nil
}

// Terms returns the offer as the stages know it; nil if there is none. The offer
// must be valid.
func (o *Offer) Terms() *offer.Terms {
	if o == nil || o.Code == noCode {
		return nil
	}
	t := &offer.Terms{Percent: o.Percent, Valid: o.Valid, Kind: o.Code, Segments: o.Segments}
	if o.Percent == 0 {
		t.Amount, _ = events.ParseMoney(o.Amount.Amount, o.Amount.Currency)
	}
	switch o.Code {
	case offer.List:
		t.List = o.List
	default:
		t.Value = o.Value
	}
	return t
}
