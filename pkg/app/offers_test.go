package app

import (
	"strings"
	"testing"

	"homing/pkg/config"
	"homing/pkg/offer"
	"homing/pkg/programme"
)

// configured returns a configuration with one store and more YAML.
func configured(t *testing.T, more string) *config.Config {
	t.Helper()
	c, err := config.Parse("test", []byte(`
http: {public_url: "https://mail.shop.example"}
stores: {main: {name: S, url: "https://shop.example", from: "S <hello@shop.example>", postal_address: P, currency: GBP}}
`+more), nil, programme.WorkerNames())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnOfferThatMustNotBeMadeIsRefusedAtStart(t *testing.T) {
	const steps = `steps: [{template: cart-recovery/reminder, after: 1h, offer: {percent: 10, valid: 3d, code: mint}}]`
	for more, want := range map[string]string{
		`workers: {cart-recovery: {` + steps + `}}`:                       "",
		`workers: {cart-recovery: {class: transactional, ` + steps + `}}`: "step reminder: a transactional email must make no offer",
		`workers: {cart-recovery: {steps: [{template: cart-recovery/reminder, after: 1h, offer: {amount: {amount: "5", currency: EUR}, valid: 3d, code: mint}}]}}`: "the offer is in EUR and the store's currency is GBP",
	} {
		err := Check(configured(t, more), nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s:\ngot  %v\nwant %q", more, err, want)
		}
	}
}

// The switch is win-back's, and every worker of the store respects it.
func TestTheEndOfMarketingCanBeSwitchedOff(t *testing.T) {
	for more, want := range map[string]bool{
		"":                                     true,
		"workers: {win-back: {sunset: false}}": false,
	} {
		stores, err := programme.Open(configured(t, more), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range stores["main"].Workers {
			if got := w.Policy.Sunset; got != want {
				t.Errorf("%q: for %s it is %v", more, w.Name, got)
			}
		}
	}
}

func TestOfferStepsAreListed(t *testing.T) {
	steps, err := programme.OfferSteps(configured(t, `workers: {birthday: {offer: {code: list, list: bday}}}`))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, s := range steps {
		found = found || s.Store == "main" && s.Worker == "birthday" && s.Terms.Kind == offer.List && s.Terms.List == "bday"
	}
	if !found {
		t.Errorf("birthday's is not among %+v", steps)
	}
}
