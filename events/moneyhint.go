package events

import (
	"regexp"
	"strings"
)

// decimalComma is an amount that can mean one thing only: what is behind the comma are
// too few digits for thousands.
var decimalComma = regexp.MustCompile(`^[0-9]+,[0-9]{1,2}$`)

// insteadOf says how to write an amount that is not a decimal number. It names the right
// amount only where there is no other: 1,234 may be two.
func insteadOf(amount []byte) string {
	_, decimal := decimalPoint(amount)
	a := string(amount)
	digit := strings.ContainsAny(a, "0123456789")
	switch {
	case decimal || len(a) > maxAmountLength || a != "" && a[0] == '-' && digit: // what is wrong with those is another thing
		return ""
	case a == "":
		return `; leave the field out where there is no amount, and send "0.00" for nothing`
	case !digit:
		return `; send one, like "12.95"`
	case decimalComma.MatchString(a):
		return "; send " + quote(strings.Replace(a, ",", ".", 1))
	case strings.Trim(a, "0123456789.+-eE") == "" && strings.ContainsAny(a, "eE"):
		return "; write all of its digits, without an exponent"
	case strings.Trim(a, "0123456789., '\u00a0\u202f") != "":
		return `; send the digits alone, like "12.95", and what they are of in "currency"`
	}
	return `; send it with a point before its decimals, digits on both sides of the point, and nothing between thousands, like "1234.50"`
}
