package segment_test

import (
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/segment"
)

func TestAnExpressionThatIsWrongSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      `is empty; write who is in the segment`,
		`grup == "champion"`:                    `character 1: unknown name grup; did you mean group?`,
		`orders > 1 and contry == "DE"`:         `character 16: unknown name contry; did you mean country?`,
		`group == champion`:                     `character 10: champion is a word; write it in quotes, as in group == "champion"`,
		`group == "champoin"`:                   `character 10: group is never "champoin"; did you mean "champion"?`,
		`clv in ["high", "hi"]`:                 `character 17: clv is never "hi"; did you mean "high"?`,
		`country == "Germany"`:                  `character 12: country is never "Germany"; write two capitals (ISO 3166), as in "DE"`,
		`language == "de-AT"`:                   `character 13: language is never "de-AT"; write the language alone, in small letters, as in "de"`,
		`"euro" == currency`:                    `character 1: currency is never "euro"; write its code (ISO 4217), as in "EUR"`,
		`orders == "three"`:                     `character 8: invalid operation: == (mismatched types int and string); compare words with words in quotes, and numbers with numbers`,
		`orders`:                                `expected bool, but got int`,
		`bougth("tea")`:                         `character 1: unknown name bougth; did you mean bought?`,
		`bought`:                                `bought is a question; write it as bought("gift-card", 90)`,
		`bought(tea)`:                           `character 1: the arguments of bought are written out`,
		`bought("tea", orders)`:                 `character 1: the arguments of bought are written out, as in bought("gift-card", 90)`,
		`bought("tea", 90, 3)`:                  `character 1: bought has other arguments: write it as bought("gift-card", 90)`,
		`bought("tea", 0)`:                      `within 0 days is nothing`,
		`bought("tea", -3)`:                     `the arguments of bought are written out`,
		`scored("shop", "nps", 9, 3)`:           `no score is from 9 to 3; the lower one comes first`,
		`group("x")`:                            `group is not a question; write it without ()`,
		`len(country) == 2`:                     `unknown name len`,
		`country matches "^D"`:                  `matches is not known here; there are comparisons, and, or, not and in`,
		`orders + 1 > 2`:                        `+ is not known here`,
		`country.x == "DE"`:                     `this is not known here`,
		`holdout ? true : false`:                `this is not known here`,
		`let x = 1; orders > x`:                 `not known here`,
		`group == "new" and`:                    `unexpected token EOF`,
		"orders > 1 and\n  contry == 1":         `line 2, character 3: unknown name contry`,
		strings.Repeat("not ", 500) + `holdout`: `has 2007 bytes, and an expression has at most 2000`,
	} {
		_, err := segment.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", text, err, want)
		}
	}
}

func TestWhatAnExpressionAsks(t *testing.T) {
	ann := someone("ann", bought{days: 10, minor: 2500, currency: "EUR", products: []string{"tea", "cup"}}, bought{days: 100, minor: 500, currency: "EUR", products: []string{"gift-card"}})
	who := events.Customer{ID: "ann"}
	for i, d := range []events.Data{
		&events.CustomerAnswered{Customer: who, Survey: "shop", Question: "recommend", Scale: events.NPS, Score: new(9)},
		&events.CustomerAnswered{Customer: who, Survey: "shop", Question: "recommend", Scale: events.NPS, Score: new(3), OrderID: "ann-0"},
		&events.CustomerAnswered{Customer: who, Question: "why_left", Answer: "other"},
		&events.OrderReturned{Customer: who, Order: events.OrderChange{ID: "ann-0", Items: []events.ChangedItem{{ProductID: "cup"}}}},
	} {
		customer.Apply(ann, events.Event{ID: string(rune('a' + i)), Type: d.Type(), Time: night.AddDate(0, 0, i-9), Data: d})
	}
	category := func(product string) string { return map[string]string{"tea": "Drinks"}[product] }
	texts := map[string]bool{
		`bought("tea")`: true, `bought("tea", 11)`: true, `bought("tea", 9)`: false, `bought("cup")`: false, `bought("gift-card", 90)`: false,
		`bought("gift-card", 101) and not bought("cup", 5)`: true, `bought_category("Drinks", 30)`: true, `bought_category("drinks")`: false,
		`answered("shop", "recommend")`: true, `answered("", "recommend")`: false, `chose("", "why_left", "other")`: true, `chose("", "why_left", "price")`: false,
		`scored("shop", "recommend", 0, 6)`: true, `scored("shop", "recommend", 9, 10)`: false, `scored("", "why_left", 0, 10)`: false, `not scored("shop", "happy", 1, 5)`: true,
		`orders == 2 and days_since_order >= 10 and days_since_order < 10.5`: true, `spent == 30 and currency == "EUR"`: true, `spent > 30`: false,
		`country in ["DE", "AT"] && language == "de"`: true, `country != "DE" or holdout`: true, `r >= 1 and f in [1, 5] and m > 0`: true,
		`churn in ["high", "mid", "low"]`: true, `clv == "unknown"`: false, `expected_orders > 0.01`: true,
	}
	xs := segment.Expressions{}
	for text := range texts {
		xs[text] = own(t, text)
	}
	set := segment.NewSet(xs)
	s := shop(set, lapse, worth, ann)
	m, err := set.Of(s, segment.Input{Customer: ann, Category: category, Holdout: true, Now: night})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range texts {
		if m.Has(text) != want {
			t.Errorf("%s: %v, want %v; %s", text, m.Has(text), want, m.Membership(text))
		}
	}
	if got := m.Membership(`country in ["DE", "AT"] && language == "de"`).String(); got != "country is DE, language is de" {
		t.Error(got)
	}
	if got := m.Membership(`spent == 30 and currency == "EUR"`).String(); !strings.Contains(got, "30.00") {
		t.Error(got)
	}
}

func TestTheNameOfASegmentIsChecked(t *testing.T) {
	ok := own(t, `orders > 1`)
	for name, want := range map[string]string{
		"champion": "champion: is a segment that there always is; choose another name", "clv_high": "there always is", "VIP": "is not a name of a segment", "9lives": "is not a name",
	} {
		if err := (segment.Expressions{name: ok}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	xs := segment.Expressions{"vip": ok, "big_spenders-2": ok}
	if err := xs.Validate(); err != nil {
		t.Error(err)
	}
	set := segment.NewSet(xs)
	if err := set.Check([]string{"vip", "champion", "churn_low"}); err != nil {
		t.Error(err)
	}
	if err := set.Check([]string{"vpi"}); err == nil || err.Error() != "there is no segment vpi; did you mean vip?" {
		t.Error(err)
	}
}
