package render

import (
	"bytes"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/template/parse"
	"unicode/utf8"

	"homing/pkg/problem"
)

// The directories under templates/ that hold no emails.
const (
	layoutsDir  = "layouts"
	partialsDir = "partials"
	sampleExt   = ".sample.yaml"
)

// The names under which an email's own templates are kept next to the partials.
const (
	layoutName  = "layout"
	contentName = "content"
)

// fileName is what workers, steps and partials may be called: the names become
// subjects and keys elsewhere.
var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// A file is one parsed template.
type file struct {
	path string
	text string // as the parser saw it; positions count in it
	tree *parse.Tree
}

// place is where a node begins. The parser puts .A.B at .B, so the length of
// what comes before is subtracted.
func (f *file) place(n parse.Node) (line, col int) {
	at := int(n.Position())
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) > 1 {
			at -= len(n.Ident[0]) + 1
		}
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			at -= len(n.Ident[0])
		}
	}
	return lineCol(f.text, at)
}

// A directory is everything read from disk.
type directory struct {
	raw      map[string]string           // normalized, by path
	mails    []string                    // "worker/step", sorted
	partials map[string]map[string]*file // by extension, then name
	layouts  map[string]map[string]*file
	sheets   map[string]*sheet // of the layouts in HTML, by name
	ps       *problems
}

// Load reads, fences and lints every template of fsys. If anything is wrong it
// returns no Set, and an error that joins all Problems.
func Load(fsys fs.FS) (*Set, error) {
	ps := &problems{}
	d := &directory{raw: map[string]string{}, ps: ps}
	if err := d.read(fsys); err != nil {
		return nil, err
	}
	d.partials = d.shared(partialsDir)
	d.layouts = d.shared(layoutsDir)
	d.readSheets()
	for p, src := range d.raw {
		if path.Ext(p) == ".html" {
			_, body, lines, _ := splitFrontMatter(src)
			lintSource(p, body, lines, ps)
		}
	}
	set := &Set{mails: d.compose()}
	if err := ps.err(); err != nil {
		return nil, err
	}
	return set, nil
}

// compose puts all emails together, as many at a time as there are processors:
// trying them out with their samples takes most of the time.
func (d *directory) compose() map[string]*mail {
	mails, found := make([]*mail, len(d.mails)), make([]problems, len(d.mails))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, name := range d.mails {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			own := *d
			own.ps = &found[i]
			mails[i] = own.mail(name)
		})
	}
	wg.Wait()
	out := map[string]*mail{}
	for i, name := range d.mails {
		for _, f := range found[i].list {
			d.ps.keep(f)
		}
		if mails[i] != nil {
			out[name] = mails[i]
		}
	}
	return out
}

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
	stem, known := strings.CutSuffix(p, sampleExt)
	if !known {
		ext := path.Ext(p)
		if ext == ".md" || ext == ".go" || strings.HasSuffix(ext, "~") {
			return nil
		}
		if stem, known = strings.TrimSuffix(p, ext), ext == ".html" || ext == ".txt"; !known {
			d.ps.addf(p, 0, 0, "templates are .html, .txt and %s files; move this one elsewhere", sampleExt)
			return nil
		}
	}
	dir, base := path.Split(stem)
	dir = strings.TrimSuffix(dir, "/")
	if !fileName.MatchString(base) || !fileName.MatchString(dir) {
		d.ps.addf(p, 0, 0, "name it <worker>/<step> with lower-case letters, digits and dashes, such as thank-you/thanks.html")
		return nil
	}
	raw, err := fs.ReadFile(fsys, p)
	if err != nil {
		return err
	}
	if len(raw) > maxSource {
		d.ps.addf(p, 0, 0, "is larger than %d KiB", maxSource>>10)
		return nil
	}
	if !utf8.Valid(raw) {
		line, col := badText(raw)
		d.ps.addf(p, line, col, "is not UTF-8: save it as UTF-8 (in most editors: Save with encoding)")
		raw = bytes.ToValidUTF8(raw, nil)
	}
	d.raw[p] = normalize(raw)
	if dir != layoutsDir && dir != partialsDir && !slices.Contains(d.mails, stem) {
		d.mails = append(d.mails, stem)
	}
	return nil
}

