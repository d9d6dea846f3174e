package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/clock"
)

// A dataFlag is a flag of `homing publish` that says something in the data of an
// event: the field at each of the paths that the type has.
type dataFlag struct {
	name, usage string
	paths       []string
	// without makes up the value where the type requires it and nobody said it, or
	// returns an error that says which flag to give. Nil: the example's stays.
	without func(*draft) (string, error)
}

var dataFlags = []dataFlag{
	{name: "customer", usage: "the customer's `id` in the shop", paths: []string{"customer.id"}},
	{name: "email", usage: "the customer's `address`; alone it is a guest", paths: []string{"customer.email", "email"}, without: (*draft).address},
	{name: "first-name", usage: "the customer's first `name`", paths: []string{"customer.first_name"}},
	{name: "last-name", usage: "the customer's last `name`", paths: []string{"customer.last_name"}},
	{name: "order", usage: "the order's `id` (order.placed: a new one)",
		paths: []string{"order.id", "review.order_id", "complaint.order_id", "referral.order_id"}, without: (*draft).orderID},
	{name: "cart", usage: "the cart's `id` (default: cart-<customer>)", paths: []string{"cart.id"}, without: (*draft).cartID},
	{name: "product", usage: "the product's `id`, of reviews and products", paths: []string{"review.product_id", "product.id"}},
	{name: "url", usage: "`address` of the cart or product in the shop", paths: []string{"cart.url", "product.url"}},
	{name: "rating", usage: "review.submitted: 1 to 5", paths: []string{"review.rating"}},
	{name: "text", usage: "review.submitted: the customer's `words`", paths: []string{"review.text"}},
	{name: "quote-consent", usage: "review.submitted: the customer lets other emails quote it", paths: []string{"review.quote_consent"}},
	{name: "from", usage: "customer.merged: the `id` that is no longer used", paths: []string{"from"},
		without: func(*draft) (string, error) { return "", errors.New("which id is no longer used? Say --from ID") }},
	{name: "code", usage: "referral.redeemed: the `code` that a friend used", paths: []string{"referral.code"}},
	{name: "referrer", usage: "referral.redeemed: the `id` of the customer who recommended the shop, without a code", paths: []string{"referral.referrer"}},
	{name: "subscription", usage: "the subscription's `id` (default: sub-<customer>)", paths: []string{"subscription.id"}, without: (*draft).subscriptionID},
	{name: "renews", usage: "`when` the subscription renews next: RFC 3339, or from now, as in 10d (subscription.renewing: 7d)", paths: []string{"subscription.next_renewal_at"}},
	{name: "reason", usage: "subscription.cancelled: `why`, such as requested or expired", paths: []string{"reason"}},
	{name: "scope", usage: "customer.unsubscribed: all, everything or a worker's `name`", paths: []string{"scope"}},

	// These are more than the value of a field: see fillItems.
	{name: "item", usage: "an `item` of the order or cart, \"Assam, 250 g x2 @12.95\"; may be repeated", paths: []string{"order.items", "cart.items"}},
	{name: "total", usage: "the order's or cart's `amount` (default: the sum of the items)", paths: []string{"order.total", "cart.total"}},
	{name: "currency", usage: "ISO 4217 `code` (default: the store's, or GBP)", paths: []string{"order.total", "cart.total", "product.price"}},
}

// learn notes the fields of the type by their paths.
func (d *draft) learn(under string, fs []events.Field) {
	for _, f := range fs {
		d.fields[under+f.Name] = f
		if !f.List {
			d.learn(under+f.Name+".", f.Fields)
		}
	}
}

func (d *draft) has(path string) bool { _, ok := d.fields[path]; return ok }

// part returns an object inside the data, or nil.
func (d *draft) part(name string) object {
	o, _ := d.data[name].(object)
	return o
}

// at returns the object that the last part of a path is a field of, made if it
// has to be, and the name of that field. It is nil where the data has another
// thing in its place, of which the check of the whole event tells.
func (d *draft) at(path string) (object, string) {
	under, name, ok := strings.Cut(path, ".")
	if !ok {
		return d.data, path
	}
	if _, there := d.data[under]; !there {
		d.data[under] = object{}
	}
	return d.part(under), name
}

// exemplary are the fields of an example that stay, although they need not be
// there: they describe a thing, not the one in the example.
var exemplary = []string{"product", "subscription", "total", "rating", "kind", "scale", "score", "answer"}

// ofTheExample are what goes of such a thing all the same.
var ofTheExample = []string{"subscription.id", "subscription.next_renewal_at"}

