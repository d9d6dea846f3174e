package render

import (
	"maps"
	"slices"
	"strings"

	"homing/pkg/survey"
)

// An original is an email as its author wrote it, for all languages that share it.
type original struct {
	name, page, words, samplePath string
	fm                            frontMatter
	subjects                      []wording
	preheader                     *source
	html, text                    map[string]*source // what each part may call, by name
	samples                       []Sample
}

// sources are the three files of an email.
type sources struct{ html, text, samples string }

// original reads an email's files; nil when one is missing. What does not parse is
// reported, and nil in it: the rest is looked at all the same. tag is the language that
// it may have files of its own in.
func (d *directory) original(name, tag string) *original {
	o := &original{name: name, page: name + ".html", words: name + ".txt", samplePath: name + sampleExt}
	if own := name + "." + tag + ".html"; tag != "" && d.raw[own] != "" {
		o.page = own
	}
	if own := name + "." + tag + ".txt"; tag != "" && d.raw[own] != "" {
		o.words = own
	}
	src, ok := d.sources(o)
	if !ok {
		return nil
	}
	yml, body, lines, ok := splitFrontMatter(src.html)
	if !ok {
		d.ps.addf(o.page, 1, 1, `must begin with "---", then "subject: …" and "preheader: …", then "---"`)
		return nil
	}
	o.fm = parseFrontMatter(o.page, yml, d.ps)
	o.samples = parseSamples(o.samplePath, src.samples, d.ps)
	if saysNothing(src.text) {
		d.ps.addf(o.words, 0, 0, "is empty: people who don't read HTML would get nothing but the frame; write the email as plain text")
	}
	o.html = d.reach(".html", o.fm.Layout, o.page, d.source(o.page, body, lines, true))
	o.text = d.reach(".txt", o.fm.Layout, o.words, d.source(o.words, src.text, 0, false))
	o.subjects = d.subjects(o, nil)
	o.preheader = d.headline(o, "preheader", o.fm.Preheader)
	return o
}

// sources finds the files of an email, and reports those that are missing.
func (d *directory) sources(o *original) (src sources, ok bool) {
	ok = true
	for _, want := range []struct {
		path, why string
		to        *string
	}{
		{o.page, "every email has an HTML part", &src.html},
		{o.words, "every email has a text part, for people who don't read HTML", &src.text},
		{o.samplePath, "it holds the made-up data that the email is checked and previewed with", &src.samples},
	} {
		raw, found := d.raw[want.path]
		if !found {
			if !d.large[want.path] {
				d.ps.addf(want.path, 0, 0, "is missing: %s", want.why)
			}
			ok = false
		}
		*want.to = raw
	}
	return src, ok
}

// headline is the subject or preheader, of the front matter or else of the phrases.
func (d *directory) headline(o *original, key, written string) *source {
	if written = strings.Join(strings.Fields(written), " "); written != "" {
		return d.source(o.page, written, o.fm.lines[key]-1, false)
	}
	if key == "subjects" {
		d.ps.addf(o.page, o.fm.lines[key], 0, "one of the subjects is empty: write its words, or remove it")
		return nil
	}
	if len(d.books) == 0 {
		d.ps.addf(o.page, o.fm.lines[key], 0, "the front matter needs a %s", key)
		return nil
	}
	return d.phraseSource(o, key)
}

// phraseSource is a line of the email that is a phrase of its own section.
func (d *directory) phraseSource(o *original, key string) *source {
	s := d.source(o.page, `{{t "`+key+`"}}`, 0, false)
	if s != nil {
		s.own = true
	}
	return s
}

// reach gathers all templates that one part of an email may call; nil when one that it
// cannot do without is missing.
func (d *directory) reach(ext, layout, p string, content *source) map[string]*source {
	if layout == noLayout && ext == ".html" {
		if content == nil {
			return nil // reported when it was parsed
		}
		return d.withPartials(ext, map[string]*source{layoutName: content}, content)
	}
	if layout == "" || layout == noLayout {
		layout = baseLayout
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
	return d.withPartials(ext, map[string]*source{layoutName: root, contentName: content}, root, content)
}

// withPartials adds to the parts of an email the partials that they call.
func (d *directory) withPartials(ext string, parts map[string]*source, todo ...*source) map[string]*source {
	for ; len(todo) > 0; todo = todo[1:] {
		if todo[0] == nil {
			continue
		}
		for _, name := range todo[0].partials {
			if part, there := d.partials[ext][name]; there && parts[name] == nil {
				parts[name] = part
				todo = append(todo, part)
			}
		}
	}
	return parts
}

// all returns the sources of an email, each once.
func (o *original) all() []*source {
	out := []*source{o.preheader}
	for _, w := range o.subjects {
		out = append(out, w.source)
	}
	out = slices.DeleteFunc(out, func(s *source) bool { return s == nil })
	for _, parts := range []map[string]*source{o.html, o.text} {
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			if parts[name] != nil {
				out = append(out, parts[name])
			}
		}
	}
	return out
}

