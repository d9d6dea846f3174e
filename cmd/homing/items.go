package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"homing/events"
)

// itemForm is how an item is written on the command line: a name, and then as
// far as they are known a quantity and the price of one.
var itemForm = regexp.MustCompile(`^(.+?)(?:\s+[x×](\d+))?(?:\s*@\s*([0-9.,-]+))?$`)

func parseItem(s, currency string) (object, error) {
	m := itemForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return nil, fmt.Errorf("--item: %q is not an item; write for example \"Assam, 250 g x2 @12.95\"", s)
	}
	item := object{"product_id": slug(m[1]), "name": m[1], "quantity": 1}
	if m[2] != "" {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, fmt.Errorf("--item: %q: %w", s, err)
		}
		item["quantity"] = n
	}
	if m[3] != "" {
		item["price"] = money(m[3], currency)
	}
	return item, nil
}

// slug makes an id out of a name.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

func money(amount, currency string) object { return object{"amount": amount, "currency": currency} }

// fillItems puts the items of the flags into the order or cart, and adds up the
// total, unless the data or a flag says it.
func (d *draft) fillItems(currency string) error {
	name := "order"
	if d.part("cart") != nil {
		name = "cart"
	}
	o := d.part(name)
	if o == nil {
		d.reprice(d.data, currency)
		return nil
	}
	if currency == "" {
		currency = d.currency(o)
	}
	if len(d.f.items) > 0 {
		items := make([]any, len(d.f.items))
		for i, s := range d.f.items {
			item, err := parseItem(s, currency)
			if err != nil {
				return err
			}
			items[i] = item
		}
		o["items"] = items
	} else {
		d.reprice(o, currency)
	}
	switch {
	case !d.has(name + ".total"):
		return nil // what happens to an order has none
	case d.f.text("total") != "":
		o["total"] = money(d.f.text("total"), currency)
	case d.fresh || len(d.f.items) > 0:
		return d.sum(o, currency)
	}
	return nil
}

// currency is the one that the data speaks of.
func (d *draft) currency(o object) string {
	if total, ok := o["total"].(object); ok {
		if c, ok := total["currency"].(string); ok {
			return c
		}
	}
	return "GBP"
}

// reprice gives the prices of an example another currency. The minor units stay:
// 12.95 GBP becomes 1295 JPY.
func (d *draft) reprice(v any, currency string) {
	if !d.fresh || currency == "" {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			d.reprice(e, currency)
		}
	case object:
		if price, ok := v["price"].(object); ok {
			amount, _ := price["amount"].(string)
			code, _ := price["currency"].(string)
			if m, err := events.ParseMoney(amount, code); err == nil {
				v["price"] = money(events.Money{Minor: m.Minor, Currency: currency}.Decimal(), currency)
			}
		}
		for _, key := range []string{"items", "product"} {
			d.reprice(v[key], currency)
		}
	}
}

// sum adds the items up. A price that cannot be read is left for the check of
// the whole event, which names its place.
func (d *draft) sum(o object, currency string) error {
	total := events.Money{Currency: currency}
	items, _ := o["items"].([]any)
	for _, e := range items {
		item, _ := e.(object)
		price, ok := item["price"].(object)
		if !ok {
			if d.fields["order.total"].Required {
				return fmt.Errorf("--total is needed: %v has no price; write for example \"%[1]v @12.95\"", item["name"])
			}
			delete(o, "total")
			return nil
		}
		amount, _ := price["amount"].(string)
		m, err := events.ParseMoney(amount, currency)
		if err != nil {
			return fmt.Errorf("--item: %v: %w", item["name"], err)
		}
		total.Minor += m.Minor * int64(quantity(item))
	}
	o["total"] = money(total.Decimal(), currency)
	return nil
}

func quantity(item object) int {
	switch n := item["quantity"].(type) {
	case int:
		return n
	case float64:
		return int(n)
	}
	return 1
}
