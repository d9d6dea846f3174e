package render

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	"text/template"
)

// A reference is an email as done by html/template and text/template
// themselves. They escape it, and say what every program must print.
type reference struct {
	html *htmltemplate.Template
	text *template.Template
	err  error
	l    *locale // that functions write in
}

// newReference hands trees to the template packages. They are copied for
// html/template, which rewrites them and would else share the partials' between emails.
func newReference(html, plain map[string]*file) *reference {
	r := &reference{l: defaultLocale()}
	// The locale is looked up at each call, as a template that has been escaped
	// takes no other functions.
	funcs := functions(func() *locale { return r.l })
	r.html = htmltemplate.New("html").Funcs(htmltemplate.FuncMap(funcs))
	r.text = template.New("text").Funcs(funcs)
	var errs []error
	for name, f := range html {
		_, err := r.html.AddParseTree(name, f.tree.Copy())
		errs = append(errs, err)
	}
	for name, f := range plain {
		_, err := r.text.AddParseTree(name, f.tree)
		errs = append(errs, err)
	}
	r.err = errors.Join(errs...)
	return r
}

// escape has html/template escape the HTML, or say why it cannot: executing it
// once does so. It returns the escaped templates as files.
func (r *reference) escape(html map[string]*file) (map[string]*file, error) {
	if r.err != nil {
		return nil, r.err
	}
	err := r.html.Lookup(layoutName).Execute(io.Discard, &Data{})
	if _, unsafe := errors.AsType[*htmltemplate.Error](err); unsafe {
		return nil, err
	}
	escaped := map[string]*file{}
	for _, t := range r.html.Templates() {
		// A partial that is called in another context than text has a copy, whose
		// name tells the context: "footer$htmltemplate_stateAttr…".
		name, _, _ := strings.Cut(t.Name(), "$")
		if f := html[name]; f != nil {
			of := *f
			of.tree = t.Tree
			escaped[t.Name()] = &of
		}
	}
	return escaped, nil
}

// tryOut renders d and compares the result with the reference's.
func (m *mail) tryOut(r *reference, d *Data, clean bool) (Mail, error) {
	got, err := m.render(d, clean)
	if err != nil {
		return Mail{}, err
	}
	sc := scratches.Get().(*scratch)
	defer sc.release()
	r.l = m.in(localeKey{d.Store.Locale, d.Store.Currency, d.Customer.Locale})
	language, _ := m.writing(r.l)
	if sc.own(d, m.shows, language); clean {
		sc.clean(d)
	}
	sc.write(m, r.l)
	sc.data.Subject, sc.data.Preheader = got.Subject, got.Preheader
	var page, plain capped
	if err := r.html.Lookup(layoutName).Execute(&page, &sc.data); err != nil {
		return Mail{}, err
	}
	if err := r.text.Lookup(layoutName).Execute(&plain, &sc.data); err != nil {
		return Mail{}, err
	}
	if string(brandIn(page.b, d.Store.look())) != got.HTML || string(appendWrapped(nil, plain.b)) != got.Text {
		return Mail{}, fmt.Errorf("does not print what html/template would; this is a bug in Homing: please report it, with the template")
	}
	return got, nil
}

// capped is a writer that refuses to grow beyond maxOutput, which is the one
// way to stop an execution of the template packages.
type capped struct{ b []byte }

func (c *capped) Write(p []byte) (int, error) {
	if len(c.b)+len(p) > maxOutput {
		return 0, errTooLong
	}
	c.b = append(c.b, p...)
	return len(p), nil
}