// headlines returns the sources of subjects and preheader, by the names that they have
// next to the partials.
func (o *original) headlines() map[string]*source {
	out := map[string]*source{"preheader": o.preheader}
	for _, w := range o.subjects {
		out[w.key()] = w.source
	}
	return out
}

// assemble fences and compiles an email in one language, and tries it out; nil when
// anything is wrong with it.
func (d *directory) assemble(o *original, tag string, b *book) *mail {
	before := d.ps.found
	m := &mail{
		name: o.name, page: o.page, words: o.words, elsewhere: o.fm.Layout == noLayout,
		meta:    Meta{Class: o.fm.Class, Description: o.fm.Description, Lang: tag},
		samples: o.samples,
		locales: map[form]*locale{},
	}
	m.lang, _ = parseTag(tag)
	m.survey = d.surveyOf(o, tag)
	html, plain := d.parts(o.html, o, b), d.parts(o.text, o, b)
	complete := plain[layoutName] != nil
	for name, s := range o.headlines() {
		if plain[name] = nil; s != nil {
			plain[name] = d.file(s, o.find(b, s))
		}
		complete = complete && plain[name] != nil
	}
	if html[layoutName] != nil {
		written := newCompiler(html, d.names(".html"), d.ps)
		written.root(layoutName)
		d.inspect(m, o.samplePath, written)
	}
	if complete {
		words := newCompiler(plain, d.names(".txt"), d.ps)
		m.text, m.preheader = words.root(layoutName), words.root("preheader")
		for _, w := range o.subjects {
			m.subjects = append(m.subjects, arm{w.arm, words.root(w.key())})
		}
		d.inspect(m, o.samplePath, words)
	}
	if d.ps.found > before || m.text == nil || html[layoutName] == nil {
		return nil
	}
	ref := newReference(html, plain)
	escaped, err := ref.escape(html)
	if err != nil {
		d.reportError(o.page, html, err)
		return nil
	}
	page := newCompiler(escaped, nil, d.ps)
	page.escaped = true
	if m.html = page.root(layoutName); d.ps.found > before {
		return nil
	}
	if m.survey != nil && !m.shows.survey {
		d.ps.addf(o.page, o.fm.lines["survey"], 0, `names a survey, and does not ask it: write {{with .Survey}}{{template "survey" .}}{{end}}`)
		return nil
	}
	if m.samples = m.withArms(m.samples); m.shows.ask {
		m.samples = asking(m.samples)
	}
	m.files, m.plain, m.written, m.ref = html, plain, d.raw[o.samplePath], ref
	return m
}

// reportError reports what the template packages say.
func (d *directory) reportError(page string, files map[string]*file, err error) {
	fault := asProblem(page, err)
	for _, f := range files {
		if f != nil && f.path == fault.File && fault.Line > 0 {
			f.atLine(fault.Line, fault.Column).report(d.ps, fault.Text)
			return
		}
	}
	d.ps.add(fault)
}

// parts are the files of one part of an email in one language.
func (d *directory) parts(from map[string]*source, o *original, b *book) map[string]*file {
	out := map[string]*file{}
	for name, s := range from {
		if out[name] = nil; s != nil {
			out[name] = d.file(s, o.find(b, s))
		}
		if sheet := d.sheets[orElse(o.fm.Layout, baseLayout)]; sheet != nil && out[name] != nil && s.html {
			out[name] = sheet.write(out[name], d.ps)
		}
	}
	return out
}

// find returns how an email finds the phrases of a source.
func (o *original) find(b *book, s *source) func(key string) *phrase {
	return func(key string) *phrase {
		switch {
		case b == nil:
			return nil
		case s.own:
			return b.in(o.name, key)
		}
		return b.find(o.name, key)
	}
}

// names returns the partials there are.
func (d *directory) names(ext string) []string {
	return append(slices.Collect(maps.Keys(d.partials[ext])), contentName)
}

// inspect checks what one part of an email uses, and that each of its wordings
// has a sample.
func (d *directory) inspect(m *mail, samplePath string, c *compiler) {
	if c.files[contentName] != nil && c.done[call{contentName, typeData}] == nil {
		d.ps.addf(c.files[layoutName].path, 0, 0, "the layout must show the email: {{template %q .}}", contentName)
	}
	m.shows.note(c.uses)
	if at, used := c.uses["Survey"]; used && m.survey == nil {
		at.report(d.ps, "asks a survey, and the front matter of %s names none that there is: write survey: order, as in %s/order%s", m.page, surveysDir, survey.Ext)
	}
	if at, used := c.uses["Offer"]; used {
		m.meta.Offer = true
		if m.meta.Class == "transactional" {
			at.report(d.ps, "an offer does not belong in a transactional email such as %s: it would be advertising to people who said no to it", m.name)
		}
	}
	for v, at := range c.variants {
		if m.samples != nil && !slices.ContainsFunc(m.samples, func(s Sample) bool { return s.Data.Variant == v }) {
			at.report(d.ps, "no sample has the variant %q: correct it, or add a sample to %s", v, samplePath)
		}
	}
}
