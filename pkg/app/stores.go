package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/touch"
)

func busWorkers() []bus.Worker {
	out := make([]bus.Worker, len(programme.Kinds))
	for i, k := range programme.Kinds {
		out[i] = bus.Worker{Name: k.Name, Triggers: k.Triggers, Horizon: k.Horizon}
	}
	return out
}

func storeNames(c *config.Config) []string { return slices.Sorted(maps.Keys(c.Stores)) }

// openStores makes every store with all its workers. All problems are reported at
// once. identity may be nil where nothing is judged.
func openStores(c *config.Config, identity *customer.Identity) (map[string]*programme.Store, error) {
	out := map[string]*programme.Store{}
	var errs []error
	for _, id := range storeNames(c) {
		s, policy, err := openStore(c, id, identity)
		if err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			continue
		}
		for _, k := range programme.Kinds {
			w, section := &programme.Worker{Kind: k}, c.Stores[id].Workers[k.Name]
			w.Worker, err = k.New(section.Decode)
			if err == nil {
				w.Policy, err = section.Policy(policy)
				err = cmp.Or(err, checkSendsAt(w))
			}
			if err != nil {
				errs = append(errs, inWorker(k.Name, id, err))
				continue
			}
			s.Workers = append(s.Workers, w)
		}
		setSunset(s)
		out[id] = s
	}
	return out, errors.Join(errs...)
}

// openStore reads what all workers of a store share.
func openStore(c *config.Config, id string, identity *customer.Identity) (*programme.Store, gate.Policy, error) {
	of := c.Stores[id]
	zone, err := time.LoadLocation(of.TimeZone)
	if err != nil {
		return nil, gate.Policy{}, fmt.Errorf("time_zone: %w", err)
	}
	from, err := mail.ParseAddress(of.From)
	if err != nil {
		return nil, gate.Policy{}, errors.New("from: not a mail address; write it as: Example Shop <hello@shop.example>")
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &programme.Store{
		ID: id, Zone: zone, From: of.From, ReplyTo: of.ReplyTo, Domain: domain, LookAhead: of.Pacing.LookAhead,
		Offers: programme.OfferCap{Limit: of.Offers.Limit, Window: of.Offers.Window},
		View: render.Store{Name: of.Name, URL: of.URL, PostalAddress: of.PostalAddress, Locale: of.Locale,
			Currency: of.Currency, LinkHosts: of.LinkHosts},
	}, storePolicy(c, of, zone, identity), nil
}

func inWorker(worker, store string, err error) error {
	return fmt.Errorf("workers.%s (store %s): %w", worker, store, err)
}

// checkSending finds what would keep the emails of some stores from being sent: a
// template that is missing or of another class, an offer that must not be made, no
// way out. With a nil set it leaves out what needs templates.
func checkSending(c *config.Config, stores map[string]*programme.Store, set *render.Set) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(stores)) {
		s := stores[id]
		if set != nil {
			if err := set.CheckStore(s.View); err != nil {
				errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			}
		}
		for _, w := range s.Workers {
			for _, step := range w.Steps {
				err := checkOffer(step, s.View.Currency)
				if set != nil {
					err = cmp.Or(checkTemplate(set, step, w.Name, c.Stores[id].Workers[w.Name].Says("class")), err)
				}
				if err != nil {
					errs = append(errs, inWorker(w.Name, id, fmt.Errorf("step %s: %w", step.Name, err)))
					break
				}
			}
		}
	}
	return errors.Join(append(errs, checkWayOut(c, stores))...)
}

// checkTemplate finds a template that is missing, and refuses one that says it is
// of another class than its mail is sent by, unless the configuration says which
// one it is.
func checkTemplate(set *render.Set, step touch.Step, worker string, configured bool) error {
	if !set.Has(step.Template) {
		return fmt.Errorf("there is no template %s; there are %s", step.Template, strings.Join(set.Names(), ", "))
	}
	meta, _ := set.Meta(step.Template)
	if configured || meta.Class == "" || meta.Class == string(step.Class) {
		return nil
	}
	return fmt.Errorf("the template %s says class: %s, and the mail would go out as %s; say in the configuration which it is, "+
		"with workers.%s.class, or correct the template", step.Template, meta.Class, step.Class, worker)
}

// route is what a store's emails leave by.
type route struct {
	dkim  *mailer.DKIM // nil: unsigned
	relay *mailer.Relay
}

// openRoutes reads the keys and makes the relays of all stores. Stores that name the
// same relay share its connections.
func openRoutes(c *config.Config, dial func(ctx context.Context, network, addr string) (net.Conn, error), log *zap.Logger) (map[string]route, error) {
	out, relays := map[string]route{}, map[string]*mailer.Relay{}
	var errs []error
	for _, id := range storeNames(c) {
		r, s := route{}, c.Stores[id]
		err := r.readKey(s.DKIM)
		url := s.SMTP.URL.Reveal()
		if relays[url] == nil && err == nil {
			if relays[url], err = mailer.New(mailer.Options{URL: url, Connections: s.SMTP.Connections, Dial: dial, Log: log.Named("smtp")}); err != nil {
				err = fmt.Errorf("smtp.url: %w", err)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			continue
		}
		r.relay = relays[url]
		out[id] = r
	}
	return out, errors.Join(errs...)
}

func (r *route) readKey(c config.DKIM) error {
	if c.KeyFile == "" {
		return nil
	}
	key, err := os.ReadFile(c.KeyFile)
	if err == nil {
		r.dkim, err = mailer.NewDKIM(c.Domain, c.Selector, key)
	}
	if err != nil {
		return fmt.Errorf("dkim.key_file: %w", err)
	}
	return nil
}
