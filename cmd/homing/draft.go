package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/intake"
	"homing/pkg/programme"
)

// eventFlags are the flags that describe one event.
type eventFlags struct {
	customer, email, firstName, lastName string
	order, cart, product, total          string
	currency, url, from, scope           string
	rating                               int
	items                                []string
	data, id, source, time               string

	given func(flag string) bool
}

func (f *eventFlags) register(s *pflag.FlagSet) {
	s.StringVar(&f.customer, "customer", "", "the customer's `id` in the shop")
	s.StringVar(&f.email, "email", "", "the customer's `address`; alone it is a guest")
	s.StringVar(&f.firstName, "first-name", "", "the customer's first `name`")
	s.StringVar(&f.lastName, "last-name", "", "the customer's last `name`")
	s.StringVar(&f.order, "order", "", "the order's `id` (order.placed: a new one)")
	s.StringVar(&f.cart, "cart", "", "the cart's `id` (default: cart-<customer>)")
	s.StringVar(&f.product, "product", "", "the product's `id`, of reviews and products")
	s.StringArrayVar(&f.items, "item", nil, "an `item` of the order or cart, \"Assam, 250 g x2 @12.95\"; may be repeated")
	s.StringVar(&f.total, "total", "", "the order's or cart's `amount` (default: the sum of the items)")
	s.StringVar(&f.currency, "currency", "", "ISO 4217 `code` (default: the store's, or GBP)")
	s.StringVar(&f.url, "url", "", "`address` of the cart or product in the shop")
	s.StringVar(&f.from, "from", "", "customer.merged: the `id` that is no more")
	s.StringVar(&f.scope, "scope", "", "customer.unsubscribed: all, everything or a worker's `name`")
	s.IntVar(&f.rating, "rating", 0, "review.submitted: 1 to 5")
	s.StringVar(&f.data, "data", "", "JSON `file` with the data object; - is the standard input")
	s.StringVar(&f.id, "id", "", "the event's `id` (default: a new one)")
	s.StringVar(&f.source, "source", "", "the event's `source` (default: /stores/<store>)")
	s.StringVar(&f.time, "time", "", "when it happened: RFC 3339, or from now, as in -30m (default: now)")
}

type object = map[string]any

// draft is an event in the making. Its data is a plain object, so that fields
// that this version does not know pass through.
type draft struct {
	t      events.Type
	f      *eventFlags
	data   object
	fresh  bool // made from the example, not from --data
	id     string
	source string
	time   time.Time
	notes  []string // what was made up, for the caller to know
}

// newDraft starts from --data, or from the example of the type with everything
// taken out that belongs to the one in the example.
func newDraft(t events.Type, f *eventFlags, stdin io.Reader) (*draft, error) {
	if !t.Known() {
		return nil, fmt.Errorf("there is no type %q; there are: %s", t, joinTypes())
	}
	d := &draft{t: t, f: f, id: f.id, source: f.source}
	if d.id == "" {
		d.id = strings.ToLower(rand.Text())
	}
	var raw []byte
	var err error
	switch f.data {
	case "":
		var example struct{ Data json.RawMessage }
		err = json.Unmarshal(events.Example(t), &example)
		raw, d.fresh = example.Data, true
	case "-":
		raw, err = io.ReadAll(stdin)
	default:
		raw, err = os.ReadFile(f.data)
	}
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	if err := json.Unmarshal(raw, &d.data); err != nil {
		return nil, fmt.Errorf("--data: not a JSON object: %w", err)
	}
	if d.data == nil {
		return nil, errors.New("--data: null is not a JSON object")
	}
	if d.fresh {
		d.anonymise()
	}
	return d, nil
}

func joinTypes() string {
	var names []string
	for _, t := range events.Types() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// anonymise takes out of an example what is about its own customer and time.
func (d *draft) anonymise() {
	if _, ok := d.data["customer"]; ok {
		d.data["customer"] = object{}
	}
	for _, key := range []string{"from", "last_order_at", "year", "scope"} {
		delete(d.data, key)
	}
	if o := d.part("order"); o != nil {
		delete(o, "id")
		delete(o, "cart_id")
		delete(o, "coupons")
		if d.t != events.TypeOrderPlaced {
			delete(o, "items") // the whole order
		}
	}
	if c := d.part("cart"); c != nil {
		delete(c, "id")
		delete(c, "url")
	}
	if r := d.part("review"); r != nil {
		delete(r, "order_id")
	}
}

// part returns an object inside the data, or nil.
func (d *draft) part(name string) object {
	o, _ := d.data[name].(object)
	return o
}

// fill lays the flags over the data, and adds what an event needs and nobody said.
func (d *draft) fill(currency string) error {
	if d.f.currency != "" {
		currency = d.f.currency
	}
	for _, step := range []func() error{d.fillCustomer, d.fillSubject, func() error { return d.fillItems(currency) }, d.fillRest} {
		if err := step(); err != nil {
			return err
		}
	}
	return d.unused()
}

// wantsAddress lists the types with which a shop first tells of a customer.
var wantsAddress = []events.Type{events.TypeOrderPlaced, events.TypeCartUpdated, events.TypeCartAbandoned, events.TypeCustomerCreated}

func (d *draft) fillCustomer() error {
	if d.t == events.TypeProductUpdated {
		return nil
	}
	c := d.part("customer")
	if c == nil {
		c = object{}
		d.data["customer"] = c
	}
	set(c, "id", d.f.customer)
	set(c, "email", d.f.email)
	set(c, "first_name", d.f.firstName)
	set(c, "last_name", d.f.lastName)
	id, _ := c["id"].(string)
	_, hasEmail := c["email"]
	if id == "" && !hasEmail {
		return errors.New("whom is it about? Say --customer ID, or --email ADDRESS for a guest")
	}
	if d.fresh && !hasEmail && !d.f.given("email") && slices.Contains(wantsAddress, d.t) {
		if strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_", r) }) {
			return errors.New("--email ADDRESS is needed: none can be made up from this --customer")
		}
		c["email"] = id + "@example.com"
		d.notes = append(d.notes, "no --email was given, so the customer's address is "+id+"@example.com")
	}
	return nil
}

