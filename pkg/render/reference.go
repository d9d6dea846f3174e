package render

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"text/template"
	"text/template/parse"
	"time"

	"homing/events"
)

// A reference is a mail in the hands of html/template and text/template
// themselves. They escape it, and say what every program must print.
type reference struct {
	html *htmltemplate.Template
	text *template.Template
	err  error
	l    *locale // that functions write in
}

// newReference hands trees to the template packages. They are copied for
// html/template, which rewrites them and would else share the partials' between mails.
func newReference(html, plain map[string]*file) *reference {
	r := &reference{l: defaultLocale()}
	// The functions are looked up anew at each call, as a template that has
	// been escaped takes no others.
	funcs := template.FuncMap{
		"money":     func(m events.Money) string { return r.l.money(m) },
		"number":    func(n int) string { return string(r.l.appendNumber(nil, int64(n), 0)) },
		"ordinal":   func(n int) string { return r.l.ordinal(n) },
		"plural":    func(n int, one, other string) string { return r.l.plural(n, one, other) },
		"date":      func(t time.Time) string { return r.l.date(t) },
		"day":       func(t time.Time) string { return r.l.day(t) },
		"times":     r.l.funcs()["times"],
		"truncate":  r.l.funcs()["truncate"],
		"default":   r.l.funcs()["default"],
		"link":      r.l.funcs()["link"],
		commentFunc: r.l.funcs()[commentFunc],
	}
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

// compile makes the programs of m. Executing the HTML once has html/template
// escape it, or say why that cannot be done.
func (m *mail) compile(r *reference) error {
	if r.err != nil {
		return r.err
	}
	err := r.html.Lookup(layoutName).Execute(io.Discard, &Data{})
	var unsafe *htmltemplate.Error
	if errors.As(err, &unsafe) {
		return err
	}
	html := &compiler{funcs: signatures(), done: map[call]*program{}, lookup: func(name string) *parse.Tree {
		if t := r.html.Lookup(name); t != nil {
			return t.Tree
		}
		return nil
	}}
	text := &compiler{funcs: signatures(), done: map[call]*program{}, lookup: func(name string) *parse.Tree {
		if t := r.text.Lookup(name); t != nil {
			return t.Tree
		}
		return nil
	}}
	m.html = html.program(layoutName, typeData)
	m.text = text.program(layoutName, typeData)
	m.subject = text.program("subject", typeData)
	m.preheader = text.program("preheader", typeData)
	return errors.Join(html.err, text.err)
}

// tryOut renders d and holds the result against the reference's.
func (m *mail) tryOut(r *reference, d *Data, clean bool) (Mail, error) {
	got, err := m.render(d, clean)
	if err != nil {
		return Mail{}, err
	}
	sc := scratches.Get().(*scratch)
	defer sc.release()
	if sc.own(d, m.shows); clean {
		sc.clean(d)
	}
	r.l = m.in(localeKey{d.Store.Locale, d.Customer.Locale})
	sc.write(m, r.l)
	sc.data.Subject, sc.data.Preheader = got.Subject, got.Preheader
	var page, plain capped
	if err := r.html.Lookup(layoutName).Execute(&page, &sc.data); err != nil {
		return Mail{}, err
	}
	if err := r.text.Lookup(layoutName).Execute(&plain, &sc.data); err != nil {
		return Mail{}, err
	}
	if string(page.b) != got.HTML || string(appendWrapped(nil, string(plain.b))) != got.Text {
		return Mail{}, fmt.Errorf("does not print what html/template does; this is a fault of Homing, please report it with the template")
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
