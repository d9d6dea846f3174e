package app

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"os"
	"slices"
	"strings"
	"time"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/gate"
	"homing/pkg/mailer"
	"homing/pkg/render"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/birthday"
	"homing/workers/cartrecovery"
	"homing/workers/replenishment"
	"homing/workers/reviewrequest"
	"homing/workers/thankyou"
	"homing/workers/winback"
)

// kinds is the programme: every worker there is. A new one is a line here.
var kinds = []workers.Kind{
	cartrecovery.Kind,
	thankyou.Kind,
	reviewrequest.Kind,
	birthday.Kind,
	replenishment.Kind,
	winback.Kind,
}

// WorkerNames lists the workers there are.
func WorkerNames() []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = k.Name
	}
	return out
}

func busWorkers() []bus.Worker {
	out := make([]bus.Worker, len(kinds))
	for i, k := range kinds {
		out[i] = bus.Worker{Name: k.Name, Triggers: k.Triggers, Horizon: k.Horizon}
	}
	return out
}

func storeNames(c *config.Config) []string { return slices.Sorted(maps.Keys(c.Stores)) }

// shop is one worker in one store: what the planner and delivery share.
type shop struct {
	worker   workers.Worker
	settings workers.Settings
	policy   gate.Policy
	view     render.Store
	zone     *time.Location
	from     string
	replyTo  string
	domain   string
	dkim     *mailer.DKIM
	relay    *mailer.Relay
	config   config.Store
}

// openShops makes every worker of every store, and checks that each template a
// step names is there. All problems are reported at once.
func (a *App) openShops() (map[string]map[string]shop, error) {
	out, err := a.makeShops()
	return out, errors.Join(err, checkWayOut(a.o.Config, out))
}

// makeShops is openShops for who does not send.
func (a *App) makeShops() (map[string]map[string]shop, error) {
	out := map[string]map[string]shop{}
	var errs []error
	for _, k := range kinds {
		out[k.Name] = map[string]shop{}
	}
	for _, id := range storeNames(a.o.Config) {
		base, err := a.openStore(id)
		if err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			continue
		}
		if a.templates != nil { // nil only in Check, when they are broken themselves
			if err := a.templates.CheckStore(base.view); err != nil {
				errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			}
		}
		for _, k := range kinds {
			s := base
			s.worker, s.settings, err = k.New(base.config.Workers[k.Name].Decode)
			if err == nil {
				err = errors.Join(a.checkSteps(s), s.setOwnPacing())
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("workers.%s (store %s): %w", k.Name, id, err))
				continue
			}
			out[k.Name][id] = s
		}
		setSunset(out, id)
	}
	return out, errors.Join(errs...)
}

// checkSteps finds a step whose template is missing, or that could not be sent.
func (a *App) checkSteps(s shop) error {
	for _, step := range s.worker.Steps() {
		if a.templates != nil && !a.templates.Has(step.Template) {
			return fmt.Errorf("step %s: there is no template %s; there are %s",
				step.Name, step.Template, strings.Join(a.templates.Names(), ", "))
		}
		if err := a.checkClass(s, step); err != nil {
			return fmt.Errorf("step %s: %w", step.Name, err)
		}
		if err := checkOffer(step, s.view.Currency); err != nil {
			return fmt.Errorf("step %s: %w", step.Name, err)
		}
	}
	return nil
}

// checkClass refuses a template that says it is of another class than its mail is
// sent by, unless the configuration says which one it is.
func (a *App) checkClass(s shop, step touch.Step) error {
	if a.templates == nil || s.config.Workers[s.worker.Name()].Says("class") {
		return nil
	}
	meta, _ := a.templates.Meta(step.Template)
	if meta.Class == "" || meta.Class == string(step.Class) {
		return nil
	}
	return fmt.Errorf("the template %s says class: %s, and the mail would go out as %s; say in the configuration which it is, "+
		"with workers.%s.class, or correct the template", step.Template, meta.Class, step.Class, s.worker.Name())
}

// openStore reads what all workers of a store share.
func (a *App) openStore(id string) (shop, error) {
	c := a.o.Config.Stores[id]
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return shop{}, fmt.Errorf("time_zone: %w", err)
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return shop{}, errors.New("from: not a mail address; write it as: Example Shop <hello@shop.example>")
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	s := shop{
		zone: zone, from: c.From, replyTo: c.ReplyTo, domain: domain, config: c,
		policy: a.storePolicy(c, zone),
		view: render.Store{Name: c.Name, URL: c.URL, PostalAddress: c.PostalAddress, Locale: c.Locale,
			Currency: c.Currency, LinkHosts: c.LinkHosts},
	}
	if c.DKIM.KeyFile != "" {
		key, err := os.ReadFile(c.DKIM.KeyFile)
		if err != nil {
			return shop{}, fmt.Errorf("dkim.key_file: %w", err)
		}
		if s.dkim, err = mailer.NewDKIM(c.DKIM.Domain, c.DKIM.Selector, key); err != nil {
			return shop{}, fmt.Errorf("dkim.key_file: %w", err)
		}
	}
	s.relay, err = a.relayFor(c.SMTP)
	return s, err
}

// relayFor returns the relay of a URL; stores that share one share its connections.
func (a *App) relayFor(c config.SMTP) (*mailer.Relay, error) {
	url := c.URL.Reveal()
	if r, ok := a.relays[url]; ok {
		return r, nil
	}
	r, err := mailer.New(mailer.Options{URL: url, Connections: c.Connections, Dial: a.o.SMTPDial, Log: a.log.Named("smtp")})
	if err != nil {
		return nil, fmt.Errorf("smtp.url: %w", err)
	}
	a.relays[url] = r
	return r, nil
}
