package events

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an exact amount: Minor units (cents) of an ISO 4217 currency. In
// JSON it is {"amount": "12.95", "currency": "EUR"}; it is never a float.
type Money struct {
	Minor    int64
	Currency string
}

const (
	maxAmountDigits = 15
	maxAmountLength = 40 // with trailing zeros
)

// Digits returns how many digits the minor unit of a currency has (ISO 4217,
// list one): 0 for JPY, 3 for KWD, 2 for most and for unknown ones.
func Digits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF",
		"UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// ParseMoney reads a decimal amount ("12.95") of a currency ("EUR"). The amount
// is not negative, has at most 15 digits, and no more decimals than the currency
// unless they are zeros. The currency is money of ISO 4217, or was. Its error is an *Error whose Field is "amount" or
// "currency".
func ParseMoney(amount, currency string) (Money, error) {
	m, err := parseMoney([]byte(amount), currency, false)
	if err != nil {
		return Money{}, err
	}
	return m, nil
}

// parseMoney is ParseMoney without a conversion of the amount. What was accepted once
// may have a currency that no list has.
func parseMoney(amount []byte, currency string, accepted bool) (Money, *Error) {
	switch {
	case !validCurrency(currency):
		return Money{}, errorf(ReasonBadMoney, "currency", `%s is not a currency: three letters A-Z, like "EUR"`, quote(currency))
	case !accepted && IsNotMoney(currency):
		return Money{}, errorf(ReasonBadMoney, "currency", `%s is on the list of currencies (ISO 4217), but it is not money; send what the customer paid in, like "EUR"`, quote(currency))
	case !accepted && !onceACurrency(currency):
		return Money{}, errorf(ReasonBadMoney, "currency", `%s is not on the list of currencies (ISO 4217); send one that is, like "EUR"`, quote(currency))
	}
	digits := Digits(currency)
	minor, problem := parseMinor(amount, digits)
	if problem == "" {
		return Money{minor, currency}, nil
	}
	if problem == tooManyDecimals {
		problem = fmt.Sprintf("has more decimals than the %d of %s", digits, currency)
	}
	return Money{}, errorf(ReasonBadMoney, "amount", "%s %s", quote(string(amount)), problem+insteadOf(amount))
}

// tooManyDecimals is the one problem that depends on the currency.
const tooManyDecimals = "has too many decimals"

// parseMinor reads a decimal number into units of its digits-th decimal. The
// second result says what is wrong with it.
func parseMinor(amount []byte, digits int) (minor int64, problem string) {
	point, ok := decimalPoint(amount)
	switch {
	case len(amount) > 1 && amount[0] == '-' && amount[1] >= '0' && amount[1] <= '9':
		return 0, "is negative"
	case len(amount) > maxAmountLength:
		return 0, "has more than 15 digits"
	case !ok:
		return 0, "is not a decimal number"
	}
	written, significant := 0, len(amount)
	decimals := 0
	if point >= 0 { // zeros at the end of the decimals say nothing
		for amount[significant-1] == '0' {
			significant--
		}
		decimals = significant - point - 1
	}
	for _, c := range amount[:significant] {
		if c != '.' {
			minor = min(minor*10+int64(c-'0'), math.MaxInt64/100) // stays far above 15 digits
			written++
		}
	}
	if written > maxAmountDigits {
		return 0, "has more than 15 digits"
	}
	if decimals > digits {
		return 0, tooManyDecimals
	}
	for range digits - decimals {
		if minor > math.MaxInt64/10 {
			return 0, "is too large"
		}
		minor *= 10
	}
	return minor, ""
}

// decimalPoint finds the point of a decimal number, -1 without one, and reports
// whether it is one at all.
func decimalPoint(amount []byte) (point int, ok bool) {
	point = -1
	for i, c := range amount {
		switch {
		case c == '.' && point < 0 && i > 0:
			point = i
		case c < '0' || c > '9':
			return 0, false
		}
	}
	return point, len(amount) > 0 && point != len(amount)-1
}

func validCurrency(s string) bool {
	return len(s) == 3 && upper(s[0]) && upper(s[1]) && upper(s[2])
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

// IsZero reports whether m was never set. An amount of nothing in some currency
// is not zero.
func (m Money) IsZero() bool { return m == Money{} }

// Decimal returns the amount as a decimal number with all the digits of its
// currency: "12.95", "1200" of JPY.
func (m Money) Decimal() string {
	return string(m.appendDecimal(make([]byte, 0, 24)))
}

func (m Money) appendDecimal(b []byte) []byte {
	digits := Digits(m.Currency)
	minor := uint64(m.Minor)
	if m.Minor < 0 {
		b = append(b, '-')
		minor = -minor
	}
	if digits == 2 { // as nearly all: dividing by a constant is quick
		cents := minor % 100
		return append(strconv.AppendUint(b, minor/100, 10), '.', byte('0'+cents/10), byte('0'+cents%10))
	}
	unit := uint64(1)
	for range digits {
		unit *= 10
	}
	b = strconv.AppendUint(b, minor/unit, 10)
	if digits == 0 {
		return b
	}
	b = append(b, '.')
	for rest := minor % unit; unit > 1; {
		unit /= 10
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}

// String returns the amount with its currency: "12.95 EUR".
func (m Money) String() string {
	return strings.TrimSpace(m.Decimal() + " " + m.Currency)
}

// MarshalJSON writes {"amount": "12.95", "currency": "EUR"}.
func (m Money) MarshalJSON() ([]byte, error) {
	return appendMoney(nil, m), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing looser; null leaves m
// alone.
func (m *Money) UnmarshalJSON(data []byte) error {
	r := reader{data: data}
	if r.peek() == 'n' {
		r.literal("null")
	} else {
		r.money(m)
	}
	return r.end()
}
