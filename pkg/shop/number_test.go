package shop

import (
	"encoding/json"
	"testing"
	"time"
)

func TestANumberIsReadAsItWasWritten(t *testing.T) {
	for in, want := range map[string]string{
		`12`: "12", `"12.50"`: "12.50", `" 7 "`: "7", `6.666666666666667`: "6.666666666666667", `null`: "", `true`: "",
		`""`: "", `{}`: "", `[1]`: "", `632910392`: "632910392", `"abc"`: "abc", `-3`: "-3",
		`1234567890123456789012345678901234567890123`: "", // longer than anything that is calculated with
	} {
		var n Number
		if err := json.Unmarshal([]byte(in), &n); err != nil || string(n) != want {
			t.Errorf("%s: %q, %v", in, n, err)
		}
	}
	for in, want := range map[Number]string{"0": "", "-": "", "": "", "10": "10", "gid-1": "gid-1"} {
		if got := in.ID(); got != want {
			t.Errorf("the id of %q is %q", in, got)
		}
	}
}

func TestAmountsAreRoundedToTheSmallestCoin(t *testing.T) {
	for _, c := range []struct {
		n              Number
		currency, want string
	}{
		{"12.95", "EUR", "12.95 EUR"}, {"12.955", "eur", "12.96 EUR"}, {"12.9549", "EUR", "12.95 EUR"}, {"0", "EUR", "0.00 EUR"},
		{"1200.4", "JPY", "1200 JPY"}, {"1.2345", "KWD", "1.235 KWD"}, {"1e2", "EUR", "100.00 EUR"},
		{"-1", "EUR", ""}, {"", "EUR", ""}, {"twelve", "EUR", ""}, {"1", "", ""}, {"1e300", "EUR", ""}, {"1e-300", "EUR", ""},
		{"99999999999999999", "EUR", ""}, {"1/3", "EUR", ""}, {"0x10", "EUR", ""}, {"1_0", "EUR", ""},
	} {
		got := NewAmounts(c.currency).Money(c.n.Rat())
		if got.IsZero() != (c.want == "") || !got.IsZero() && got.String() != c.want {
			t.Errorf("%s %s is %s, not %q", c.n, c.currency, got, c.want)
		}
	}
	if got := NewAmounts("EUR").Some(Number("0.00").Rat()); !got.IsZero() {
		t.Errorf("nothing off is a discount of %s", got)
	}
}

func TestPiecesAreWholeOnes(t *testing.T) {
	for in, want := range map[Number]int{"2": 2, "1.5": 2, "0.2": 1, "0": 0, "-1": 0, "": 0, "1e9": 1_000_000, "x": 0} {
		if got := in.Pieces(); got != want {
			t.Errorf("%s: %d", in, got)
		}
	}
}

func TestMomentsSayTheirZoneOrAreTheStores(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"2026-03-01T09:30:00-05:00": "2026-03-01T14:30:00Z", "2026-03-01T09:30:00Z": "2026-03-01T09:30:00Z",
		"2026-03-01 09:30:00 +0100": "2026-03-01T08:30:00Z", "2026-03-01T09:30:00": "2026-03-01T14:30:00Z",
		"2026-07-01T09:30:00": "2026-07-01T13:30:00Z", "2026-03-01 09:30:00": "2026-03-01T14:30:00Z",
		"": "", "yesterday": "", "-0001-11-30T00:00:00": "", "0000-00-00 00:00:00": "", "0001-01-01T00:00:00Z": "",
	} {
		got := ""
		if at := MomentIn(in, zone); !at.IsZero() {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
}