// fillSubject names the order, cart, review or product that the event is about.
func (d *draft) fillSubject() error {
	if o := d.part("order"); o != nil {
		set(o, "id", d.f.order)
		if _, ok := o["id"]; !ok && d.t != events.TypeOrderPlaced {
			return errors.New("which order? Say --order ID")
		}
		fallback(o, "id", strings.ToLower(rand.Text()[:8]))
	}
	if c := d.part("cart"); c != nil {
		set(c, "id", d.f.cart)
		set(c, "url", d.f.url)
		who, _ := d.part("customer")["id"].(string)
		if who == "" {
			who = "guest"
		}
		fallback(c, "id", "cart-"+who)
	}
	if r := d.part("review"); r != nil {
		set(r, "product_id", d.f.product)
		set(r, "order_id", d.f.order)
		if d.f.rating != 0 {
			r["rating"] = d.f.rating
		}
	}
	if o := d.part("product"); o != nil {
		set(o, "id", d.f.product)
		set(o, "url", d.f.url)
	}
	return nil
}

func (d *draft) fillRest() error {
	set(d.data, "from", d.f.from)
	set(d.data, "scope", d.f.scope)
	if _, ok := d.data["from"]; !ok && d.t == events.TypeCustomerMerged {
		return errors.New("which customer is no more? Say --from ID")
	}
	return nil
}

// unused finds a flag that says something the event has no place for.
func (d *draft) unused() error {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return d.part(s) != nil })
	}
	for flag, ok := range map[string]bool{
		"order": has("order", "review"), "cart": has("cart"), "product": has("review", "product"),
		"item": has("order", "cart"), "total": has("cart") || d.t == events.TypeOrderPlaced,
		"currency": has("cart", "product") || d.t == events.TypeOrderPlaced,
		"url":      has("cart", "product"), "rating": has("review"),
		"from": d.t == events.TypeCustomerMerged, "scope": d.t == events.TypeCustomerUnsubscribed,
	} {
		if d.f.given(flag) && !ok {
			return fmt.Errorf("--%s: %s has no such thing", flag, d.t)
		}
	}
	return nil
}

// encode makes the envelope, and checks it as intake will.
func (d *draft) encode(store string, scale clock.Scale) ([]byte, error) {
	var err error
	if d.time, err = parseWhen(d.f.time, scale); err != nil {
		return nil, usagef("--time: %w", err)
	}
	if d.source == "" {
		d.source = "/stores/" + store
	}
	body, err := json.Marshal(struct {
		SpecVersion string      `json:"specversion"`
		ID          string      `json:"id"`
		Source      string      `json:"source"`
		Type        events.Type `json:"type"`
		Time        string      `json:"time"`
		ContentType string      `json:"datacontenttype"`
		Data        object      `json:"data"`
	}{"1.0", d.id, d.source, d.t, d.time.UTC().Format(time.RFC3339Nano), "application/json", d.data})
	if err != nil {
		return nil, err
	}
	e, err := events.Decode(events.Raw{Subject: events.Subject(store, d.t), Data: body}, time.Now())
	if err == nil {
		err = intake.Heeded(e, programme.WorkerNames())
	}
	if bad, ok := errors.AsType[*events.Error](err); ok {
		return nil, fmt.Errorf("not published, it would be rejected as %s: %w", bad.Reason, bad)
	}
	d.time = e.Time
	return body, err
}

// parseWhen reads a time, or a duration from now. What it returns is real time, as
// storefronts have it; the duration is by the clock that all else goes by.
func parseWhen(s string, scale clock.Scale) (time.Time, error) {
	if s == "" {
		return time.Now(), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return scale.Real(scale.Now().Add(d)), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time, as in 2026-03-02T09:15:00Z, nor a duration from now, as in -30m", s)
}

func set(o object, key, value string) {
	if value != "" {
		o[key] = value
	}
}

func fallback(o object, key, value string) {
	if _, ok := o[key]; !ok {
		o[key] = value
	}
}
