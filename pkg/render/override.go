package render

import (
	"maps"
	"path"
	"slices"
	"strings"

	"homing/pkg/survey"
)

// override puts together the emails of a store that has files of its own: those that
// differ by them, and no others.
func (d *directory) override(store string, shared map[string]*choice, only Only) (map[string]*choice, []*Pages, map[string]*survey.Survey) {
	own, books := d.forStore(store)
	changed := d.overrides[store]
	own.mails = slices.DeleteFunc(slices.Clone(d.mails), func(name string) bool {
		c := shared[name]
		return c == nil || !own.differs(c, changed)
	})
	made, pages := own.compose(only), []*Pages(nil)
	if only.Mail == "" {
		pages = own.pagesOf(books)
	}
	for name, c := range made {
		if class := shared[name].meta.Class; c.meta.Class != class {
			own.ps.addf(name+".html", 0, 0, "is of class %q for everybody else, and cannot be of another one for a store", orElse(class, "(none)"))
		}
	}
	if only == (Only{}) {
		own.unusedPhrases(books, own.notes)
	}
	for _, found := range []struct{ from, to *problems }{{own.ps, d.ps}, {own.notes, d.notes}} {
		for _, f := range found.from.list {
			for _, p := range []*string{&f.told.File, &f.plain.File} {
				if _, is := changed[*p]; is {
					*p = path.Join(storesDir, store, *p)
				}
			}
			found.to.keep(f)
		}
	}
	return made, pages, own.surveys
}

// forStore is the directory as a store has it: its files take the place of those of the
// same path, and its phrases of those of the same key. The second result are its phrases
// by themselves.
func (d *directory) forStore(store string) (*directory, map[string]*book) {
	changed := d.overrides[store]
	own := *d
	own.ps, own.notes = &problems{}, &problems{}
	own.raw, own.overrides = maps.Clone(d.raw), nil
	own.books = maps.Clone(d.books)
	books := map[string]*book{}
	relayed := false
	for _, p := range slices.Sorted(maps.Keys(changed)) {
		k := kindOfFile(p)
		switch {
		case path.Dir(p) == phrasesDir:
			b := readBook(path.Join(storesDir, store, p), k.tag, changed[p], own.ps)
			books[k.tag] = b
			own.books[k.tag] = b.over(d.books[k.tag])
			continue
		case k.mail != "" && !slices.Contains(d.mails, k.mail):
			own.ps.addf(p, 0, 0, "there is no %s whose place this could take", k.mail+k.ext)
			continue
		}
		if own.raw[p] = changed[p]; path.Dir(p) == surveysDir && d.raw[p] == "" {
			own.ps.addf(p, 0, 0, "there is no %s whose place this could take", p)
		}
		relayed = relayed || path.Dir(p) == layoutsDir
		if k.ext == ".html" {
			lintFile(p, changed[p], own.ps)
		}
	}
	own.widen()
	own.surveys = maps.Clone(d.surveys)
	own.readSurveys(changed)
	own.partials, own.layouts = own.shared(partialsDir), own.shared(layoutsDir)
	if relayed {
		own.readSheets()
	}
	return &own, books
}

// over lays a store's phrases over those of everybody.
func (b *book) over(shared *book) *book {
	if shared == nil {
		return b
	}
	both := &book{tag: b.tag, path: b.path, sections: maps.Clone(shared.sections), pagesAt: b.pagesAt, under: shared.under}
	for name, section := range b.sections {
		in := maps.Clone(both.sections[name])
		if in == nil {
			in = map[string]*phrase{}
		}
		maps.Copy(in, section)
		both.sections[name] = in
	}
	return both
}

// differs reports whether an email is another one with a store's files.
func (d *directory) differs(c *choice, changed map[string]string) bool {
	for p := range changed {
		if c.uses[p] || kindOfFile(p).mail == c.name {
			return true
		}
		if path.Dir(p) != phrasesDir {
			continue
		}
		b := d.books[strings.TrimSuffix(path.Base(p), phrasesExt)]
		for key := range c.says {
			if p := b.find(c.name, key); p != nil && strings.HasPrefix(p.path, storesDir+"/") {
				return true
			}
		}
	}
	return false
}

// of returns an email as a store has it; nil if there is none.
func (s *Set) of(store, name string) *choice {
	if len(s.stores) > 0 {
		if c := s.stores[store][name]; c != nil {
			return c
		}
	}
	return s.mails[name]
}

// Stores returns the ids of the stores that have files of their own, sorted.
func (s *Set) Stores() []string { return slices.Sorted(maps.Keys(s.stores)) }
