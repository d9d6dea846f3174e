package front

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/shop"
	"homing/pkg/shop/medusa"
	"homing/pkg/shop/shopify"
	"homing/pkg/shop/woocommerce"
)

// A door is how the webhooks of a shop system come.
type door struct {
	name string
	// secrets are those of a store; without one the door is closed.
	secrets func(Store) []string
	signed  func(secrets []string, h http.Header, body []byte, now time.Time) bool
	topic   string // the header with the topic; "": it is in the body
	from    string // the header that says which shop it is; "": none does
	shop    func(Store) string
	sent    string // the header with the time at which it was first sent
	read    func(shop.Store, shop.Message) (shop.Said, error)
	ping    func(h http.Header, body []byte) bool // what is sent when a webhook is made
}

// doors are those of the shop systems, by the name in their path.
var doors = map[string]*door{
	shopify.System: {
		name: shopify.System, topic: "X-Shopify-Topic", sent: "X-Shopify-Triggered-At", read: shopify.Read,
		secrets: func(s Store) []string { return s.Shopify }, signed: signedIn("X-Shopify-Hmac-Sha256"),
		from: "X-Shopify-Shop-Domain", shop: func(s Store) string { return s.ShopifyShop },
	},
	woocommerce.System: {
		name: woocommerce.System, topic: "X-Wc-Webhook-Topic", read: woocommerce.Read, ping: wooPing,
		secrets: func(s Store) []string { return s.WooCommerce }, signed: signedIn("X-Wc-Webhook-Signature"),
		from: "X-Wc-Webhook-Source", shop: func(s Store) string { return s.WooCommerceSite },
	},
	medusa.System: {
		name: medusa.System, read: medusa.Read,
		secrets: func(s Store) []string { return s.Medusa }, signed: signedStandard,
	},
}

// signedIn is signed for the signature in a header.
func signedIn(header string) func([]string, http.Header, []byte, time.Time) bool {
	return func(secrets []string, h http.Header, body []byte, _ time.Time) bool {
		return signed(secrets, h.Get(header), body)
	}
}

var pingBody = regexp.MustCompile(`^webhook_id=\d{1,20}$`)

// wooPing reports whether it is what WooCommerce sends when a webhook is saved: a form,
// without a signature or a topic, that wants 200 and nothing else.
func wooPing(h http.Header, body []byte) bool {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded" && h.Get("X-Wc-Webhook-Topic") == "" && pingBody.Match(bytes.TrimSpace(body))
}

// webhook takes in one message of a shop's system. Everything that is signed and cannot be
// used is answered with 200 all the same, once it is kept: a system that is told no
// again and again ends its webhook, and then says nothing at all.
func (f *Front) webhook(w http.ResponseWriter, r *http.Request, s Store, d *door) reply {
	if a, ok := post(r); !ok {
		return a
	}
	body, done, a, ok := f.read(w, r, maxWebhook)
	defer done()
	if !ok {
		return a
	}
	if d.ping != nil && d.ping(r.Header, body) {
		return reply{code: http.StatusOK, body: map[string]string{"pong": d.name}}
	}
	s, known := f.whose(d, s, r.Header)
	switch {
	case !d.signed(d.secrets(s), r.Header, body, f.o.Now()):
		return refuse(http.StatusUnauthorized, "the signature is not one of the secret in the store's configuration")
	case !known:
		other := fmt.Sprintf("%.100q", r.Header.Get(d.from))
		f.o.Log.Warn("another shop sends webhooks with the secret of this store, and they are refused",
			zap.String("store", s.Shop.ID), zap.String("door", d.name), zap.String("expected", d.shop(s)), zap.String("shop", other))
		return refuse(http.StatusForbidden, "this is the door of %s, and the webhook is from %s", d.shop(s), other)
	}
	m := shop.Message{Topic: r.Header.Get(d.topic), Body: body, At: shop.First(shop.Moment(r.Header.Get(d.sent)), f.o.Now())}
	said, err := d.read(s.Shop, m)
	return f.take(r, s, d, m, said, err)
}

