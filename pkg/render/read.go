package render

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// read walks fsys and sorts its files.
func (d *directory) read(fsys fs.FS) error {
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		}
		return d.readFile(fsys, p)
	})
	slices.Sort(d.mails)
	return err
}

func (d *directory) readFile(fsys fs.FS, p string) error {
	stem, ext := p, ""
	for _, known := range []string{sampleExt, ".html", ".txt", phrasesExt} {
		if before, found := strings.CutSuffix(p, known); found {
			stem, ext = before, known
			break
		}
	}
	dir, base := path.Split(stem)
	dir = strings.TrimSuffix(dir, "/")
	if given := path.Ext(p); ext == "" || (ext == phrasesExt) != (dir == phrasesDir) {
		if given != ".md" && given != ".go" && !strings.HasSuffix(given, "~") {
			d.ps.addf(p, 0, 0, "templates are .html, .txt and %s files, and phrases/<language>%s; move this one elsewhere", sampleExt, phrasesExt)
		}
		return nil
	}
	step, tag, _ := strings.Cut(base, ".")
	switch {
	case dir == phrasesDir:
		if !d.isLanguage(p, base, ext) {
			return nil
		}
	case !fileName.MatchString(step) || !fileName.MatchString(dir):
		d.ps.addf(p, 0, 0, "name it <worker>/<step> with lower-case letters, digits and dashes, such as thank-you/thanks.html")
		return nil
	case step != base && (dir == layoutsDir || dir == partialsDir || ext == sampleExt):
		d.ps.addf(p, 0, 0, "only an email itself has files for one language; write {{t …}} here, and the words in phrases/%s%s", tag, phrasesExt)
		return nil
	case step != base && !d.isLanguage(p, tag, ext):
		return nil
	}
	text, err := d.readText(fsys, p)
	if err != nil || text == "" {
		return err
	}
	d.raw[p] = text
	if name := dir + "/" + step; dir != layoutsDir && dir != partialsDir && dir != phrasesDir {
		if !slices.Contains(d.mails, name) {
			d.mails = append(d.mails, name)
		}
		if step != base && !slices.Contains(d.locales[name], tag) {
			d.locales[name] = append(d.locales[name], tag)
		}
	}
	return nil
}

// isLanguage reports whether a file is called by a language there is, in the form that
// everybody else writes it in.
func (d *directory) isLanguage(p, tag, ext string) bool {
	t, ok := parseTag(tag)
	switch {
	case !ok:
		d.ps.addf(p, 0, 0, "%q is no language; call the file by one, as in de%s, or by a language and a country, as in de-AT%s", tag, ext, ext)
	case t.String() != tag:
		d.ps.addf(p, 0, 0, "%q is written %s: rename the file", tag, t)
		return false
	}
	return ok
}

// readText reads a file; "" if it is too large, which is reported.
func (d *directory) readText(fsys fs.FS, p string) (string, error) {
	if info, err := fs.Stat(fsys, p); err == nil && info.Size() > maxSource {
		d.ps.addf(p, 0, 0, "is larger than %d KiB", maxSource>>10)
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
