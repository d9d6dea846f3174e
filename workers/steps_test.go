package workers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/offer"
	"homing/pkg/touch"
	"homing/workers"
)

const day = 24 * time.Hour

// series is the section of a worker with a series of emails and an offer.
type series struct {
	Steps []workers.StepConfig `yaml:"steps"`
	Offer *workers.Offer       `yaml:"offer"`
}

// decode reads a worker's section, over the defaults in into.
func decode(t *testing.T, section string, into any) error {
	t.Helper()
	text := "workers:\n  thank-you:\n    " + strings.ReplaceAll(section, "\n", "\n    ") + "\n"
	c, err := config.Parse("homing.yaml", []byte(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Workers["thank-you"].Decode(into)
}

func TestASeriesIsRead(t *testing.T) {
	var c series
	err := decode(t, `steps:
  - {template: win-back/miss-you, after: 0s}
  - template: win-back/offer
    name: second
    after: 14d
    expires: 2d
    offer: {percent: 10, valid: 14d, code: static, value: MISSYOU10}
  - {template: win-back/last-call, after: 30d, offer: {amount: {amount: "5.00", currency: GBP}, valid: 3d, code: list, list: spring}}
offer: {percent: 15, valid: 7d, code: mint, value: BDAY}`, &c)
	if err != nil {
		t.Fatal(err)
	}
	if err := workers.ValidateSteps(c.Steps); err != nil {
		t.Error(err)
	}
	if err := c.Offer.Validate(); err != nil {
		t.Error(err)
	}
	var got []touch.Step
	for _, s := range c.Steps {
		got = append(got, s.Step(touch.Marketing, 14*day))
	}
	want := []touch.Step{
		{Name: "miss-you", Template: "win-back/miss-you", Class: touch.Marketing, Expires: 14 * day},
		{Name: "second", Template: "win-back/offer", Class: touch.Marketing, Expires: 2 * day,
			Offer: &offer.Terms{Percent: 10, Valid: 14 * day, Kind: offer.Static, Value: "MISSYOU10"}},
		{Name: "last-call", Template: "win-back/last-call", Class: touch.Marketing, Expires: 14 * day,
			Offer: &offer.Terms{Amount: events.Money{Minor: 500, Currency: "GBP"}, Valid: 3 * day, Kind: offer.List, List: "spring"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if d := cmp.Diff(&offer.Terms{Percent: 15, Valid: 7 * day, Kind: offer.Mint, Value: "BDAY"}, c.Offer.Terms()); d != "" {
		t.Errorf("offer (-want +got):\n%s", d)
	}
}

func TestAnOfferIsLaidOverTheDefault(t *testing.T) {
	standard := func() series {
		return series{Offer: &workers.Offer{Percent: 15, Valid: 14 * day, Code: offer.Static, Value: "BIRTHDAY15"}}
	}
	for section, want := range map[string]*offer.Terms{
		"offer: {percent: 20}": {Percent: 20, Valid: 14 * day, Kind: offer.Static, Value: "BIRTHDAY15"},
		"offer: {code: none}":  nil,
		`offer: {percent: 0, amount: {amount: "3", currency: EUR}}`: {Amount: events.Money{Minor: 300, Currency: "EUR"}, Valid: 14 * day,
			Kind: offer.Static, Value: "BIRTHDAY15"},
		"offer: {code: list, list: bday}": {Percent: 15, Valid: 14 * day, Kind: offer.List, List: "bday"},
	} {
		c := standard()
		if err := decode(t, section, &c); err != nil {
			t.Errorf("%s: %v", section, err)
		}
		if err := c.Offer.Validate(); err != nil {
			t.Errorf("%s: %v", section, err)
		}
		if d := cmp.Diff(want, c.Offer.Terms()); d != "" {
			t.Errorf("%s (-want +got):\n%s", section, d)
		}
	}
	if got := standard(); got.Offer.Percent != 15 {
		t.Error("the default was changed")
	}
}

func TestWhatIsWrongIsNamedByItsKey(t *testing.T) {
	good := "percent: 10, valid: 3d, code: static, value: X"
	for section, want := range map[string]string{
		"steps: []": "steps: is empty",
		"steps: [{template: win-back, after: 1h}]":                                                                    "steps[0].template: ",
		"steps: [{template: w/a, after: 1h}, {template: w/b, after: 1h}]":                                             "steps[1].after: ",
		"steps: [{template: w/a, after: 1h}, {template: v/a, after: 2h}]":                                             "steps[1].name: ",
		"steps: [{template: w/a, name: No.1, after: 1h}]":                                                             "steps[0].name: ",
		"steps: [{template: w/a, after: 1h, offer: {valid: 3d, code: static, value: X}}]":                             "steps[0].offer.percent: neither",
		"steps: [{template: w/a, after: 1h, offer: {percent: 10, code: mint}}]":                                       "steps[0].offer.valid: ",
		"steps: [{template: w/a, after: 1h, offer: {percent: 101, valid: 3d, code: mint}}]":                           "steps[0].offer.percent: 101",
		"steps: [{template: w/a, after: 1h, offer: {percent: 10, valid: 3d, code: gift}}]":                            "steps[0].offer.code: ",
		"steps: [{template: w/a, after: 1h, offer: {percent: 10, valid: 3d, code: static}}]":                          "steps[0].offer.value: ",
		"steps: [{template: w/a, after: 1h, offer: {percent: 10, valid: 3d, code: mint, value: 'A B'}}]":              "steps[0].offer.value: ",
		"steps: [{template: w/a, after: 1h, offer: {percent: 10, valid: 3d, code: list}}]":                            "steps[0].offer.list: ",
		"steps: [{template: w/a, after: 1h, offer: {" + good + ", amount: {amount: '1', currency: EUR}}}]":            "steps[0].offer.percent: conflicts with amount",
		"steps: [{template: w/a, after: 1h, offer: {amount: {amount: 1.234, currency: EUR}, valid: 3d, code: mint}}]": "steps[0].offer.amount: ",
		"steps: [{template: w/a, after: 1h, offer: {amount: {amount: 0, currency: EUR}, valid: 3d, code: mint}}]":     "steps[0].offer.amount: ",
	} {
		var c series
		err := decode(t, section, &c)
		if err == nil {
			err = workers.ValidateSteps(c.Steps)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s…", section, err, want)
		}
	}
}

func TestEveryProblemOfAnOfferHasItsKey(t *testing.T) {
	err := workers.At("offer", (&workers.Offer{Code: "gift"}).Validate())
	for line := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(line, "offer.") {
			t.Errorf("%q does not say where", line)
		}
	}
}
