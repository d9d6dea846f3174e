package render

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// underDir is a folder, hidden from people, with phrases that are laid under those of the
// same file: for templates that were written for an older version of the program, which
// says more by now.
const underDir = ".under"

// Under is where a file of phrases is put that is to be laid under another of the same
// path; "" of a file that holds no phrases, and is replaced as a whole.
func Under(p string) string {
	if path.Dir(p) != phrasesDir || path.Ext(p) != phrasesExt {
		return ""
	}
	return path.Join(underDir, p)
}

// readUnder reads what is laid under the phrases.
func (d *directory) readUnder(fsys fs.FS) error {
	dir := path.Join(underDir, phrasesDir)
	found, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d.under = map[string]*book{}
	for _, e := range found {
		text, err := d.readText(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		tag := strings.TrimSuffix(e.Name(), phrasesExt)
		d.under[tag] = readBook(path.Join(phrasesDir, e.Name()), tag, text, &problems{})
	}
	return nil
}

// lay puts under each book the one of the same language.
func (d *directory) lay() {
	for tag, b := range d.books {
		b.under = d.under[tag]
	}
}

// beneath returns a phrase of one of some sections that a language has from what is laid
// under it, and notes that it is used.
func (b *book) beneath(sections ...string) func(key string) *phrase {
	return func(key string) *phrase {
		for ; b != nil; b = b.wider {
			for _, section := range sections {
				if b.under == nil {
					continue
				}
				if p := b.under.sections[section][key]; p != nil {
					p.used.Store(true)
					return p
				}
			}
		}
		return nil
	}
}

// filledIn says which phrases the templates lack, and have from what is laid under them.
func (d *directory) filledIn() {
	for _, tag := range slices.Sorted(maps.Keys(d.under)) {
		var names []string
		for section, phrases := range d.under[tag].sections {
			for key, p := range phrases {
				if p.used.Load() {
					names = append(names, section+": "+key)
				}
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.Sort(names)
		d.notes.addf(d.under[tag].path, 0, 0, "lacks %s; the words that come with the program are used", few(names))
	}
}
