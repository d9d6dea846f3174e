package programme

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/offer"
	"homing/pkg/render"
	"homing/pkg/segment"
	"homing/pkg/touch"
	"homing/workers"
)

// StoreNames lists the stores of a configuration, sorted.
func StoreNames(c *config.Config) []string { return slices.Sorted(maps.Keys(c.Stores)) }

// Open makes every store of a configuration with all its workers. All problems are reported at
// once. identity may be nil where nothing is judged.
func Open(c *config.Config, identity *customer.Identity) (map[string]*Store, error) {
	out := map[string]*Store{}
	var errs []error
	for _, id := range StoreNames(c) {
		s, policy, err := openStore(c, id, identity)
		if err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			continue
		}
		for _, k := range Kinds {
			w, section := &Worker{Kind: k, store: s}, c.Stores[id].Workers[k.Name]
			w.Worker, err = open(k, section, policy.Consent)
			if err == nil {
				w.Policy, err = section.Policy(policy)
				err = cmp.Or(err, checkSendsAt(w), s.checkSegments(w), w.goBy(c.Stores[id].Channels))
			}
			if err != nil {
				errs = append(errs, inWorker(k.Name, id, err))
				continue
			}
			s.Workers = append(s.Workers, w)
		}
		setSunset(s)
		s.Digest = openDigest(c.Stores[id], s.Zone, policy, identity)
		if err := s.checkTiers(); err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
		}
		if err := s.Segments.Check(c.Stores[id].Audiences); err != nil {
			errs = append(errs, fmt.Errorf("stores.%s: audiences: %w", id, err))
		}
		out[id] = s
	}
	return out, errors.Join(errs...)
}

// open makes a worker of a store. One that is for double opt-in is off, and has no emails
// that a shop's own templates would need, where consent needs no confirmation.
func open(k workers.Kind, section config.Section, consent gate.Consent) (workers.Worker, error) {
	w, err := k.New(section.Decode)
	if k.DoubleOptIn && !consent.DoubleOptIn {
		w.Settings.Status, w.Steps = workers.Off, nil
	}
	askAgain(&w)
	return w, err
}

// openStore reads what all workers of a store share.
func openStore(c *config.Config, id string, identity *customer.Identity) (*Store, gate.Policy, error) {
	of := c.Stores[id]
	zone, err := localtime.Load(of.TimeZone)
	if err != nil {
		return nil, gate.Policy{}, fmt.Errorf("time_zone: %w", err)
	}
	from, err := mail.ParseAddress(of.From)
	if err != nil {
		return nil, gate.Policy{}, errors.New("from: not an email address; write it as: Example Shop <hello@shop.example>")
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &Store{
		ID: id, Zone: zone, From: of.From, ReplyTo: of.ReplyTo, Domain: domain, LookAhead: of.Pacing.LookAhead,
		Offers: OfferCap{Limit: of.Offers.Limit, Window: of.Offers.Window},
		View: render.Store{ID: id, Name: of.Name, URL: of.URL, PostalAddress: of.PostalAddress, Locale: of.Locale,
			Currency: of.Currency, LinkHosts: of.LinkHosts, Contact: contact(of), OfferLink: of.Offers.Link,
			RatingParameter: of.Reviews.RatingParameter, Brand: render.NewLook(of.Brand)},
		Segments: segment.NewSet(of.Segments), HeldOut: heldOut(float64(c.Installation.Holdout), id, identity),
	}, storePolicy(c, of, zone, identity), nil
}

// contact is the address that answers: reply_to, or else from.
func contact(s config.Store) string {
	a, err := mail.ParseAddress(cmp.Or(s.ReplyTo, s.From))
	if err != nil {
		return ""
	}
	return a.Address
}

// storePolicy is what a store's configuration says to the gate, whichever worker
// asks. identity may be nil where nothing is judged.
func storePolicy(all *config.Config, c config.Store, zone *time.Location, identity *customer.Identity) gate.Policy {
	return gate.Policy{Installation: all.Installation, Sections: c.Sections, Pacing: c.Pacing.Pacing, SoftBounces: all.Feedback.SoftBounces, Zone: zone, Draw: identity.Draw}
}

func inWorker(worker, store string, err error) error {
	return fmt.Errorf("workers.%s (store %s): %w", worker, store, err)
}

// setSunset tells all workers of a store whether a last word is the last: it is
// where one of them has a step that is.
func setSunset(s *Store) {
	last := func(t touch.Step) bool { return t.Sunset }
	on := slices.ContainsFunc(s.Workers, func(w *Worker) bool { return slices.ContainsFunc(w.Steps, last) })
	for _, w := range s.Workers {
		w.Policy.Sunset = on
	}
}

// checkSendsAt finds a time of day at which no mail would ever leave.
func checkSendsAt(w *Worker) error {
	q := w.Policy.QuietHours
	if w.SendsAt != nil && w.Settings.Class == touch.Marketing && q.Holds(*w.SendsAt) {
		return fmt.Errorf("send_at: %s is within the quiet hours from %s to %s, and when they end the day may be over; "+
			"choose another time, or give the worker quiet_hours of its own", w.SendsAt, q.From, q.To)
	}
	return nil
}

// StatusOf reads the status of a worker in a store.
func StatusOf(c *config.Config, worker, store string) (workers.Status, error) {
	for _, k := range Kinds {
		if k.Name == worker {
			w, err := open(k, c.Stores[store].Workers[worker], c.Stores[store].Consent)
			if err != nil {
				err = inWorker(worker, store, err)
			}
			return w.Settings.Status, err
		}
	}
	return "", fmt.Errorf("no such worker: %q; there are %v", worker, WorkerNames())
}

// PausedByConfig reports whether the configuration has a worker paused in a
// store, or in any of them.
func PausedByConfig(c *config.Config, worker, store string) bool {
	for _, id := range StoreNames(c) {
		if status, err := StatusOf(c, worker, id); err == nil && status == workers.Paused && (store == "" || store == id) {
			return true
		}
	}
	return false
}

// OfferStep is a step that makes an offer, in one store.
type OfferStep struct {
	Store  string
	Worker string
	Step   string
	Terms  offer.Terms
}

// OfferSteps lists the steps that make offers, by store, and connects to nothing.
func OfferSteps(c *config.Config) ([]OfferStep, error) {
	stores, err := Open(c, nil)
	if err != nil {
		return nil, err
	}
	var out []OfferStep
	for _, id := range StoreNames(c) {
		for _, w := range stores[id].Workers {
			for _, s := range w.Steps {
				if s.Offer != nil {
					out = append(out, OfferStep{Store: id, Worker: w.Name, Step: s.Name, Terms: *s.Offer})
				}
			}
		}
	}
	return out, nil
}