// anonymise takes out of an example what is about its own customer and time.
func (d *draft) anonymise() {
	if d.has("customer") {
		d.data["customer"] = object{}
	}
	for path, f := range d.fields {
		under, name, ok := strings.Cut(path, ".")
		if !ok {
			under, name = "", path
		}
		made := slices.ContainsFunc(dataFlags, func(x dataFlag) bool { return x.without != nil && slices.Contains(x.paths, path) })
		stays := slices.Contains(exemplary, under) || slices.Contains(exemplary, name)
		if under == "customer" || f.Required && !made || stays && !slices.Contains(ofTheExample, path) {
			continue
		}
		if o := d.data; under == "" {
			delete(o, name)
		} else if o := d.part(under); o != nil {
			delete(o, name)
		}
	}
}

// fill lays the flags over the data, and adds what an event needs and nobody said.
func (d *draft) fill(currency string) error {
	for _, x := range dataFlags {
		if err := d.lay(x); err != nil {
			return err
		}
	}
	if err := d.knowCustomer(); err != nil {
		return err
	}
	for _, x := range dataFlags {
		if err := d.makeUp(x); err != nil {
			return err
		}
	}
	if c := d.f.text("currency"); c != "" {
		currency = c
	}
	return d.fillItems(currency)
}

// lay puts what a flag says into the fields it is about. What it says about a
// customer is ignored where there is none.
func (d *draft) lay(x dataFlag) error {
	some := false
	for _, path := range x.paths {
		if !d.has(path) {
			some = some || strings.HasPrefix(path, "customer.")
			continue
		}
		some = true
		if v := d.f.value(x.name); v != nil && !slices.Contains([]string{"total", "currency"}, x.name) {
			if o, name := d.at(path); o != nil {
				o[name] = v
			}
		}
	}
	if d.f.given(x.name) && !some {
		return fmt.Errorf("--%s: %s has no such thing", x.name, d.t)
	}
	return nil
}

// makeUp adds the required fields of a flag that are not there yet.
func (d *draft) makeUp(x dataFlag) error {
	for _, path := range x.paths {
		if x.without == nil || !d.fields[path].Required {
			continue
		}
		o, name := d.at(path)
		if _, ok := o[name]; ok || o == nil {
			continue
		}
		v, err := x.without(d)
		if err != nil {
			return err
		}
		o[name] = v
	}
	return nil
}

// knowCustomer asks whom the event is about, and makes an address up for those
// that a shop first tells of with such an event.
func (d *draft) knowCustomer() error {
	if !d.has("customer") {
		return nil
	}
	c, _ := d.at("customer.id")
	id, _ := c["id"].(string)
	_, hasEmail := c["email"]
	if id == "" && !hasEmail {
		return errors.New("who is it about? Say --customer ID, or --email ADDRESS for a guest")
	}
	first := d.has("order.total") || d.has("cart") || d.t == events.TypeCustomerCreated
	if d.fresh && !hasEmail && !d.f.given("email") && first {
		email, err := d.address()
		c["email"] = email
		return err
	}
	return nil
}

// address makes up the address of the customer that --customer names.
func (d *draft) address() (string, error) {
	id := d.f.text("customer")
	if id == "" || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "", errors.New("--email ADDRESS is needed: none can be made up from this --customer")
	}
	d.notes = append(d.notes, "no --email was given, so the address is "+id+"@example.com")
	return id + "@example.com", nil
}

// orderID makes up the id of an order that is placed.
func (d *draft) orderID() (string, error) {
	if d.t != events.TypeOrderPlaced {
		return "", errors.New("which order? Say --order ID")
	}
	return strings.ToLower(rand.Text()[:8]), nil
}

func (d *draft) cartID() (string, error) { return "cart-" + d.who(), nil }

func (d *draft) subscriptionID() (string, error) { return "sub-" + d.who(), nil }

// who is the customer's id, or another word for a guest.
func (d *draft) who() string {
	who, _ := d.part("customer")["id"].(string)
	if who == "" {
		who = "guest"
	}
	return who
}

// whenRenewed makes a time of when a subscription renews, and has an announcement say it.
func (d *draft) whenRenewed(scale clock.Scale) error {
	s := d.part("subscription")
	if s == nil || d.f.text("renews") == "" && (d.t != events.TypeSubscriptionRenewing || s["next_renewal_at"] != nil) {
		return nil
	}
	at, err := parseWhen(cmp.Or(d.f.text("renews"), "7d"), scale)
	if err != nil {
		return usagef("--renews: %w", err)
	}
	s["next_renewal_at"] = at.UTC().Format(time.RFC3339)
	return nil
}
