package render

import (
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

	uses map[string]bool // the files it is made of, by path
	says map[string]bool // the keys of phrases that it says

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

// mail puts one email together and tries it out; nil when it cannot be compiled.
func (d *directory) mail(name string, only Only) *choice {
	c := d.compile(name, only.Language)
	if c == nil {
		return nil
	}
	for i, m := range c.all {
		if d.ps.language = ""; len(c.all) > 1 {
			d.ps.language = m.meta.Lang
		}
		if !only.Unchecked {
			d.tryOnce(m, i > 0 && m.page == c.all[0].page)
		}
		m.files, m.plain, m.written, m.ref = nil, nil, "", nil
	}
	return c
}

// compile compiles one email in every language it can be offered in, or in the one
// that is asked for.
func (d *directory) compile(name, only string) *choice {
	o := d.original(name, "")
	if o == nil {
		return nil
	}
	c := &choice{name: name, samples: o.samples, uses: map[string]bool{}, says: map[string]bool{}}
	versions := d.languages(o, c)
	for _, tag := range d.languagesOf(name) {
		versions = d.withFilesOf(tag, o, versions, c)
	}
	slices.SortFunc(versions, func(a, b version) int { return strings.Compare(a.tag, b.tag) })
	if slices.ContainsFunc(versions, func(v version) bool { return v.tag == only }) {
		versions = slices.DeleteFunc(versions, func(v version) bool { return v.tag != only })
	}
	for _, v := range versions {
		v.note(c)
		m := d.assemble(v.original, v.tag, v.book)
		if m == nil {
			continue
		}
		if len(versions) > 1 || v.book != nil {
			m.samples = inLanguage(m.samples, m.lang)
		}
		c.meta.Offer = c.meta.Offer || m.meta.Offer
		if m.shows.ask {
			c.samples = asking(c.samples)
		}
		for _, a := range m.subjects {
			if a.name != "" && !slices.Contains(c.meta.Subjects, a.name) {
				c.meta.Subjects = append(c.meta.Subjects, a.name)
			}
		}
		c.all = append(c.all, m)
	}
	if len(c.all) == 0 {
		return nil
	}
	c.meta.Class, c.meta.Description, c.meta.Lang = o.fm.Class, o.fm.Description, o.fm.Lang
	return c
}

// note adds what a version is made of to what is known of the email.
func (v *version) note(c *choice) {
	c.uses[v.samplePath] = true
	if v.fm.Survey != "" {
		c.uses[surveyFile(v.fm.Survey)] = true
	}
	for _, s := range v.all() {
		c.uses[s.path] = true
		for _, m := range s.calls {
			c.says[m.key] = true
		}
	}
}

// withFilesOf adds the version of a language that an email has files of its own in, or
// has it take the place of the one that phrases make.
func (d *directory) withFilesOf(tag string, o *original, versions []version, c *choice) []version {
	own := d.original(o.name, tag)
	if own == nil {
		return versions
	}
	if own.page != o.page {
		if own.fm.Lang != "" && own.fm.Lang != tag {
			d.ps.addf(own.page, own.fm.lines["lang"], 0, "lang says %s, and the file is called by %s; leave lang out", own.fm.Lang, tag)
		}
		if own.fm.Class != "" && own.fm.Class != o.fm.Class {
			d.ps.addf(own.page, own.fm.lines["class"], 0, "the class is that of %s; leave it out here", o.page)
		}
	}
	for _, part := range []struct {
		own, shared string
		content     *source
		ext         string
	}{{own.page, o.page, o.content(), ".html"}, {own.words, o.words, o.text[contentName], ".txt"}} {
		// What has words of its own in another language cannot be shared.
		if part.own == part.shared && part.content != nil && len(part.content.calls) == 0 && !d.speaks(o.fm.Lang, tag) {
			d.ps.addf(o.name+"."+tag+part.ext, 0, 0, "is missing: %s says no phrases, so its words are in one language", part.shared)
		}
	}
	own.fm.Class, own.fm.Description, own.fm.Lang = o.fm.Class, o.fm.Description, tag
	versions = slices.DeleteFunc(versions, func(v version) bool { return v.tag == tag })
	for _, v := range d.languages(own, c) {
		versions = append(versions, version{v.original, tag, v.book})
	}
	return versions
}

// content is the source of an email's own HTML.
func (o *original) content() *source {
	if o.fm.Layout == noLayout {
		return o.html[layoutName]
	}
	return o.html[contentName]
}

// speaks reports whether words in a language will do for another.
func (*directory) speaks(lang, tag string) bool {
	a, ok := parseTag(lang)
	b, _ := parseTag(tag)
	return ok && sameWriting(a, b)
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
	c.ofStore = c.ofStore || !itself && o.fm.Lang == ""
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
		own := d.saying(o, books[tag])
		missing := d.missing(own, books[tag])
		switch {
		case len(missing) > 0:
			notes = append(notes, func(ps *problems) { lacks(own, books[tag], missing, ps) })
		case books[tag].wider == nil || books[tag].matters(own):
			out = append(out, version{own, orElse(o.fm.Lang, tag), books[tag]})
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
			there := false
			for _, b := range books { // each of them: it notes what is said
				there = o.find(b, s)(m.key) != nil || s.own && m.key == "subject" && len(b.arms(o.name)) > 0 || there
			}
			if there {
				continue
			}
			found = true
			known := map[string]bool{}
			for _, b := range books {
				for _, key := range b.keys(o.name) {
					known[key] = true
				}
			}
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
	what := "the phrases "
	if len(missing) == 1 {
		what = "the phrase "
	}
	what += few(missing)
	ps.addf(b.path, 0, 0, "%s: is not offered in %s, which lacks %s", o.name, b.tag, what)
}

// Languages returns the languages that an email is offered in, sorted; "" is the
// store's, of one whose words are in a language that nothing tells.
func (s *Set) Languages(name string) []string {
	c := s.mails[name]
	if c == nil {
		return nil
	}
	out := make([]string, len(c.all))
	for i, m := range c.all {
		out[i] = m.meta.Lang
	}
	return out
}

// Language returns which of its languages an email has for a customer's and a store's
// locale.
func (s *Set) Language(name, customer, store string) string {
	c := s.mails[name]
	if c == nil {
		return ""
	}
	return c.pick(customer, store).meta.Lang
}
