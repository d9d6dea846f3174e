package gateway

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

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
	a := reply{kind: "preferences", code: http.StatusOK}
	if !g.admit(r, l.Customer.Token) {
		a.view, a.code = notNow(s), http.StatusTooManyRequests
		return a
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		a.view, a.code = g.asked(r.Context(), s, l, func(c *customer.Customer) view { return g.chooses(s, l, c) })
	case http.MethodPost:
		form, err := sent(w, r)
		if err != nil {
			a.view, a.code = notHere(s), http.StatusRequestEntityTooLarge
			return a
		}
		a.view, a.code = g.chose(r, s, l, form)
	default:
		a.view, a.code, a.allow = notHere(s), http.StatusMethodNotAllowed, "GET, HEAD, POST"
	}
	return a
}

// chose does what was chosen on the page. What says nothing changes nothing.
func (g *Gateway) chose(r *http.Request, s site, l link.Link, form url.Values) (view, int) {
	do := form.Get("do")
	if oneClick(form) {
		do = stopAll
	}
	switch do {
	case stopAll:
		l.Purpose = link.Unsubscribe // which also is in force where nothing can be recorded
		return g.recorded(r, s, l, events.ScopeAll, g.unsubscribe)
	case goBack:
		return asksToAgree(s), http.StatusOK
	case agree:
		return g.change(r, s, form, func(ctx context.Context) (view, error) { return g.agreed(ctx, s, l, preference.Page) })
	case save:
		return g.change(r, s, form, func(ctx context.Context) (view, error) { return g.saved(ctx, s, l, form) })
	}
	return g.asked(r.Context(), s, l, func(c *customer.Customer) view { return g.chooses(s, l, c) })
}

// change has something recorded that cannot wait: the page says so only when it is done.
func (g *Gateway) change(r *http.Request, s site, form url.Values, record func(context.Context) (view, error)) (view, int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	v, err := g.within(ctx, cancel, func() (view, error) { return record(ctx) })
	if err != nil {
		g.o.Log.Warn("preferences were not recorded; the customer is asked to try again", zap.Error(err))
		v = tryAgain(s, "")
		v.Form.Hidden = again(form)
		return v, http.StatusServiceUnavailable
	}
	return v, http.StatusOK
}

// again is what was sent, to be sent once more.
func again(form url.Values) (out []hidden) {
	for _, name := range []string{"do", "kind", "shown", "often", "pause", "day", "month", "year", "language", "zone"} {
		for _, value := range form[name] {
			out = append(out, hidden{name, value})
		}
	}
	return out
}

// asked reads the person of a link, and shows what is known. While that cannot be read,
// they can leave all the same.
func (g *Gateway) asked(ctx context.Context, s site, l link.Link, show func(*customer.Customer) view) (view, int) {
	c, err := g.person(ctx, l)
	switch {
	case err != nil:
		g.o.Log.Warn("a page could not be shown; who asked is told to try again", zap.String("link", string(l.Purpose)), zap.Error(err))
		v := notNow(s)
		if l.Purpose == link.Preferences {
			v.Form = &form{Hidden: []hidden{{"do", stopAll}}, Button: s.say("prefs_stop"), Quiet: true}
		}
		return v, http.StatusServiceUnavailable
	case c.Gone():
		return incomplete(s), http.StatusNotFound
	}
	return show(&c), http.StatusOK
}

// person has its place among what is recorded, so that a flood of links leaves room there.
func (g *Gateway) person(ctx context.Context, l link.Link) (customer.Customer, error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if err := g.place(ctx); err != nil {
		return customer.Customer{}, err
	}
	defer func() { <-g.slots }()
	return g.o.Person(ctx, l.Customer)
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
func asksToAgree(s site) view {
	return view{
		site: s, Tone: asking, Title: s.say("back_title"), Text: []string{s.say("back_text")}, List: kindsOf(s), Small: s.say("back_stop"),
		Form: &form{Hidden: []hidden{{"do", agree}}, Button: s.say("back_button")},
	}
}

// kindsOf are the kinds of marketing email of a store.
func kindsOf(s site) (out []string) {
	for _, w := range s.store.Marketing() {
		out = append(out, s.words.Kind(w.Name))
	}
	return out
}

// agreed records that a person agrees to email.
func (g *Gateway) agreed(ctx context.Context, s site, l link.Link, where string) (view, error) {
	c, err := g.o.Person(ctx, l.Customer)
	if err != nil {
		return view{}, err
	}
	if c.Gone() {
		return incomplete(s), nil
	}
	if e, some := preference.Yes(l.Customer, &c, where, g.o.Now()); some {
		if err := g.take(ctx, l.Customer, e); err != nil {
			return view{}, err
		}
	}
	return view{site: s, Tone: done, Title: s.say("agreed_title"), Text: []string{s.say("agreed_text"), s.say("back_stop")}, More: g.toPreferences(s, l)}, nil
}

// saved records what was chosen.
func (g *Gateway) saved(ctx context.Context, s site, l link.Link, form url.Values) (view, error) {
	c, err := g.o.Person(ctx, l.Customer)
	if err != nil {
		return view{}, err
	}
	if c.Gone() {
		return incomplete(s), nil
	}
	if preference.Left(&c) { // meanwhile, elsewhere: only an explicit yes brings them back
		return g.chooses(s, l, &c), nil
	}
	born, ok := dayOf(form.Get("day"), form.Get("month"), form.Get("year"), g.o.Now())
	if !ok {
		return g.wrongDay(s, l, &c, form), nil
	}
	e, some := g.choices(s, &c, form, born).Event(l.Customer, &c, g.o.Now())
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
