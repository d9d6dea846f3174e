package render

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"
)

// A choice is one email in all the languages it is offered in.
type choice struct {
	name    string
	all     []*mail // by language
	samples []Sample
	meta    Meta

	// The words of the template are of no language that is known: its author had one
	// store in mind, so it follows the store's language, and not the customer's.
	ofStore bool

	picked sync.Map     // pickKey → *mail
	keys   atomic.Int32 // of picked
}

type pickKey struct{ customer, store string }

// tries returns the email in each of its languages, with each of its samples.
func (c *choice) tries() iter.Seq2[*mail, Sample] {
	return func(yield func(*mail, Sample) bool) {
		for _, m := range c.all {
			for _, s := range m.samples {
				if !yield(m, s) {
					return
				}
			}
		}
	}
}

// pick returns the email in the language for a customer of a store.
func (c *choice) pick(customer, store string) *mail {
	if len(c.all) == 1 {
		return c.all[0]
	}
	key := pickKey{customer, store}
	if m, ok := c.picked.Load(key); ok {
		return m.(*mail)
	}
	m := c.look(customer, store)
	// Locales come from events: someone may keep sending new ones.
	if c.keys.Add(1) <= maxKeys {
		c.picked.Store(key, m)
	}
	return m
}

// look goes from the customer's locale to its language, to the store's, to English,
// and takes the first language that there is.
func (c *choice) look(customer, store string) *mail {
	wanted := []string{customer, store, "en"}
	if c.ofStore {
		wanted = wanted[1:]
	}
	for _, locale := range wanted {
		t, ok := parseTag(locale)
		if !ok {
			continue
		}
		for tag := t.String(); tag != ""; tag = wider(tag) {
			if i := slices.IndexFunc(c.all, func(m *mail) bool { return m.meta.Lang == tag }); i >= 0 {
				return c.all[i]
			}
		}
		// Brazilian words are better than English ones for somebody in Lisbon; but
		// Serbian in another script is not.
		if i := slices.IndexFunc(c.all, func(m *mail) bool { return sameWriting(m.lang, t) }); i >= 0 {
			return c.all[i]
		}
	}
	return c.all[0]
}

// wider leaves out the last part of a tag: "de" of "de-AT", "" of "de".
func wider(tag string) string {
	i := strings.LastIndexByte(tag, '-')
	return tag[:max(i, 0)]
}

// sameWriting says whether two tags share language and script.
func sameWriting(a, b language.Tag) bool {
	x, _ := a.Script()
	y, _ := b.Script()
	return sameLanguage(a, b) && x == y
}

// mail puts one email together and tries it out; nil when anything is wrong.
func (d *directory) mail(name string) *choice {
	c := d.compile(name)
	if c == nil {
		return nil
	}
	for _, m := range c.all {
		if d.ps.language = ""; len(c.all) > 1 {
			d.ps.language = m.meta.Lang
		}
		lintMail(m, m.files, m.ref, d.ps)
		m.files, m.ref = nil, nil
	}
	return c
}

// compile compiles one email in every language it can be offered in.
func (d *directory) compile(name string) *choice {
	before := d.ps.found
	o := d.original(name, "")
	if o == nil {
		return nil
	}
	c := &choice{name: name, samples: o.samples}
	for _, l := range d.languages(o, c) {
		m := d.assemble(l.original, l.tag, l.book)
		if m == nil {
			continue
		}
		if l.book != nil {
			m.samples = inLanguage(m.samples, m.lang)
		}
		c.all = append(c.all, m)
	}
	if d.ps.found > before || len(c.all) == 0 {
		return nil
	}
	c.meta = c.all[0].meta
	c.meta.Lang = o.fm.Lang
	for _, m := range c.all {
		c.meta.Offer = c.meta.Offer || m.meta.Offer
	}
	return c
}

// A version is an email in one language, before it is compiled.
type version struct {
	*original
	tag  string
	book *book
}