// shared parses the layouts or the partials.
func (d *directory) shared(dir string) map[string]map[string]*file {
	out := map[string]map[string]*file{".html": {}, ".txt": {}}
	for p, src := range d.raw {
		name, ext := path.Base(p), path.Ext(p)
		if path.Dir(p) != dir || out[ext] == nil {
			continue
		}
		name = strings.TrimSuffix(name, ext)
		if dir == partialsDir && (name == layoutName || name == contentName || name == "subject" || name == "preheader") {
			d.ps.addf(p, 0, 0, "a partial cannot be called %q, which is reserved", name)
			continue
		}
		// One that does not parse is kept as nil: its callers are not at fault.
		out[ext][name] = d.parse(p, src, 0)
	}
	return out
}

// parse parses a source that comes after so many lines of its file.
func (d *directory) parse(p, src string, lines int) *file {
	if path.Ext(p) == ".html" {
		src = keepConditionalComments(p, src, d.ps)
	}
	src = below(lines, swallowLines(src))
	if path.Ext(p) == ".html" {
		checkBrand(p, src, d.ps)
	}
	set := map[string]*parse.Tree{}
	known := map[string]any{}
	for _, name := range builtins {
		known[name] = true
	}
	maps.Copy(known, functions(defaultLocale))
	tree, err := parse.New(p).Parse(src, "", "", set, known)
	if err != nil {
		d.ps.add(parseProblem(p, err))
		return nil
	}
	if len(set) > 1 || set[p] == nil {
		d.ps.addf(p, 0, 0, "{{define}} and {{block}} cannot be used here: put the part into its own file in partials/")
		return nil
	}
	return &file{p, src, tree}
}

// parseProblem adds what to do to the most common faults.
func parseProblem(p string, err error) problem.Problem {
	fault := asProblem(p, err)
	switch name, found := quotedAfter(fault.Text, "function "); {
	case found:
		names := append(slices.Collect(maps.Keys(functions(defaultLocale))), builtins...)
		names = slices.DeleteFunc(names, func(s string) bool { return s == commentFunc })
		fault.Text = "there is no function " + name + didYouMean(strings.Trim(name, `"`), names)
	case strings.Contains(fault.Text, "unexpected EOF"):
		fault.Text = "an {{if}}, {{with}} or {{range}} above has no {{end}}"
	case strings.Contains(fault.Text, "unexpected {{end}}"):
		fault.Text = "this {{end}} closes nothing: there is one too many here or above"
	}
	return fault
}

// quotedAfter cuts `"x"` out of `function "x" not defined`.
func quotedAfter(msg, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(msg, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, " not defined")
}

// sources are the three files of an email.
type sources struct{ html, text, samples string }

// sources finds the files of an email, and reports those that are missing.
func (d *directory) sources(name string) (src sources, ok bool) {
	ok = true
	for _, want := range []struct {
		ext, why string
		to       *string
	}{
		{".html", "every email has an HTML part", &src.html},
		{".txt", "every email has a text part, for people who don't read HTML", &src.text},
		{sampleExt, "it holds the made-up data that the email is checked and previewed with", &src.samples},
	} {
		raw, found := d.raw[name+want.ext]
		if !found {
			d.ps.addf(name+want.ext, 0, 0, "is missing: %s", want.why)
			ok = false
		}
		*want.to = raw
	}
	return src, ok
}

// mail puts one email together and tries it out; nil when it cannot be compiled.
func (d *directory) mail(name string) *mail {
	m, files, ref := d.assemble(name)
	if m != nil {
		lintMail(m, files, ref, d.ps)
	}
	return m
}

