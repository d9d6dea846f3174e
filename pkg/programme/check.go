package programme

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"homing/pkg/config"
	"homing/pkg/problem"
	"homing/pkg/render"
	"homing/pkg/suggest"
	"homing/pkg/touch"
	"homing/workers"
)

// Check finds what would keep the emails of some stores from being sent: a
// template that is missing or of another class, an offer that must not be made, no
// way out. With a nil set it leaves out what needs templates.
func Check(c *config.Config, stores map[string]*Store, set *render.Set) error {
	var errs []error
	if set != nil {
		errs = append(errs, checkOverrides(set, stores)...)
	}
	for _, id := range slices.Sorted(maps.Keys(stores)) {
		s := stores[id]
		if set != nil {
			if err := set.CheckStore(s.View); err != nil {
				errs = append(errs, fmt.Errorf("stores.%s: %w", id, err))
			}
		}
		sending := s.Workers
		if len(c.Stores[id].DigestTo) > 0 {
			sending = append(slices.Clip(sending), s.Digest.Worker)
		}
		for _, w := range sending {
			for _, step := range w.Steps {
				err := checkOffer(step, s.View.Currency)
				if set != nil {
					err = cmp.Or(checkTemplate(set, step, w.Name, c.Stores[id].Workers[w.Name].Says("class")), checkSurvey(set, id, step), err)
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

// checkOverrides finds templates of a store that there isn't.
func checkOverrides(set *render.Set, stores map[string]*Store) (errs []error) {
	known := slices.Sorted(maps.Keys(stores))
	for _, id := range set.Stores() {
		if stores[id] != nil {
			continue
		}
		meant := "; there are " + strings.Join(known, ", ")
		if near := suggest.Nearest(id, known); near != "" {
			meant = "; did you mean " + near + "?"
		}
		errs = append(errs, &problem.Problem{File: "stores/" + id, Text: "the configuration has no store " + id + ", so nobody is sent what is here" + meant})
	}
	return errs
}

// checkTemplate finds a template that is missing, and refuses one that says it is
// of another class than its email is sent by, unless the configuration says which
// one it is.
func checkTemplate(set *render.Set, step touch.Step, worker string, configured bool) error {
	if !set.Has(step.Template) {
		return fmt.Errorf("there is no template %s; there are %s", step.Template, strings.Join(set.Names(), ", "))
	}
	meta, _ := set.Meta(step.Template)
	if configured || meta.Class == "" || meta.Class == string(step.Class) {
		return nil
	}
	return fmt.Errorf("the template %s says class: %s, and the email would go out as %s; say in the configuration which it is, "+
		"with workers.%s.class, or correct the template", step.Template, meta.Class, step.Class, worker)
}

// CheckTemplate finds what would keep an email from being made of a template, of a worker
// whose emails are the templates in its folder.
func (w *Worker) CheckTemplate(set *render.Set, template string) error {
	step, _ := w.Step(touch.Touch{Step: path.Base(template)})
	return checkTemplate(set, step, w.Name, false)
}

// checkSurvey finds a template that asks something else than what its worker looks for.
func checkSurvey(set *render.Set, store string, step touch.Step) error {
	if step.Survey == "" {
		return nil
	}
	name, asks, _ := strings.Cut(step.Survey, "/")
	switch s := set.SurveyOf(store, step.Template); {
	case s == nil || s.Name != name:
		return fmt.Errorf("the template %s asks another survey than surveys/%s.yaml, whose answers its worker looks for; write survey: %s into its front matter", step.Template, name, name)
	case s.Asks.ID != asks:
		return fmt.Errorf("the survey surveys/%s.yaml asks %s, and its worker looks for answers to %s; write asks: %s", name, s.Asks.ID, asks, asks)
	}
	return nil
}

// checkOffer finds an offer that must not, or cannot, be made.
func checkOffer(s touch.Step, currency string) error {
	switch {
	case s.Offer == nil:
		return nil
	case s.Class == touch.Transactional:
		return errors.New("a transactional email must make no offer: it would be advertising that nobody can refuse; " +
			"make the class marketing, or write offer: {code: none}")
	case s.Offer.Amount.Currency != "" && s.Offer.Amount.Currency != currency:
		return fmt.Errorf("the offer is in %s and the store's currency is %s; give the store an offer of its own", s.Offer.Amount.Currency, currency)
	}
	return nil
}

// checkWayOut refuses marketing mail that nobody could unsubscribe from.
func checkWayOut(c *config.Config, stores map[string]*Store) error {
	if c.HTTP.PublicURL != "" {
		return nil
	}
	var names []string
	marketing := func(t touch.Step) bool { return t.Class != touch.Transactional || t.Asks }
	for _, k := range Kinds {
		for _, s := range stores {
			w := s.Worker(k.Name)
			if w != nil && w.Settings.Status != workers.Off && slices.ContainsFunc(w.Emails(), marketing) && !slices.Contains(names, k.Name) {
				names = append(names, k.Name)
			}
		}
	}
	if names == nil {
		return nil
	}
	return &problem.Problem{Key: "http.public_url", Text: fmt.Sprintf("is empty, and marketing mail needs a way out (%s): "+
		"set it to the address by which recipients reach `homing run gateway`, as in https://mail.shop.example, "+
		"or set the status of these workers to off", strings.Join(names, ", "))}
}
