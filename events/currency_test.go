package events

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCurrenciesAreThoseOfISO4217(t *testing.T) {
	if all := Currencies(); !slices.IsSorted(all) || len(slices.Compact(all)) != len(Currencies()) || len(all) < 160 {
		t.Errorf("%d codes, not sorted or twice", len(all))
	}
	for code := range strings.FieldsSeq("EUR GBP XCG ZWG SLE VED MRU UYW XOF CHE CLF") {
		if !IsCurrency(code) || Successor(code) != "" {
			t.Errorf("%s is not taken", code)
		}
	}
	for code, now := range map[string]string{"HRK": "EUR", "BGN": "EUR", "ANG": "XCG", "ZWL": "ZWG", "SLL": "SLE", "MRO": "MRU", "EUU": "", "eur": "", "": "", "EURO": "", "ÄÖ": "", "AAA": "", "ZZZ": "", "XXX": "", "XTS": "", "XAU": "", "XDR": ""} {
		if IsCurrency(code) || Successor(code) != now {
			t.Errorf("%q is taken, or its successor is %q", code, Successor(code))
		}
	}
	for pair := range strings.FieldsSeq(withdrawn) {
		if old, now, _ := strings.Cut(pair, ":"); IsCurrency(old) || !IsCurrency(now) || Digits(old) != 2 {
			t.Errorf("%s", pair)
		}
	}
}

// An order of 2019 may be told today, in kuna.
func TestEventsTakeCurrenciesOfThePast(t *testing.T) {
	order := func(code string) Raw {
		return Raw{Subject: "storefront.main.order.placed", Data: []byte(`{"customer":{"id":"1"},"order":{"id":"7","items":[{"product_id":"tea","name":"Tea","quantity":1}],"total":{"amount":"5.00","currency":"` + code + `"}}}`)}
	}
	for _, code := range []string{"EUR", "XCG", "HRK", "BGN", "DEM"} {
		if e, err := Decode(order(code), time.Now()); err != nil {
			t.Errorf("%s: %v, %v", code, e.Type, err)
		}
	}
	for code := range strings.FieldsSeq("EUU ZZZ AAA " + notMoney) {
		_, err := Decode(order(code), time.Now())
		bad, ok := errors.AsType[*Error](err)
		if !ok || bad.Reason != ReasonBadMoney || !strings.HasSuffix(bad.Field, "order.total.currency") || !strings.Contains(bad.Detail, "ISO 4217") {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestTheSchemaHasTheSameCurrencies(t *testing.T) {
	var schema struct {
		Defs struct {
			Money struct {
				Properties struct{ Currency struct{ Enum []string } }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(readFile(t, "schemas/v1/common.json"), &schema); err != nil {
		t.Fatal(err)
	}
	want := Currencies()
	for pair := range strings.FieldsSeq(withdrawn) {
		want = append(want, pair[:3])
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, schema.Defs.Money.Properties.Currency.Enum); diff != "" {
		t.Errorf("common.json (-code +schema):\n%s", diff)
	}
}

// What was accepted once stays readable: the timeline has it.
func TestTheTimelineMayHaveCurrenciesThatAreNone(t *testing.T) {
	e, err := Decode(Raw{Subject: "storefront.main.order.placed", Data: []byte(`{"customer":{"id":"1"},"order":{"id":"7","items":[{"product_id":"tea","name":"Tea","quantity":1}],"total":{"amount":"5.00","currency":"EUR"}}}`)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeTrusted("main", []byte(strings.ReplaceAll(string(data), `"EUR"`, `"EUU"`))); err != nil {
		t.Error(err)
	}
}