// languages decides which languages an email is offered in: those that have all of its
// phrases. One that says no phrases is in the language of its words.
func (d *directory) languages(o *original, c *choice) []version {
	says, itself := o.says()
	if !says {
		return []version{{o, o.fm.Lang, nil}}
	}
	c.ofStore = !itself && o.fm.Lang == ""
	books := d.books
	if o.fm.Lang != "" {
		books = map[string]*book{}
		for tag := o.fm.Lang; tag != ""; tag = wider(tag) {
			if b := d.books[tag]; b != nil {
				books[tag] = b
				break
			}
		}
	}
	if len(books) == 0 {
		d.ps.addf(o.page, 0, 0, "{{t …}} is used here or in a partial, but there is no %s/%s%s", phrasesDir, orElse(o.fm.Lang, "en"), phrasesExt)
		return nil
	}
	var out []version
	var notes []func(*problems)
	for _, tag := range slices.Sorted(maps.Keys(books)) {
		missing := d.missing(o, books[tag])
		switch {
		case len(missing) > 0:
			notes = append(notes, func(ps *problems) { lacks(o, books[tag], missing, ps) })
		case books[tag].wider == nil || books[tag].matters(o):
			out = append(out, version{o, orElse(o.fm.Lang, tag), books[tag]})
		}
	}
	unknown := d.unknown(o, books)
	for _, note := range notes {
		if len(out) > 0 {
			note(d.notes)
		} else if !unknown {
			note(d.ps)
		}
	}
	return out
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// says reports whether an email says any phrases, and whether any of them are in its
// own files.
func (o *original) says() (any, itself bool) {
	for _, s := range o.all() {
		if len(s.calls) > 0 {
			any = true
			itself = itself || s.path == o.page || s.path == o.words
		}
	}
	return any, itself
}

// missing returns the keys of phrases that an email says and a language lacks.
func (d *directory) missing(o *original, b *book) []string {
	keys := map[string]bool{}
	for _, s := range o.all() {
		find := o.find(b, s)
		for _, m := range s.calls {
			if find(m.key) == nil {
				keys[m.key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// matters reports whether a book of a region changes an email of its language.
func (b *book) matters(o *original) bool {
	for _, s := range o.all() {
		find := o.find(b, s)
		for _, m := range s.calls {
			if find(m.key).path == b.path {
				return true
			}
		}
	}
	return false
}

// unknown reports the phrases that no language has, and returns whether there are any.
func (d *directory) unknown(o *original, books map[string]*book) bool {
	found := false
	for _, s := range o.all() {
		for _, m := range s.calls {
			known := map[string]bool{}
			there := false
			for _, b := range books {
				there = there || o.find(b, s)(m.key) != nil
				for _, key := range b.keys(o.name) {
					known[key] = true
				}
			}
			if there {
				continue
			}
			found = true
			line, col := s.place(m.at)
			if s.own {
				d.ps.addf(o.page, 0, 0, "needs a %s, in its front matter or as a phrase of the section %s in phrases/%s%s", m.key, o.name, slices.Sorted(maps.Keys(books))[0], phrasesExt)
				continue
			}
			d.ps.addf(s.path, line, col, "there is no phrase %q for %s%s", m.key, o.name, didYouMean(m.key, slices.Collect(maps.Keys(known))))
		}
	}
	return found
}

// lacks says what a language lacks for an email to be offered in it.
func lacks(o *original, b *book, missing []string, ps *problems) {
	const most = 5
	what := "the phrases " + strings.Join(missing[:min(len(missing), most)], ", ")
	if n := len(missing) - most; n > 0 {
		what += fmt.Sprintf(" and %d more", n)
	}
	if len(missing) == 1 {
		what = "the phrase " + missing[0]
	}
	ps.addf(b.path, 0, 0, "%s: is not offered in %s, which lacks %s", o.name, b.tag, what)
}

// inLanguage returns samples of customers and a store that speak a language.
func inLanguage(samples []Sample, lang language.Tag) []Sample {
	out := slices.Clone(samples)
	for i := range out {
		out[i].Data = out[i].Data.In(lang.String())
	}
	return out
}

// In returns d as it would be for a customer who speaks a language, in a store that
// does. What is of that language already, of any region, stays.
func (d Data) In(lang string) Data {
	want, ok := parseTag(lang)
	if !ok {
		return d
	}
	for _, locale := range []*string{&d.Store.Locale, &d.Customer.Locale} {
		if has, ok := parseTag(*locale); !ok && *locale != "" || ok && !sameLanguage(has, want) {
			*locale = lang
		}
	}
	return d
}
