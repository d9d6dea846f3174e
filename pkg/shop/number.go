package shop

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"homing/events"
)

// A Number is a number of JSON, or one in quotes, as it was written: systems write
// amounts and ids in either way. What is neither is the empty Number.
type Number string

// longestNumber bounds what is calculated with.
const longestNumber = 40

// UnmarshalJSON takes a number, or text with one.
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = ""
	var s string
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		s = strings.TrimSpace(s)
	} else if len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9') {
		s = string(b)
	}
	if len(s) <= longestNumber {
		*n = Number(s)
	}
	return nil
}

// ID returns the number as an id; "" for 0, which is how systems write that there is
// none.
func (n Number) ID() string {
	if strings.Trim(string(n), "0.-") == "" {
		return ""
	}
	return string(n)
}

// Rat returns the number exactly; nil if it is none.
func (n Number) Rat() *big.Rat {
	if n == "" || len(n) > longestNumber {
		return nil
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(string(n)), "e"); ok {
		if e, err := strconv.Atoi(exponent); err != nil || e < -longestNumber || e > longestNumber {
			return nil // a few bytes would be a number of gigabytes
		}
	}
	if strings.Trim(string(n), "0123456789.+-eE") != "" {
		return nil
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return nil
	}
	return r
}

// IsZero reports whether there is no number, or none but nothing.
func (n Number) IsZero() bool {
	r := n.Rat()
	return r == nil || r.Sign() == 0
}

// Amounts calculates with amounts of one currency.
type Amounts struct {
	Currency string
	digits   *big.Rat // units of the smallest coin in one of the currency
}

// NewAmounts returns what calculates in a currency.
func NewAmounts(currency string) Amounts {
	currency = strings.ToUpper(strings.TrimSpace(currency))
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(events.Digits(currency))), nil)
	return Amounts{currency, new(big.Rat).SetInt(unit)}
}

// Money rounds an amount to the smallest coin, halves up. What is negative, too large
// or no number is no money: the zero Money.
func (a Amounts) Money(r *big.Rat) events.Money {
	if r == nil || r.Sign() < 0 || a.Currency == "" {
		return events.Money{}
	}
	coins := new(big.Rat).Mul(r, a.digits)
	coins.Add(coins, big.NewRat(1, 2))
	whole := new(big.Int).Quo(coins.Num(), coins.Denom())
	if !whole.IsInt64() || whole.Int64() >= 1e15 {
		return events.Money{}
	}
	return events.Money{Minor: whole.Int64(), Currency: a.Currency}
}

// Some is Money, and the zero Money of nothing: of what an order need not have.
func (a Amounts) Some(r *big.Rat) events.Money {
	if r == nil || r.Sign() == 0 {
		return events.Money{}
	}
	return a.Money(r)
}

// Sum adds numbers up; what is no number is nothing.
func Sum(ns ...Number) *big.Rat {
	sum := new(big.Rat)
	for _, n := range ns {
		if r := n.Rat(); r != nil {
			sum.Add(sum, r)
		}
	}
	return sum
}

// Pieces returns how many whole pieces a number is, rounded up, up to a million; 0: none.
func (n Number) Pieces() int {
	const most = 1_000_000
	r := n.Rat()
	if r == nil || r.Sign() <= 0 {
		return 0
	}
	up := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	if up.Quo(up, r.Denom()); !up.IsInt64() || up.Int64() > most {
		return most
	}
	return int(up.Int64())
}
