package events

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
)

// addUp doubts an order whose items, shipping and tax less its discount are not
// its total. Prices may include tax or not: either is right. Of a bundle, the
// bundle, its parts or both may have a price. Shops round the price of a piece, so
// half a cent a piece may be missing, and a cent a line. Nothing is said of an
// order with items without a price.
func (o *Order) addUp() (field string, reason Reason, problem string) {
	var sum, parts, slack int64
	for i := range o.Items {
		x := &o.Items[i]
		if x.Price.Currency == "" {
			return
		}
		line, ok := times(x.Price.Minor, x.Quantity)
		if !ok {
			return
		}
		if x.Price.Currency != o.Total.Currency {
			return fmt.Sprintf("items[%d].price", i), WarnTotalMismatch,
				fmt.Sprintf("in %s, and the total in %s; send one currency", x.Price.Currency, o.Total.Currency)
		}
		if sum += line; x.BundleOf != "" {
			parts += line
		}
		slack += max(1, int64(x.Quantity)/2)
	}
	for _, m := range []Money{o.Total, o.Discount, o.Shipping, o.Tax} {
		if m.Currency != "" && m.Currency != o.Total.Currency || m.Minor > most {
			return
		}
	}
	rest := o.Total.Minor - sum - o.Shipping.Minor + o.Discount.Minor // tax, a bundle's parts, or nothing
	for _, fit := range []int64{0, o.Tax.Minor, -parts, o.Tax.Minor - parts} {
		if off := rest - fit; off >= -slack && off <= slack {
			return
		}
	}
	return "total", WarnTotalMismatch, fmt.Sprintf("%s is not %s, with tax or without; price is of one piece; send what is missing as discount, shipping or tax",
		o.Total, o.adds(Money{sum, o.Total.Currency}))
}

// most bounds an amount, so that the lines of an order can be added up.
const most = math.MaxInt64 / (2 * MaxItems)

// times multiplies a price, unless that is more than anything costs.
func times(minor int64, n int) (int64, bool) {
	high, low := bits.Mul64(uint64(minor), uint64(n))
	return int64(low), high == 0 && low <= most
}

// adds says what an order is made of: "17.00 for the items + 3.85 shipping".
func (o *Order) adds(items Money) string {
	var b strings.Builder
	b.WriteString(items.Decimal() + " for the items")
	for _, x := range []struct {
		sign, what string
		m          Money
	}{{"+", "shipping", o.Shipping}, {"+", "tax", o.Tax}, {"-", "discount", o.Discount}} {
		if x.m.Currency != "" {
			fmt.Fprintf(&b, " %s %s %s", x.sign, x.m.Decimal(), x.what)
		}
	}
	return b.String()
}
