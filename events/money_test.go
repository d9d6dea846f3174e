package events

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParseMoney(t *testing.T) {
	for _, c := range []struct {
		amount, currency string
		minor            int64
		decimal          string
	}{
		{"12.95", "EUR", 1295, "12.95"},
		{"0", "EUR", 0, "0.00"},
		{"0.05", "EUR", 5, "0.05"},
		{"007", "GBP", 700, "7.00"},
		{"12.9", "EUR", 1290, "12.90"},
		{"12.9500", "EUR", 1295, "12.95"},
		{"1200", "JPY", 1200, "1200"},
		{"1200.00", "JPY", 1200, "1200"},
		{"1.234", "KWD", 1234, "1.234"},
		{"1.2345", "CLF", 12345, "1.2345"},
		{"999999999999999", "EUR", 99999999999999900, "999999999999999.00"},
		{"999999999999999.00", "EUR", 99999999999999900, "999999999999999.00"},
		{"999999999999999", "BHD", 999999999999999000, "999999999999999.000"},
		{"1.50", "CHW", 150, "1.50"},
	} {
		m, err := ParseMoney(c.amount, c.currency)
		if err != nil || m != (Money{c.minor, c.currency}) || m.Decimal() != c.decimal {
			t.Errorf("ParseMoney(%q, %s) = %+v (%s), %v", c.amount, c.currency, m, m.Decimal(), err)
		}
	}
}

func TestParseMoneyRefuses(t *testing.T) {
	for _, c := range []struct{ amount, currency, field string }{
		{"", "EUR", "amount"}, {".", "EUR", "amount"}, {"5.", "EUR", "amount"}, {".5", "EUR", "amount"}, {"-1", "EUR", "amount"},
		{"-", "EUR", "amount"}, {"+1", "EUR", "amount"}, {"1,50", "EUR", "amount"}, {"1 000", "EUR", "amount"}, {"1.2.3", "EUR", "amount"},
		{"1e3", "EUR", "amount"}, {"0x10", "EUR", "amount"}, {"NaN", "EUR", "amount"}, {"１", "EUR", "amount"}, {" 1", "EUR", "amount"},
		{"1.005", "EUR", "amount"}, {"0.5", "JPY", "amount"}, {"1000000000000000", "EUR", "amount"}, {"0.0000000000000001", "EUR", "amount"},
		{"999999999999999", "CLF", "amount"}, {"99999999999999999999999999999999999999999999", "EUR", "amount"},
		{"1", "", "currency"}, {"1", "eur", "currency"}, {"1", "EURO", "currency"}, {"1", "E R", "currency"}, {"1", "€", "currency"}, {"1", "EUU", "currency"}, {"1", "ZZZ", "currency"}, {"1", "XXX", "currency"}, {"1", "XAU", "currency"},
	} {
		m, err := ParseMoney(c.amount, c.currency)
		bad, ok := errors.AsType[*Error](err)
		if !ok || bad.Reason != ReasonBadMoney || bad.Field != c.field || m != (Money{}) {
			t.Errorf("ParseMoney(%q, %q) = %v, %v", c.amount, c.currency, m, err)
		}
	}
}

func TestMoneyInJSON(t *testing.T) {
	type line struct {
		Price Money `json:"price,omitzero"`
	}
	b, err := json.Marshal(line{Money{1295, "EUR"}})
	if want := `{"price":{"amount":"12.95","currency":"EUR"}}`; err != nil || string(b) != want {
		t.Fatalf("Marshal = %s, %v", b, err)
	}
	var back line
	if err := json.Unmarshal(b, &back); err != nil || back.Price != (Money{1295, "EUR"}) {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if b, err := json.Marshal(line{}); err != nil || string(b) != "{}" {
		t.Errorf("nothing is %s, %v", b, err)
	}
	for _, bad := range []string{`12.95`, `"12.95"`, `{"amount":12.95,"currency":"EUR"}`, `{"amount":"1,5","currency":"EUR"}`, `{"amount":"1"}`, `{}`} {
		if err := json.Unmarshal([]byte(`{"price":`+bad+`}`), &back); err == nil {
			t.Errorf("%s became %v", bad, back.Price)
		}
	}
	if err := json.Unmarshal([]byte(`{"price":null}`), &back); err != nil {
		t.Errorf("null: %v", err)
	}
}

func TestDecimalOfAnyAmount(t *testing.T) {
	for m, want := range map[Money]string{
		{-5, "EUR"}: "-0.05", {-1295, "EUR"}: "-12.95", {-7, "JPY"}: "-7",
		{math.MinInt64, "EUR"}: "-92233720368547758.08", {math.MaxInt64, "KWD"}: "9223372036854775.807",
	} {
		if got := m.Decimal(); got != want {
			t.Errorf("%d %s is %s, want %s", m.Minor, m.Currency, got, want)
		}
	}
	if got := (Money{1295, "EUR"}).String(); got != "12.95 EUR" {
		t.Errorf("String = %s", got)
	}
}

func TestMoneySurvivesItsDecimalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Money{
			rapid.Int64Range(0, 999_999_999_999_999).Draw(t, "minor"),
			rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLF", "HRK"}).Draw(t, "currency"),
		}
		if got, err := ParseMoney(m.Decimal(), m.Currency); err != nil || got != m {
			t.Errorf("%v came back as %v, %v", m, got, err)
		}
	})
}
