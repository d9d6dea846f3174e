package app

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/front"
	"homing/pkg/localtime"
	"homing/pkg/shop"
)

// Where shops come in, under the public address.
const (
	webhooksPath = "/in/"
	apiPath      = "/v1/"
)

// doorsHandler takes what shops say over HTTP.
func (a *App) doorsHandler() http.Handler {
	stores := map[string]front.Store{}
	for id, s := range a.o.Config.Stores {
		stores[id] = doorsOf(s)
	}
	return http.StripPrefix(a.links.Path(), front.New(front.Options{
		Traced: a.traced(),
		Stores: stores, Publish: a.publishThroughDoor(), Keep: a.keepWebhook, Now: time.Now, Proxies: a.o.Config.HTTP.Proxies(), Log: a.log.Named("doors"), Full: streamFull,
		Served: func(door string, code int) { a.metrics.doors.WithLabelValues(door, strconv.Itoa(code)).Inc() },
		Took:   func(door, result string, n int) { a.metrics.doorEvents.WithLabelValues(door, result).Add(float64(n)) },
	}))
}

// doorsOf is how those are known who may tell events of a store.
func doorsOf(s config.Store) front.Store {
	at, _ := localtime.Load(s.WooCommerceZone()) // no other door asks for it; the configuration was checked
	out := front.Store{
		Shop:    shop.Store{ID: s.ID, Zone: at, Currency: s.Currency, URL: s.URL},
		Shopify: s.Shopify.Secrets(), WooCommerce: s.WooCommerce.Secrets(), Medusa: s.Medusa.Secrets(),
		ShopifyShop: s.Shopify.Shop, WooCommerceSite: s.WooCommerce.Site,
	}
	for _, k := range s.APIKeys {
		out.Keys = append(out.Keys, front.Key{ID: k.ID, Secret: k.Key.Reveal()})
	}
	return out
}

// publishThroughDoor puts messages on STOREFRONT, all at once.
func (a *App) publishThroughDoor() func(context.Context, []*front.Message) error {
	p := bus.NewPublisher(a.js)
	return func(ctx context.Context, ms []*front.Message) error {
		if !a.nc.IsConnected() { // else the client would keep them, and send them whenever it can
			return errors.New("not connected to NATS")
		}
		out := make([]*nats.Msg, len(ms))
		for i, m := range ms {
			out[i] = &nats.Msg{Subject: m.Subject, Header: nats.Header{}, Data: m.Data}
			maps.Copy(out[i].Header, m.Header)
			maps.Copy(out[i].Header, m.Trace)
			out[i].Header[jetstream.MsgIDHeader] = []string{m.ID}
		}
		_, copies, err := p.PublishTelling(ctx, out)
		if err != nil {
			return err
		}
		for i := range ms {
			ms[i].Copy = copies[i]
		}
		return nil
	}
}

// streamFull reports whether an error is a stream's that takes no more.
func streamFull(err error) bool {
	e, ok := errors.AsType[*jetstream.APIError](err)
	return ok && e.ErrorCode == bus.StoreFailed
}

// keepWebhook keeps a webhook that leads to no event.
func (a *App) keepWebhook(ctx context.Context, k front.Kept) error {
	return a.keepForPerson(ctx, forPerson{store: k.Store, reason: k.Reason, from: "in." + k.Door + "." + k.Store, detail: k.Detail, data: k.Body})
}