// whose is the store that a webhook is about: the one of the path, or that of the shop which
// it names, as one app of Shopify, with one secret and one address, may be in several shops.
// known is false if it names a shop that no store is. The name is not signed: it tells shops
// apart, and does not prove which one it is.
func (f *Front) whose(d *door, s Store, h http.Header) (of Store, known bool) {
	if d.shop == nil || d.shop(s) == "" || same(d.shop(s), h.Get(d.from)) {
		return s, true
	}
	for _, other := range f.o.Stores {
		if name := d.shop(other); name != "" && same(name, h.Get(d.from)) {
			return other, true
		}
	}
	return s, false
}

// same compares names of shops, which are domains or addresses.
func same(a, b string) bool {
	bare := func(s string) string {
		if _, rest, ok := strings.Cut(s, "://"); ok {
			s = rest
		}
		return strings.TrimPrefix(strings.TrimRight(s, "/"), "www.")
	}
	return strings.EqualFold(bare(a), bare(b))
}

// take puts what a message said where it belongs.
func (f *Front) take(r *http.Request, s Store, d *door, m shop.Message, said shop.Said, err error) reply {
	ctx := r.Context()
	switch {
	case err != nil && !errors.Is(err, shop.ErrUnreadable):
		return f.later(d.name, err)
	case err != nil:
		return f.keep(ctx, d, Kept{s.Shop.ID, d.name, string(events.ReasonUnreadableWebhook), m.Topic + " " + err.Error(), m.Body})
	case said.ForPerson != "":
		return f.keep(ctx, d, Kept{s.Shop.ID, d.name, string(events.ReasonPrivacyRequest), m.Topic + ": " + said.ForPerson, nil})
	case said.Unknown:
		f.o.Took(d.name, unknown, 1)
		return reply{code: http.StatusOK, body: map[string]string{"ignored": "a topic that nothing follows from"}}
	case len(said.Events) == 0:
		f.o.Took(d.name, ignored, 1)
		return reply{code: http.StatusOK, body: map[string]string{"ignored": said.Ignored}}
	}
	ms := make([]*Message, len(said.Events))
	for i, e := range said.Events {
		if ms[i], err = structured(e); err != nil {
			return f.keep(ctx, d, Kept{s.Shop.ID, d.name, string(events.ReasonUnreadableWebhook), m.Topic + " " + err.Error(), m.Body})
		}
	}
	f.trace(r, ms)
	if err := f.publish.Do(ctx, ms); err != nil {
		return f.later(d.name, err)
	}
	return reply{code: http.StatusOK, body: f.counts(d.name, ms)}
}

func (f *Front) keep(ctx context.Context, d *door, k Kept) reply {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.o.Keep(ctx, k); err != nil {
		return f.later(d.name, err)
	}
	f.o.Took(d.name, kept, 1)
	return reply{code: http.StatusOK, body: map[string]string{"kept": k.Reason}}
}

// counts counts what was stored.
func (f *Front) counts(door string, ms []*Message) map[string]int {
	copies := 0
	for _, m := range ms {
		if m.Copy {
			copies++
		}
	}
	f.took(door, accepted, len(ms)-copies)
	f.took(door, duplicate, copies)
	return map[string]int{accepted: len(ms) - copies, duplicate: copies}
}

func (f *Front) took(door, result string, n int) {
	if n > 0 {
		f.o.Took(door, result, n)
	}
}

// trace has messages belong to the trace of the request that brought them.
func (f *Front) trace(r *http.Request, ms []*Message) {
	if f.o.Traced == nil {
		return
	}
	h := f.o.Traced(r.Header)
	for _, m := range ms {
		m.Trace = h
	}
}

// structuredHeader is that of a structured CloudEvent.
var structuredHeader = map[string][]string{"Content-Type": {"application/cloudevents+json"}}

// structured is an event as a message.
func structured(e events.Event) (*Message, error) {
	doc, err := events.Encode(e)
	if err != nil {
		return nil, err
	}
	return &Message{Subject: events.Subject(e.Store, e.Type), Header: structuredHeader, Data: doc, ID: events.MessageID(e)}, nil
}
