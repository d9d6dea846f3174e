package gateway

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/templates"
)

// The most of a header that is read. A browser sends a handful of languages.
const (
	maxAccept    = 1000
	maxLanguages = 10
)

// accepted returns the languages that a request asks for, the dearest first. What cannot
// be understood is left out: nobody stays subscribed because of a header.
func accepted(h http.Header) []string {
	type wish struct {
		tag string
		q   float64
	}
	var wishes []wish
	header := strings.Join(h.Values("Accept-Language"), ",")
	for part := range strings.SplitSeq(header[:min(len(header), maxAccept)], ",") {
		tag, params, _ := strings.Cut(part, ";")
		tag, q := strings.TrimSpace(tag), 1.0
		if name, value, _ := strings.Cut(params, "="); strings.EqualFold(strings.TrimSpace(name), "q") {
			var err error
			if q, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
				continue
			}
		}
		if tag == "*" || !(q > 0 && q <= 1) {
			continue
		}
		wishes = append(wishes, wish{tag, q})
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.q, a.q) })
	var out []string
	for _, w := range wishes[:min(len(wishes), maxLanguages)] {
		out = append(out, w.tag)
	}
	return out
}

// ownWords are those that come with the program, for a process that has no templates, and
// for templates without a word for the pages.
var ownWords = sync.OnceValue(func() *render.Set {
	set, err := render.LoadPages(templates.Files)
	if err != nil {
		panic(err) // they are part of the program
	}
	return set
})

// A site is the pages of a store, as one request sees them.
type site struct {
	store *programme.Store
	words *render.Pages
	dress *dress
}

// site returns the pages of a store in the language of a request.
func (g *Gateway) site(store *programme.Store, h http.Header) site {
	set, of := g.words(store)
	words := set.Pages(of, append(accepted(h), store.View.Locale)...)
	d := g.dresses[store]
	if d == nil {
		d = g.plain
	}
	return site{store, words, d}
}

// words are the words of a store's pages in all languages: a set, and what the store is
// called in it.
func (g *Gateway) words(store *programme.Store) (*render.Set, string) {
	if g.o.Templates != nil {
		if set := g.o.Templates(); set != nil && len(set.PagesOf(store.ID)) > 0 {
			return set, store.ID
		}
	}
	return ownWords(), ""
}

// say is a phrase of the pages.
func (s site) say(key string) string { return s.words.Say(key, s.store.View.Name, "") }

// sayOf is a phrase about the emails of a worker.
func (s site) sayOf(key, worker string) string {
	return s.words.Say(key, s.store.View.Name, s.words.Emails(worker))
}