// assemble fences and compiles one email, and returns the files of its HTML part; nil
// when anything is wrong with it.
func (d *directory) assemble(name string) (*mail, map[string]*file, *reference) {
	htmlPath, textPath, samplePath := name+".html", name+".txt", name+sampleExt
	src, ok := d.sources(name)
	if !ok {
		return nil, nil, nil
	}
	yml, body, lines, ok := splitFrontMatter(src.html)
	if !ok {
		d.ps.addf(htmlPath, 1, 1, `must begin with "---", then "subject: …" and "preheader: …", then "---"`)
		return nil, nil, nil
	}
	before := d.ps.found
	fm := parseFrontMatter(htmlPath, yml, d.ps)
	m := &mail{
		name:    name,
		meta:    Meta{Class: fm.Class, Description: fm.Description, Lang: fm.Lang},
		samples: parseSamples(samplePath, src.samples, d.ps),
		locales: map[form]*locale{},
	}
	m.lang, _ = parseTag(fm.Lang)
	html := d.parts(".html", fm.Layout, htmlPath, d.parse(htmlPath, body, lines))
	if saysNothing(src.text) {
		d.ps.addf(textPath, 0, 0, "is empty: people who don't read HTML would get nothing but the frame; write the email as plain text")
	}
	plain := d.parts(".txt", fm.Layout, textPath, d.parse(textPath, src.text, 0))
	subject := d.headline(htmlPath, "subject", fm.Subject, fm.lines)
	preheader := d.headline(htmlPath, "preheader", fm.Preheader, fm.lines)
	if html != nil {
		written := newCompiler(html, d.ps)
		written.root(layoutName)
		d.inspect(m, samplePath, written)
	}
	if plain != nil && subject != nil && preheader != nil {
		plain["subject"], plain["preheader"] = subject, preheader
		words := newCompiler(plain, d.ps)
		m.text, m.subject, m.preheader = words.root(layoutName), words.root("subject"), words.root("preheader")
		d.inspect(m, samplePath, words)
	}
	if d.ps.found > before {
		return nil, nil, nil
	}
	ref := newReference(html, plain)
	escaped, err := ref.escape(html)
	if err != nil {
		d.ps.add(asProblem(htmlPath, err))
		return nil, nil, nil
	}
	page := newCompiler(escaped, d.ps)
	page.escaped = true
	if m.html = page.root(layoutName); d.ps.found > before {
		return nil, nil, nil
	}
	return m, html, ref
}

// headline parses a subject or preheader out of the front matter.
func (d *directory) headline(p, key, src string, lines map[string]int) *file {
	src = strings.Join(strings.Fields(src), " ")
	if src == "" {
		d.ps.addf(p, lines[key], 0, "the front matter needs a %s", key)
		return nil
	}
	return d.parse(p, src, lines[key]-1)
}

// parts gathers all templates one part of an email may call; nil when one is missing.
func (d *directory) parts(ext, layout, p string, content *file) map[string]*file {
	if layout == "" {
		layout = "base"
	}
	root := d.layouts[ext][layout]
	if root == nil {
		if _, broken := d.layouts[ext][layout]; !broken {
			d.ps.addf(p, 0, 0, "there is no %s/%s%s", layoutsDir, layout, ext)
		}
		d.ps.found++
		return nil
	}
	if content == nil {
		return nil // reported when it was parsed
	}
	parts := maps.Clone(d.partials[ext])
	parts[layoutName], parts[contentName] = root, content
	if s := d.sheets[layout]; s != nil && ext == ".html" {
		for name, f := range parts {
			parts[name] = s.write(f, d.ps)
		}
	}
	return parts
}

// inspect checks what one part of an email uses, and that each of its wordings
// has a sample.
func (d *directory) inspect(m *mail, samplePath string, c *compiler) {
	if c.done[call{contentName, typeData}] == nil {
		d.ps.addf(c.files[layoutName].path, 0, 0, "the layout must show the email: {{template %q .}}", contentName)
	}
	m.shows.note(c.uses)
	if at, used := c.uses["Offer"]; used {
		m.meta.Offer = true
		if m.meta.Class == "transactional" {
			line, col := at.file.place(at.node)
			d.ps.addf(at.file.path, line, col, "an offer does not belong in a transactional email such as %s: it would be advertising to people who said no to it", m.name)
		}
	}
	for v, at := range c.variants {
		if m.samples != nil && !slices.ContainsFunc(m.samples, func(s Sample) bool { return s.Data.Variant == v }) {
			line, col := at.file.place(at.node)
			d.ps.addf(at.file.path, line, col, "no sample has the variant %q: correct it, or add a sample to %s", v, samplePath)
		}
	}
}
