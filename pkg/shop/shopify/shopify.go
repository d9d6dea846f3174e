// Package shopify maps the webhooks of Shopify (API versions 2025-01 to 2026-04, with the
// payloads of its REST resources) to events of Homing. It verifies no signature and
// fetches nothing.
package shopify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"homing/pkg/shop"
)

// System is how events of Shopify name their source: /shopify/<store>.
const System = "shopify"

// topics are the topics of webhooks that there is something to say about.
var topics = map[string]func(*shop.Teller, shop.Message) error{
	"orders/create":              order,
	"orders/paid":                order,
	"orders/updated":             order,
	"orders/cancelled":           order,
	"orders/fulfilled":           order,
	"orders/partially_fulfilled": order,
	"orders/edited":              nothing("orders/updated says what is in the order since"),
	"orders/delete":              nothing("a deleted order does not say whose it was; cancel it before it is deleted"),
	"refunds/create":             nothing("it does not say whose it is; orders/updated says it with the customer"),
	"fulfillments/create":        fulfillment,
	"fulfillments/update":        fulfillment,
	"fulfillment_events/create":  nothing("it does not say whose it is; fulfillments/update and orders/updated say it with the customer"),

	"checkouts/create": checkout,
	"checkouts/update": checkout,
	"checkouts/delete": nothing("it does not say whose it is"),
	"carts/create":     nothing("a cart does not say whose it is; a checkout does"),
	"carts/update":     nothing("a cart does not say whose it is; a checkout does"),

	"customers/create":                         customer,
	"customers/update":                         customer,
	"customers/enable":                         customer,
	"customers/disable":                        customer,
	"customers_email_marketing_consent/update": consent,
	"customers/email_marketing_consent_update": consent, // as it is called in places
	"customers/merge":                          merge,
	"customers/delete":                         deletedCustomer,
	"customers/redact":                         redact,
	"customers/data_request":                   dataRequest,
	"shop/redact":                              shopRedact,

	"products/create":         product,
	"products/update":         product,
	"products/delete":         deletedProduct,
	"inventory_levels/update": nothing("it does not say which product it is about; products/update follows"),
}

// Topics returns the topics that there are.
func Topics() []string { return slices.Sorted(maps.Keys(topics)) }

// Read returns what a webhook says. Its error is a shop.ErrUnreadable.
func Read(s shop.Store, m shop.Message) (shop.Said, error) {
	t := shop.NewTeller(System, s)
	read := topics[m.Topic]
	if read == nil {
		return shop.Said{Unknown: true}, nil
	}
	err := read(t, m)
	return t.Said(), err
}

func nothing(why string) func(*shop.Teller, shop.Message) error {
	return func(t *shop.Teller, _ shop.Message) error {
		t.Ignore(why)
		return nil
	}
}

// lacks says that a message is without what it must have.
func lacks(field string) error {
	return fmt.Errorf("%w: it has no %s; subscribe without a list of fields", shop.ErrUnreadable, field)
}

// set is an amount in the currency of the shop and in that of the customer.
type set struct {
	Shop        amount `json:"shop_money"`
	Presentment amount `json:"presentment_money"`
}

type amount struct {
	Amount   shop.Number `json:"amount"`
	Currency string      `json:"currency_code"`
}

// gid is the number in gid://shopify/Customer/17, or the number itself.
func gid(s string) string {
	return shop.Number(s[strings.LastIndexByte(s, '/')+1:]).ID()
}
