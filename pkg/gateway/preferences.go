package gateway

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/preference"
)

// What is done on a preference page.
const (
	save    = "save"
	stopAll = "off"
	goBack  = "back" // asks what to agree to
	agree   = "yes"  // agrees
)

// preferences answers a link to a customer's preferences.
func (g *Gateway) preferences(w http.ResponseWriter, r *http.Request, s site, l link.Link) reply {
	return page{
		kind: "preferences", most: maxBody,
		show: func() (view, int) {
			if !g.admit(r, l.Customer.Token) {
				return tooBusy(s)
			}
			return g.choice(r, s, l)
		},
		press: func(form url.Values) (view, int) {
			if !stops(form) && !g.admit(r, l.Customer.Token) {
				return tooBusy(s)
			}
			return g.chose(r, s, l, form)
		},
	}.answer(w, r, s)
}

// stops reports whether a form stops all marketing, which is never one request too many.
func stops(form url.Values) bool { return form.Get("do") == stopAll || oneClick(form) }

// tooBusy is the page of a request that is not admitted: all can be stopped all the same.
func tooBusy(s site) (view, int) {
	v := notNow(s)
	v.Form = wayOut(s)
	return v, http.StatusTooManyRequests
}

// wayOut is the button that stops all marketing.
func wayOut(s site) *form {
	return &form{Hidden: []hidden{{"do", stopAll}}, Button: s.say("prefs_stop"), Quiet: true}
}

// choice is the page as it is now.
func (g *Gateway) choice(r *http.Request, s site, l link.Link) (view, int) {
	return g.asked(r.Context(), s, l, func(c *customer.Customer) view { return g.chooses(s, l, c) })
}

// chose does what was chosen on the page. What says nothing changes nothing.
func (g *Gateway) chose(r *http.Request, s site, l link.Link, form url.Values) (view, int) {
	if stops(form) {
		return g.leaves(r, s, l, events.ScopeAll, hidden{"do", stopAll})
	}
	switch form.Get("do") {
	case goBack:
		return g.asked(r.Context(), s, l, func(c *customer.Customer) view { return asksToAgree(s, c) })
	case agree:
		return g.change(r, s, l, again(form), func(ctx context.Context, c *customer.Customer) (view, error) {
			if preference.Left(c) && form.Get(answers) != lastNo(c) { // the page was left open, or is loaded again
				return asksToAgree(s, c), nil
			}
			return g.agreed(ctx, s, l, c, preference.Page)
		})
	case save:
		return g.change(r, s, l, again(form), func(ctx context.Context, c *customer.Customer) (view, error) {
			return g.saved(ctx, s, l, c, form)
		})
	}
	return g.choice(r, s, l)
}

// again is what was sent, to be sent once more.
func again(form url.Values) (out []hidden) {
	for _, name := range []string{"do", answers, "kind", "shown", "often", "pause", "day", "month", "year", "language", "zone"} {
		for _, value := range form[name] {
			out = append(out, hidden{name, value})
		}
	}
	return out
}

// asked reads the person of a link, and shows what is known. While that cannot be read,
// they can leave all the same.
func (g *Gateway) asked(ctx context.Context, s site, l link.Link, show func(*customer.Customer) view) (view, int) {
	c, err := reading(ctx, g, func(ctx context.Context) (customer.Customer, error) { return g.o.Person(ctx, l.Customer) })
	switch {
	case err != nil:
		g.warn("a page could not be shown; the customer is asked to try again", "link", string(l.Purpose), err)
		v := notNow(s)
		if l.Purpose == link.Preferences {
			v.Form = wayOut(s)
		}
		return v, http.StatusServiceUnavailable
	case c.Gone():
		return incomplete(s), http.StatusNotFound
	}
	return show(&c), http.StatusOK
}

// chooses is the page on which a person chooses; who left altogether may come back.
func (g *Gateway) chooses(s site, l link.Link, c *customer.Customer) view {
	v := view{site: s, Tone: asking, Title: s.say("prefs_title"), Small: s.say("prefs_forwarded")}
	if address := masked(c.Account()); address != "" {
		v.Text = []string{s.words.Say("prefs_for", s.store.View.Name, address)}
	}
	if preference.Left(c) {
		v.Title, v.Text = s.say("off_title"), append(v.Text, s.say("off_text"))
		v.Form = &form{Hidden: []hidden{{"do", goBack}}, Button: s.say("off_button"), Quiet: true}
		return v
	}
	v.Settings = g.settings(s, c)
	return v
}

