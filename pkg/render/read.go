package render

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"homing/pkg/survey"
)

// EachFile calls do with the path of each file of a folder of templates: not of those that
// are hidden, nor of what editors and people leave among them.
func EachFile(fsys fs.FS, do func(path string) error) error {
	return fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir(), ignored(p):
			return nil
		}
		return do(p)
	})
}

// ignored reports whether a file is no template, and may be among them.
func ignored(p string) bool {
	ext := path.Ext(p)
	return ext == ".md" || ext == ".go" || strings.HasSuffix(ext, "~")
}

// read sorts the files of fsys.
func (d *directory) read(fsys fs.FS) error {
	err := EachFile(fsys, func(p string) error { return d.readFile(fsys, p) })
	slices.Sort(d.mails)
	if err != nil {
		return err
	}
	return d.readUnder(fsys)
}

// languagesOf returns the languages that an email has files of its own in.
func (d *directory) languagesOf(mail string) []string {
	tags := map[string]bool{}
	for p := range d.raw {
		if strings.HasPrefix(p, mail+".") {
			if k := kindOfFile(p); k.mail == mail && k.tag != "" {
				tags[k.tag] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(tags))
}

// readFile reads one file, if it has a place.
func (d *directory) readFile(fsys fs.FS, p string) error {
	kind := kindOfFile(p)
	if kind.fault == "" && kind.tag != "" {
		kind.fault = wrongLanguage(kind.tag, kind.ext)
	}
	if kind.fault != "" {
		d.ps.addf(p, 0, 0, "%s", kind.fault)
		return nil
	}
	text, err := d.readText(fsys, p)
	if err != nil || text == "" {
		return err
	}
	if kind.store != "" {
		of := d.overrides[kind.store]
		if of == nil {
			of = map[string]string{}
			d.overrides[kind.store] = of
		}
		of[kind.path] = text
		return nil
	}
	d.raw[p] = text
	if kind.mail != "" && !slices.Contains(d.mails, kind.mail) {
		d.mails = append(d.mails, kind.mail)
	}
	return nil
}

// A fileKind is what a file is, by its path.
type fileKind struct {
	store string // whose it is; "": everybody's
	path  string // without the store's folder
	mail  string // "worker/step"; "" of a layout, a partial, phrases or a survey
	tag   string // of the one language it is for
	ext   string

	fault string // why it cannot be there
}

func kindOfFile(p string) fileKind {
	k := fileKind{path: p}
	if rest, of := strings.CutPrefix(p, storesDir+"/"); of {
		k.store, k.path, _ = strings.Cut(rest, "/")
	}
	stem := k.path
	for _, known := range []string{sampleExt, ".html", ".txt", phrasesExt} {
		if before, found := strings.CutSuffix(k.path, known); found {
			stem, k.ext = before, known
			break
		}
	}
	dir, base := path.Split(stem)
	dir = strings.TrimSuffix(dir, "/")
	if k.ext == "" || (k.ext == phrasesExt) != (dir == phrasesDir || dir == surveysDir) {
		k.fault = fmt.Sprintf("templates are .html, .txt and %s files, phrases/<language>%s and %s/<name>%s; move this one elsewhere", sampleExt, phrasesExt, surveysDir, survey.Ext)
		return k
	}
	step, tag, _ := strings.Cut(base, ".")
	switch {
	case dir == phrasesDir:
		k.tag = base
		return k
	case dir == surveysDir:
		if !fileName.MatchString(base) {
			k.fault = "name it surveys/<name>.yaml with lower-case letters, digits and dashes, such as surveys/order.yaml"
		}
		return k
	case !fileName.MatchString(step) || !fileName.MatchString(dir):
		k.fault = "name it <worker>/<step> with lower-case letters, digits and dashes, such as thank-you/thanks.html"
	case dir != layoutsDir && dir != partialsDir:
		k.mail = dir + "/" + step
	}
	k.tag = tag
	if step != base && k.fault == "" && (k.mail == "" || k.ext == sampleExt) {
		k.fault = fmt.Sprintf("only an email itself has files for one language; write {{t …}} here, and the words in phrases/%s%s", tag, phrasesExt)
	}
	return k
}

// wrongLanguage says why a file is not called by a language there is, in the form that
// everybody else writes it in; "" if it is.
func wrongLanguage(tag, ext string) string {
	t, ok := parseTag(tag)
	switch {
	case !ok:
		return fmt.Sprintf("%q is no language; call the file by one, as in de%s, or by a language and a country, as in de-AT%s", tag, ext, ext)
	case t.String() != tag:
		return fmt.Sprintf("%q is written %s: rename the file", tag, t)
	}
	return ""
}

// readText reads a file; "" if it is too large, which is reported.
func (d *directory) readText(fsys fs.FS, p string) (string, error) {
	if info, err := fs.Stat(fsys, p); err == nil && info.Size() > maxSource {
		d.ps.addf(p, 0, 0, "is larger than %d KiB", maxSource>>10)
		d.large[p] = true
		return "", nil
	}
	raw, err := fs.ReadFile(fsys, p)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(raw) {
		line, col := badText(raw)
		d.ps.addf(p, line, col, "is not UTF-8: save it as UTF-8 (in most editors: Save with encoding)")
		raw = bytes.ToValidUTF8(raw, nil)
	}
	return normalize(raw), nil
}
