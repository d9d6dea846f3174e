package events

import (
	"strings"
	"testing"
)

// An amount that is refused says what to send instead, and names an amount only where no
// other can be meant.
func TestAnAmountThatIsRefusedSaysWhatToSend(t *testing.T) {
	for amount, want := range map[string]string{
		"5,00":     `; send "5.00"`,
		"5,5":      `; send "5.5"`,
		"12,":      `nothing between thousands`,
		"1,234":    `nothing between thousands`,
		"1.234,50": `nothing between thousands`,
		"1,234.50": `nothing between thousands`,
		"1 234.50": `nothing between thousands`,
		"1'234.50": `nothing between thousands`,
		".5":       `digits on both sides`,
		"5.":       `digits on both sides`,
		"5e2":      `without an exponent`,
		"1.5E+3":   `without an exponent`,
		"$5":       `the digits alone`,
		"5 €":      `the digits alone`,
		"5.00 EUR": `the digits alone`,
		"+5":       `the digits alone`,
		"free":     `; send one, like "12.95"`,
		"-":        `; send one, like "12.95"`,
		"":         `send "0.00" for nothing`,
	} {
		_, err := ParseMoney(amount, "EUR")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", amount, err, want)
		}
	}
	for _, amount := range []string{"-5", "-5,00", "0.005", strings.Repeat("9", 50)} {
		if _, err := ParseMoney(amount, "EUR"); err == nil || strings.Contains(err.Error(), "; send") {
			t.Errorf("%q: %v", amount, err)
		}
	}
}

// What is left of an id that is not there, however it is written, is nobody's; what
// only begins with zeros is somebody's.
func TestIDsOfZerosAreNobodys(t *testing.T) {
	for _, id := range []string{"0", "00", "0.0", "000000", "-", "--", "_", "0-0", "#", "n/a", "N/A", "none", "nil", "<nil>", "-1", "{}"} {
		if !noCustomer(id) || !noID(id) {
			t.Errorf("%q is the id of somebody", id)
		}
	}
	for _, id := range []string{"007", "0001", "10", "1.0", "-7", "a-", "0x0", "na", "nobody-9", "0-0-1"} {
		if noCustomer(id) || noID(id) {
			t.Errorf("%q is the id of nobody", id)
		}
	}
}