// asksToAgree says what a person agrees to who comes back.
func asksToAgree(s site, c *customer.Customer) view {
	return view{
		site: s, Tone: asking, Title: s.say("back_title"), Text: []string{s.say("back_text")}, List: kindsOf(s), Small: s.say("back_stop"),
		Form: &form{Hidden: []hidden{{"do", agree}, {answers, lastNo(c)}}, Button: s.say("back_button")},
	}
}

// answers is the field that says which no a yes takes back.
const answers = "answers"

// lastNo is what a person's last no is called. It is not compared with a clock: a shop's may
// be ahead.
func lastNo(c *customer.Customer) string {
	return strconv.FormatInt(max(c.Stops[events.ScopeAll].At, c.Stops[events.ScopeEverything].At), 36)
}

// kindsOf are the kinds of marketing email of a store.
func kindsOf(s site) (out []string) {
	for _, w := range s.store.Marketing() {
		out = append(out, s.words.Kind(w.Name))
	}
	return out
}

// agreed records that a person agrees to email.
func (g *Gateway) agreed(ctx context.Context, s site, l link.Link, c *customer.Customer, where string) (view, error) {
	if c.Gone() {
		return incomplete(s), nil
	}
	if e, some := preference.Yes(l.Customer, c, where, g.o.Now()); some {
		if err := g.take(ctx, l.Customer, e); err != nil {
			return view{}, err
		}
	}
	return view{site: s, Tone: done, Title: s.say("agreed_title"), Text: []string{s.say("agreed_text"), s.say("back_stop")}, More: g.toPreferences(s, l)}, nil
}

// saved records what was chosen.
func (g *Gateway) saved(ctx context.Context, s site, l link.Link, c *customer.Customer, form url.Values) (view, error) {
	if c.Gone() {
		return incomplete(s), nil
	}
	if preference.Left(c) { // since the page was shown: only an explicit yes brings them back
		return g.chooses(s, l, c), nil
	}
	born, ok := dayOf(form.Get("day"), form.Get("month"), form.Get("year"), g.o.Now())
	if !ok {
		return g.wrongDay(s, l, c, form), nil
	}
	e, some := g.choices(s, c, form, born).Event(l.Customer, c, g.o.Now())
	v := view{site: s, Tone: done, Title: s.say("saved_title"), Text: []string{s.say("same_text")}, More: g.toPreferences(s, l)}
	v.More.Label = s.say("saved_more")
	if some {
		if err := g.take(ctx, l.Customer, e); err != nil {
			return view{}, err
		}
		v.Text[0] = s.say("saved_text")
	}
	return v, nil
}

// choices reads what was chosen. What is none of the page's choices is left as it is.
func (g *Gateway) choices(s site, c *customer.Customer, form url.Values, born string) preference.Choices {
	x := preference.Choices{Kinds: map[string]bool{}, Birthday: born}
	for _, w := range s.store.Marketing() {
		if slices.Contains(form["shown"], w.Name) {
			x.Kinds[w.Name] = slices.Contains(form["kind"], w.Name)
		}
	}
	if most, ok := caps[form.Get("often")]; ok {
		x.AtMost = &most
	}
	if n, ok := days[form.Get("pause")]; ok {
		x.PauseUntil = new(g.o.Now().UTC().Truncate(time.Second).AddDate(0, 0, n))
	}
	if !themselves(c) {
		x.Birthday = ""
		return x
	}
	for _, o := range g.languages(s, c) {
		if o.Value == form.Get("language") && !o.Chosen {
			x.Locale = o.Value
		}
	}
	if zone := form.Get("zone"); known(zone) && zone != c.Location(zoneOf(s.store)).String() {
		x.TimeZone = zone
	}
	return x
}

// wrongDay is the page as it was sent, with a day that does not exist.
func (g *Gateway) wrongDay(s site, l link.Link, c *customer.Customer, form url.Values) view {
	v := g.chooses(s, l, c)
	keep := func(os []option, name string) {
		for i := range os {
			os[i].Chosen = slices.Contains(form[name], os[i].Value)
		}
	}
	keep(v.Settings.Kinds, "kind")
	keep(v.Settings.Often, "often")
	keep(v.Settings.Pause, "pause")
	keep(v.Settings.Languages, "language")
	for i := range v.Settings.Zones {
		keep(v.Settings.Zones[i].Zones, "zone")
	}
	if b := v.Settings.Birthday; b != nil {
		b.choose(form.Get("day"), form.Get("month"), form.Get("year"))
	}
	return v
}

// toPreferences leads to the preferences of whose link it is.
func (g *Gateway) toPreferences(s site, l link.Link) *further {
	l = link.Link{Purpose: link.Preferences, Customer: l.Customer, Worker: l.Worker}
	return &further{URL: g.o.Links.URL(l), Label: s.say("ask_fewer")}
}
