package app

import (
	"errors"
	"fmt"
	"slices"

	"homing/pkg/config"
	"homing/pkg/offer"
	"homing/pkg/programme"
	"homing/pkg/touch"
)

// OfferStep is a step that makes an offer, in one store.
type OfferStep struct {
	Store  string
	Worker string
	Step   string
	Terms  offer.Terms
}

// OfferSteps lists the steps that make offers, by store, and connects to nothing.
func OfferSteps(c *config.Config) ([]OfferStep, error) {
	stores, err := openStores(c, nil)
	if err := errors.Join(err, checkSending(c, stores, nil)); err != nil {
		return nil, err
	}
	var out []OfferStep
	for _, id := range storeNames(c) {
		for _, w := range stores[id].Workers {
			for _, s := range w.Steps {
				if s.Offer != nil {
					out = append(out, OfferStep{Store: id, Worker: w.Name, Step: s.Name, Terms: *s.Offer})
				}
			}
		}
	}
	return out, nil
}

// checkOffer finds an offer that must not, or cannot, be made.
func checkOffer(s touch.Step, currency string) error {
	switch {
	case s.Offer == nil:
		return nil
	case s.Class == touch.Transactional:
		return errors.New("a transactional mail must make no offer: it would be advertising that nobody can refuse; " +
			"make the class marketing, or write offer: {code: none}")
	case s.Offer.Amount.Currency != "" && s.Offer.Amount.Currency != currency:
		return fmt.Errorf("the offer is in %s and the store's currency is %s; give the store an offer of its own", s.Offer.Amount.Currency, currency)
	}
	return nil
}

// setSunset tells all workers of a store whether a last word is the last: it is
// where one of them has a step that is.
func setSunset(s *programme.Store) {
	last := func(t touch.Step) bool { return t.Sunset }
	on := slices.ContainsFunc(s.Workers, func(w *programme.Worker) bool { return slices.ContainsFunc(w.Steps, last) })
	for _, w := range s.Workers {
		w.Policy.Sunset = on
	}
}
