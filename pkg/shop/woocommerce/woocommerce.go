// Package woocommerce maps what WooCommerce says, in webhooks and answers of its REST API
// (v3), to events of Homing. It verifies no signature and fetches nothing.
package woocommerce

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"time"

	"homing/pkg/shop"
)

// System is how events of WooCommerce name their source: /woocommerce/<store>.
const System = "woocommerce"

// topics are the topics of webhooks that something follows from.
var topics = map[string]func(*shop.Teller, shop.Message) error{
	"order.created":    order,
	"order.updated":    order,
	"order.restored":   order,
	"order.deleted":    deletedOrder,
	"customer.created": customer,
	"customer.updated": customer,
	"customer.deleted": deletedCustomer,
	"product.created":  product,
	"product.updated":  product,
	"product.restored": product,
	"product.deleted":  deletedProduct,
	"coupon.created":   nothing, "coupon.updated": nothing, "coupon.deleted": nothing, "coupon.restored": nothing,
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

func nothing(t *shop.Teller, _ shop.Message) error {
	t.Ignore("coupons are not followed")
	return nil
}

// A resource is what all that WooCommerce sends has.
type resource struct {
	ID   shop.Number `json:"id"`
	Code any         `json:"code"` // of an error, which is sent where the resource should be
}

// check reports what is no resource. A webhook whose user may not read the resource any
// more sends the error of the REST API instead, and signs it.
func (r resource) check() error {
	switch code, failed := r.Code.(string); {
	case r.ID.ID() != "":
		return nil
	case failed && strings.HasPrefix(code, "woocommerce_rest_"):
		return fmt.Errorf("%w: WooCommerce sent the error %.60q instead; save the webhook again as a user who may read orders", shop.ErrUnreadable, code)
	}
	return fmt.Errorf("%w: it has no id", shop.ErrUnreadable)
}

// dates are those of a resource. date_created and its like are in the site's zone and
// do not say which; those in GMT count.
type dates struct {
	Created      string `json:"date_created"`
	CreatedGMT   string `json:"date_created_gmt"`
	Modified     string `json:"date_modified"`
	ModifiedGMT  string `json:"date_modified_gmt"`
	Completed    string `json:"date_completed"`
	CompletedGMT string `json:"date_completed_gmt"`
}

func moment(t *shop.Teller, gmt, local string) time.Time {
	return shop.First(shop.MomentIn(gmt, time.UTC), shop.MomentIn(local, t.Store.Zone))
}

// plain is text as people read it: WordPress keeps titles as HTML.
func plain(s string) string { return html.UnescapeString(s) }

// deletedOrder: a deleted order says its number, and not whose it was.
func deletedOrder(t *shop.Teller, _ shop.Message) error {
	t.Ignore("a deleted order does not say whose it was; cancel it before it is deleted")
	return nil
}
