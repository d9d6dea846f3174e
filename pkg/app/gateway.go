package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"homing/pkg/click"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/email"
	"homing/pkg/front"
	"homing/pkg/gateway"
	"homing/pkg/kept"
	"homing/pkg/link"
)

// RoleGateway is the role that answers the links in emails.
const RoleGateway = "gateway"

// openLinks makes the signer of links; nil without an address for them. The key
// that derives from the secret always verifies: links in emails that were sent
// before link_keys was set must stay good.
func openLinks(c *config.Config) (*link.Signer, error) {
	if c.HTTP.PublicURL == "" {
		return nil, nil
	}
	var keys []link.Key
	for _, k := range c.LinkKeys {
		keys = append(keys, link.Key{ID: k.ID, Secret: k.Secret.Reveal()})
	}
	return link.New(c.HTTP.PublicURL, append(keys, link.Key{ID: link.DerivedKey, Secret: c.Secret.Reveal()}))
}

// unsubscribeURL is the way out of a worker's mail.
func (a *App) unsubscribeURL(k customer.Key, worker string) string {
	return a.linkURL(link.Link{Purpose: link.Unsubscribe, Customer: k, Worker: worker})
}

// preferencesURL leads to a customer's preferences.
func (a *App) preferencesURL(k customer.Key, worker string) string {
	return a.linkURL(link.Link{Purpose: link.Preferences, Customer: k, Worker: worker})
}

// confirmURL is a click that says that an address is the customer's, in an email to it.
func (a *App) confirmURL(k customer.Key, worker, address string, now time.Time) string {
	return a.linkURL(link.Link{Purpose: link.Confirm, Customer: k, Worker: worker,
		Mailbox: a.identity.Mailbox(k.Store, address).Token, At: now.Unix()})
}

// viewURL shows a touch's email in a browser; "" where no copies are kept.
func (a *App) viewURL(k customer.Key, worker, touchID string) string {
	if a.o.Config.RetainMails == 0 {
		return ""
	}
	return a.linkURL(link.Link{Purpose: link.View, Customer: k, Worker: worker, Touch: customer.ClaimKey(touchID)})
}

// shown is what an email showed that was sent, as HTML; "" if no copy is there any more.
// One that was sent twice is shown as it was last.
func (a *App) shown(ctx context.Context, k customer.Key, claim uint64) (string, error) {
	if !a.nc.IsConnected() {
		return "", errors.New("not connected to NATS")
	}
	copies, err := kept.FindClaim(ctx, a.js, k, claim)
	if err != nil || len(copies) == 0 {
		return "", err
	}
	return copies[len(copies)-1].HTML, nil
}

// answerURL is a click that answers a question in a worker's mail.
func (a *App) answerURL(k customer.Key, worker string, x email.Answer) string {
	return a.linkURL(link.Link{Purpose: link.Answer, Customer: k, Worker: worker,
		Survey: x.Survey, Question: x.Question, Answer: x.Choice, Scale: x.Scale, Score: x.Score, Order: x.Order})
}

func (a *App) linkURL(l link.Link) string {
	if a.links == nil {
		return ""
	}
	return a.links.URL(l)
}

// The limits of the public server. What a person or a mailbox provider sends is
// small; a client that takes longer keeps a connection for nothing.
const (
	gatewayRead   = 10 * time.Second
	gatewayWrite  = 20 * time.Second
	gatewayIdle   = time.Minute
	gatewayHeader = 16 << 10
)

// serveGateway answers links, from now on. While a server is away it says so.
func (a *App) serveGateway() (*httpServer, error) {
	listen := a.o.GatewayListen
	if listen == nil {
		listen = net.Listen
	}
	l, err := listen("tcp", a.o.Config.HTTP.Gateway)
	if err != nil {
		return nil, fmt.Errorf("http.gateway: %w", err)
	}
	log := a.log.Named("gateway")
	// What net/http has to say is about single clients: interesting when something
	// is looked for, and never when nothing is.
	quiet, err := zap.NewStdLogAt(log, zapcore.DebugLevel)
	if err != nil {
		return nil, err
	}
	a.log.Info("links", zap.String("address", l.Addr().String()), zap.String("public", a.o.Config.HTTP.PublicURL))
	return serve(l, log, &http.Server{
		Handler: a.public(log), ReadHeaderTimeout: gatewayRead / 2, ReadTimeout: gatewayRead, WriteTimeout: gatewayWrite,
		IdleTimeout: gatewayIdle, MaxHeaderBytes: gatewayHeader, ErrorLog: quiet,
	}), nil
}

// public is all that the role serves. Paths are looked at as they came: what is not of
// the other parts is for those that answer links.
func (a *App) public(log *zap.Logger) http.Handler {
	take := a.taking()
	a.visits = a.newVisits(take)
	links, provider := a.whenAdmitted(a.gatewayHandler(log, take), notReady), a.whenAdmitted(a.reportsHandler(), notReady)
	doors := a.whenAdmitted(a.doorsHandler(), front.NotReady)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, a.links.Path()+reportsPath):
			provider.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, a.links.Path()+webhooksPath) || strings.HasPrefix(r.URL.Path, a.links.Path()+apiPath):
			doors.ServeHTTP(w, r)
		default:
			links.ServeHTTP(w, r)
		}
	})
}

// taker takes in what the gateway was told; see intake.Take.
type taker func(ctx context.Context, entries []customer.Entry) error

func (a *App) taking() taker {
	in := a.intake()
	return func(ctx context.Context, entries []customer.Entry) error {
		if !a.nc.IsConnected() { // before the fold, so that what is refused is not half done
			return errors.New("not connected to NATS")
		}
		return in.Take(ctx, entries)
	}
}

func (a *App) gatewayHandler(log *zap.Logger, take taker) http.Handler {
	return gateway.New(gateway.Options{
		Links: a.links, Stores: a.stores, Templates: a.pages, Now: a.o.Scale.Now, Log: log,
		Person: func(ctx context.Context, k customer.Key) (customer.Customer, error) {
			ps, err := a.people.Read(ctx, []customer.Ask{{Key: k}})
			if err != nil {
				return customer.Customer{}, err
			}
			return ps[0].Customer, nil
		},
		Take:         take,
		Mailbox:      func(store, address string) string { return a.identity.Mailbox(store, address).Token },
		Proxies:      a.o.Config.HTTP.Proxies(),
		Shown:        a.shown,
		Leave:        func(ctx context.Context, x click.Click) error { return click.Leave(ctx, a.js, a.clicks, x) },
		Visited:      a.visited(a.visits),
		Unsubscribed: func(scope string) { a.metrics.unsubscribes.WithLabelValues(scope).Inc() },
		Served: func(kind string, code int) {
			a.metrics.gateway.WithLabelValues(kind, strconv.Itoa(code)).Inc()
		},
	})
}

// whenAdmitted answers nothing until the secret is known to be that of the
// installation: with another, a good link looks forged. Until then it answers notYet.
func (a *App) whenAdmitted(h http.Handler, notYet http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.admitted.Load() {
			notYet(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// notReady is for people and providers.
func notReady(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "This page is not ready yet. Please try again in a minute.", http.StatusServiceUnavailable)
}

// GatewayAddr returns where links are answered; empty if they are not.
func (a *App) GatewayAddr() string {
	if a.gateway == nil {
		return ""
	}
	return a.gateway.addr
}
