package gateway

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"homing/events"
	"homing/pkg/cldr"
	"homing/pkg/customer"
)

// settings are the choices of a preference page, as they are now.
type settings struct {
	site      site
	Kinds     []option
	Often     []option
	Pause     []option
	Birthday  *birthday // nil: nobody would be greeted
	Languages []option
	Zones     []zoneGroup
}

// Say is a phrase of the page.
func (s *settings) Say(key string) string { return s.site.say(key) }

// Born is the birthday as the page asks for it; nil: it does not.
func (s *settings) Born() *born {
	if s.Birthday == nil {
		return nil
	}
	return &born{s.Birthday, s.site}
}

// An option is one of several choices.
type option struct {
	Value, Label string
	Chosen       bool
}

// birthday asks for a day. One that is known is not shown: people forward emails, and the
// link with them.
type birthday struct {
	Hint         string
	Days, Months []option
	Year         string
	Wrong        bool
}

// The choices of how often, and for how long.
const (
	asUsual  = "usual"
	weekly   = "week"
	monthly  = "month"
	asBefore = "own" // another cap, which the shop's own page may have
	noPause  = "none"
	onePause = "30"
	twoPause = "90"
	keepOn   = "keep" // the pause that there is
)

var caps = map[string]events.AtMost{asUsual: {}, weekly: {Limit: 1, Window: "7d"}, monthly: {Limit: 1, Window: "30d"}}

// days are how many a pause has.
var days = map[string]int{noPause: 0, onePause: 30, twoPause: 90}

// settings returns what a person may choose, and has chosen.
func (g *Gateway) settings(s site, c *customer.Customer) *settings {
	out := &settings{site: s, Often: often(s, c), Pause: g.pauses(s, c)}
	if themselves(c) {
		out.Languages, out.Zones = g.languages(s, c), zonesFor(s, c.Location(zoneOf(s.store)).String())
	}
	for _, w := range s.store.Marketing() {
		out.Kinds = append(out.Kinds, option{w.Name, s.words.Kind(w.Name), !c.Unsubscribed(w.Name)})
		if w.Birthdays != nil && themselves(c) {
			out.Birthday = birthdayOf(s, c)
		}
	}
	return out
}

// themselves reports whether a link is that of an id. One in an email about somebody
// else's order is that of a mailbox: what is kept of it outlives an erasure, so that it is
// asked for nothing that says who reads it.
func themselves(c *customer.Customer) bool { return c.Account() != "" }

func often(s site, c *customer.Customer) (out []option) {
	now, known := c.AtMost(), false
	for _, value := range []string{asUsual, weekly, monthly} {
		is := caps[value] == now
		known = known || is
		out = append(out, option{value, s.say("prefs_often_" + value), is})
	}
	if !known {
		out = append(out, option{asBefore, s.say("prefs_often_own"), true})
	}
	return out
}

func (g *Gateway) pauses(s site, c *customer.Customer) (out []option) {
	until := c.PausedUntil()
	paused := until.After(g.o.Now())
	if paused {
		day := cldr.Of(s.locale()).AppendDate(nil, until.In(c.Location(zoneOf(s.store))))
		out = append(out, option{keepOn, s.words.Say("prefs_pause_until", s.store.View.Name, string(day)), true})
	}
	for _, value := range []string{noPause, onePause, twoPause} {
		out = append(out, option{value, s.say("prefs_pause_" + value), !paused && value == noPause})
	}
	return out
}

// locale is how the page writes dates: as the store does, if that is a regional form of
// the page's language.
func (s site) locale() string {
	if of, _, _ := strings.Cut(s.store.View.Locale, "-"); of == s.words.Lang {
		return s.store.View.Locale
	}
	return s.words.Lang
}

// languages are those that the pages have, if there is a choice.
func (g *Gateway) languages(s site, c *customer.Customer) (out []option) {
	set, store := g.words(s.store)
	speaks := set.Pages(store, c.Language(), s.store.View.Locale) // in the person's emails
	for _, p := range set.PagesOf(store) {
		out = append(out, option{p.Lang, p.Say("language_name", "", ""), p == speaks})
	}
	if len(out) < 2 {
		return nil
	}
	slices.SortFunc(out, func(a, b option) int { return cmp.Compare(a.Label, b.Label) })
	return out
}

func birthdayOf(s site, c *customer.Customer) *birthday {
	b := &birthday{Hint: s.say("prefs_birthday_hint")}
	if c.Born() != "" {
		b.Hint = s.say("prefs_birthday_known")
	}
	for d := 1; d <= 31; d++ {
		b.Days = append(b.Days, option{Value: strconv.Itoa(d)})
	}
	for i, name := range cldr.Of(s.locale()).Months() {
		b.Months = append(b.Months, option{Value: strconv.Itoa(i + 1), Label: name})
	}
	return b
}

// choose marks what was sent, so that a mistake costs nobody what they had filled in.
func (b *birthday) choose(day, month, year string) {
	for i := range b.Days {
		b.Days[i].Chosen = b.Days[i].Value == day
	}
	for i := range b.Months {
		b.Months[i].Chosen = b.Months[i].Value == month
	}
	b.Year, b.Wrong = year, true
}

// dayOf reads a birthday; ok says that there is such a day, or that none was chosen.
func dayOf(day, month, year string, now time.Time) (born string, ok bool) {
	day, month, year = strings.TrimSpace(day), strings.TrimSpace(month), strings.TrimSpace(year)
	if day+month+year == "" {
		return "", true
	}
	in := cmp.Or(year, "2000") // a leap year
	if len(day) == 1 {
		day = "0" + day
	}
	if len(month) == 1 {
		month = "0" + month
	}
	t, err := time.Parse(time.DateOnly, in+"-"+month+"-"+day)
	switch {
	case err != nil || len(in) != 4:
		return "", false
	case year == "":
		return "--" + month + "-" + day, true
	case t.Year() < 1850 || t.After(now):
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// masked is an address as it may be shown to anybody who has the link: its reader knows it.
func masked(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return ""
	}
	_, n := utf8.DecodeRuneInString(local)
	return local[:n] + "•••@" + domain
}
