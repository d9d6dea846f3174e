package render

import (
	"errors"
	htmltemplate "html/template"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
)

// contexts are the places in which an email may show a value, each as the layout
// of an email that has no other.
var contexts = []string{
	// Text, in elements of all kinds.
	`{{.Variant}}`, `<p>{{.Variant}}</p>{{.Customer.FirstName}}`, `<td><b>{{.Variant}}{{.Ordinal}}</b>`, `a &amp; {{.Variant}} &lt;`,
	`<title>{{.Variant}}</title>`, `<title>a {{.Variant}}{{.Ordinal}}</title>{{.Variant}}`, `<textarea>{{.Variant}}</textarea>`,
	`<{{.Variant}}>`, `<script type="text/template">{{.Variant}}</script>`, // which the lint refuses
	// Attributes, in quotes of both kinds.
	`<p title="{{.Variant}}">`, `<p title='{{.Variant}}'>`, `<p title="a {{.Variant}} b {{.Customer.FirstName}}" lang='{{.Variant}}'>`,
	`<td width="{{.Ordinal}}" dir="{{.Dir}}" align='{{.Variant}}'>`, `<meta name="description" content="{{.Variant}}">`,
	`<p data-x="{{.Variant}}" class="a {{.Variant}}" id="{{.Variant}}" aria-label="{{.Variant}}">`, `<p TITLE = "{{.Variant}}"/>`, `<iframe srcdoc="{{.Variant}}">`,
	// A whole URL, and its beginning.
	`<a href="{{.Variant}}">`, `<a href='{{.Variant}}'>`, `<img src="{{.Variant}}" alt="">`, `<td background="{{.Variant}}">`,
	`<a HREF=" {{.Variant}}">`, `<a href="{{.Variant}}/{{.Customer.FirstName}}">`, `<a href="{{.Variant}}?a={{.Customer.FirstName}}">`,
	`<a href="{{.Variant}}{{.Customer.FirstName}}">`, `<a href="{{.Ordinal}}">`, `<p data-href="{{.Variant}}" xlink:href="{{.Variant}}">`,
	`<a href="{{if .Marketing}}{{.Variant}}{{else}}{{.Customer.FirstName}}{{end}}">`, `<blockquote cite="{{.Variant}}">`,
	`<p style='background:url("{{.Variant}}")'>`, `<p style="background:url('{{.Variant}}?a={{.Customer.FirstName}}')">`,
	// The middle of a URL: host and path.
	`<a href="https://shop.example/{{.Variant}}">`, `<a href='https://{{.Variant}}/a'>`, `<img src="/{{.Variant}}" alt="">`,
	`<a href="https://shop.example/{{.Variant}}/{{.Ordinal}}">`, `<a href="mailto:{{.Variant}}">`, `<a href="https:{{.Variant}}">`,
	// Query and fragment.
	`<a href="https://shop.example/?a={{.Variant}}">`, `<a href='?a={{.Variant}}&amp;b={{.Customer.FirstName}}'>`,
	`<a href="https://shop.example/#{{.Variant}}">`, `<a href="?{{.Ordinal}}={{.Variant}}">`, `<img src="a?{{.Variant}}" alt="">`,
	// Through functions, variables, loops and partials' kinds of dot.
	`{{with .Variant}}<a href="?{{.}}" title="{{.}}">{{.}}</a>{{end}}`, `{{$v := .Variant}}<p title='{{$v}}'>{{$v}}</p>`,
	`{{range $i, $o := .Also}}<a href="{{$o}}" title="{{$i}}">{{.}}</a>{{else}}{{.Variant}}{{end}}`,
	`{{with .Order}}{{range .Items}}<a href="{{.URL}}" title='{{.Name}}'>{{.Quantity}} {{.Name}} {{money .Price}}</a>{{end}}{{end}}`,
	`{{with $o := .Order}}{{$o.ID}}{{end}}{{$c := .Cart}}{{if $c}}<a href="{{$c.URL}}">{{end}}`,
	`<p title="{{truncate 9 .Variant}}">{{default .Customer.FirstName .Variant}}{{number .Ordinal}}</p>`,
	`{{with link .Variant .Customer.FirstName}}<a href="{{.URL}}">{{.Label}}</a>{{end}}`,
	`<!--[if mso]><p title="a">+'<![endif]-->{{.Variant}}<!-- gone -->`,
}

// refused are places where a value may not stand.
var refused = []string{
	`<script>{{.Variant}}</script>`, `<script>"{{.Variant}}"</script>`, `<script>/{{.Variant}}/</script>`, "<script>`{{.Variant}}`</script>",
	`<style>{{.Variant}}</style>`, `<style>a{b:"{{.Variant}}"}</style>`, `<style>a{b:url({{.Variant}})}</style>`,
	`<p style="color:{{.Variant}}">`, `<p style="{{.Variant}}">`,
	`<p onclick="{{.Variant}}">`, `<p onclick="a('{{.Variant}}')">`, `<p title={{.Variant}}>`, `<a href={{.Variant}}>`,
	`<p {{.Variant}}>`, `<p {{.Variant}}="a">`, `<img srcset="{{.Variant}}">`, `<!-- {{.Variant}} --><p {{.Variant}}>`,
	`<meta http-equiv="refresh" content="0;url={{.Variant}}">`, `<a href="{{if .Marketing}}?{{else}}a{{end}}{{.Variant}}">`,
	"<p title=\"{{_comment `<!--[if mso]>a<![endif]-->`}}\">",
}

// troublemakers are what escapers get wrong.
var troublemakers = append([]string{
	"", "a", "plain words", `"'<>&+` + "`=", "&amp;&#34;&lt;&#x3c;&nbsp;&bogus;&", "<!--x-->", "--!>", "</p>", "<![CDATA[", "%3Cb%3e%zz%", "%", "%4", "%4g%41",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "\x01javascript:a", "javascript&colon;a", "javascript%3Aa",
	"data:text/html,<script>", "vbscript:a", "http://a", "HTTP://a", "httpſ://a", "HTTPſ:a", "https://a/b?c=d&e=f#g", "mailto:a@shop.example", "MAILTO:a", "mailto", "tel:1",
	":a", "/:a", "a/b:c", "a?b:c", "a#b:c", "//a.example", "\\\\a.example", "?a=b", "#a", "https://[::1]/(a)*'b'!$,;@[]{}|^~",
	"\x00", "a\x00b\x00", "\xff", "a\xffb", "\xc0\x80", "\xe2\x82", "\xf4\x90\x80\x80", "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb8\x80",
	"\ufffd", "\ufdd0", "\ufdef", "\ufff0", "\uffff", "\U0001ffff", "\U0010ffff", "\ufeff", "\u2028\u2029", "\u202e\u2066", "\u200b\u200d", "\u0301", "ı İ ſ K ß ﬀ",
	"日本語", "👩‍👩‍👧‍👦", "\t\n\r\f\v ", "\u0085\u00a0", "\x7f\x80\x9f", "a\r\nb", strings.Repeat("&", 300), strings.Repeat("\xff\x00", 200), strings.Repeat("é", 500),
}, hostile...)

// A pair is one layout compiled by this package and by html/template.
type pair struct {
	ours   *program
	theirs *htmltemplate.Template
	in     env
}

// pairOf compiles a layout, has html/template escape it, and compiles it again. The
// error is what Load would report.
func pairOf(body string) (*pair, error) {
	d := emptyDirectory()
	s := d.source("a.html", body, 0, true)
	if s == nil {
		return nil, d.ps.err()
	}
	page := d.file(s, nil)
	if page == nil {
		return nil, d.ps.err()
	}
	html := map[string]*file{layoutName: page}
	newCompiler(html, nil, d.ps).root(layoutName)
	if err := d.ps.err(); err != nil {
		return nil, err
	}
	ref := newReference(html, nil)
	escaped, err := ref.escape(html)
	if err != nil {
		return nil, err
	}
	c := newCompiler(escaped, nil, d.ps)
	c.escaped = true
	return &pair{ours: c.root(layoutName), theirs: ref.html.Lookup(layoutName)}, d.ps.err()
}

// compare executes both over the same data.
func (p *pair) compare(t *testing.T, body string, d *Data) {
	t.Helper()
	var want capped
	wantErr := p.theirs.Execute(&want, d)
	err := p.in.exec(p.ours, english, d)
	switch {
	case (err == nil) != (wantErr == nil) && !errors.Is(err, errTooLong): // which stops a little before the limit
		t.Errorf("%s: %v, but html/template: %v", body, err, wantErr)
	case err == nil && p.in.out.String() != string(want.b):
		t.Errorf("%s with %+q, %+q:\n%s\nhtml/template:\n%s", body, d.Variant, d.Customer.FirstName, p.in.out.String(), want.b)
	}
}

var english = defaultLocale()

// hostileData holds a and b wherever a template can take text from.
func hostileData(a, b string, n int) *Data {
	items := []Item{{ProductID: a, Name: b, Quantity: n, Price: events.Money{Minor: int64(n), Currency: "GBP"}, URL: a, ImageURL: b}, {Name: a, URL: b}}
	return &Data{
		Store: Store{Name: a, URL: b, PostalAddress: a, Locale: b, Currency: a}, Customer: Customer{FirstName: b, LastName: a},
		Variant: a, Ordinal: n, Orders: n, Order: &Order{ID: a, Items: items, Total: items[0].Price, PlacedAt: time.Unix(int64(n), 0)},
		Also: []string{a, b}, Cart: &Cart{URL: a, Items: items}, Products: &Products{Items: items[:1]},
		Points: &Points{Balance: n, Pending: n, Reward: n, Needed: n, Expiring: n, Tier: a, Next: b},
		Digest: &Digest{URL: a, Figures: []Figure{{Kind: a, Count: n}}, Findings: []Finding{{Kind: b, Name: a, Count: n, Share: n}}, Charts: []Chart{{Kind: a, ID: b, Width: n, Name: b}}},
		Offer:  &Offer{Code: a, Percent: n, Worth: b}, Answers: []Answer{{a, b}},
		UnsubscribeURL: a, Marketing: n%2 == 0, Subject: b, Preheader: a, Lang: a, Dir: b,
	}
}

// FuzzEscapersEqualHTMLTemplate writes every value into every context that the
// fence allows, and into whatever layout body is if the fence allows that, and
// holds the outcome against html/template's.
func FuzzEscapersEqualHTMLTemplate(f *testing.F) {
	var known []*pair
	for _, body := range contexts {
		p, err := pairOf(body)
		if err != nil {
			f.Fatalf("%s: %v", body, err)
		}
		known = append(known, p)
	}
	for i, a := range troublemakers {
		f.Add(contexts[i%len(contexts)], a, troublemakers[len(troublemakers)-1-i], i-3)
	}
	for i, body := range slices.Concat(contexts, refused, odd) {
		f.Add(body, troublemakers[i%len(troublemakers)], "b", i)
	}
	f.Fuzz(func(t *testing.T, body, a, b string, n int) {
		if len(a)+len(b) > 8<<10 {
			return
		}
		d := hostileData(a, b, n)
		for i, p := range known {
			p.compare(t, contexts[i], d)
		}
		if p, err := pairOf(body); err == nil {
			p.compare(t, body, d)
		}
	})
}

func TestAValueMayStandNowhereElse(t *testing.T) {
	for _, body := range refused {
		if _, err := pairOf(body); err == nil {
			t.Errorf("%s is accepted", body)
		}
	}
}

func TestFormsWithNamesAreAsWithHTMLTemplate(t *testing.T) {
	for _, body := range []string{
		`<p>{{plural .Ordinal "one" "<a>" "few" "b" "other" .Variant}}</p>`,
		`<p title="{{plural (len .Also) "item" .Variant}}">{{plural 2 "two" "b" "many" (truncate 3 .Variant)}}</p>`,
		`<p>{{.Variant | plural .Ordinal "one"}}</p>`,
	} {
		p, err := pairOf(body)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			p.compare(t, body, hostileData("x<y", "b", n))
		}
	}
}

// TestEveryEscaperIsComparedWithHTMLTemplates keeps contexts complete.
func TestEveryEscaperIsComparedWithHTMLTemplates(t *testing.T) {
	seen := map[string]bool{"": true} // of plain text
	for _, body := range contexts {
		p, err := pairOf(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, escaped := range regexp.MustCompile(`_html_template_\w+(?: \| _html_template_\w+)*`).FindAllString(p.theirs.Tree.Root.String(), -1) {
			seen[strings.ReplaceAll(strings.ReplaceAll(escaped, "_html_template_", ""), " | ", " ")] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(escapers)), slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("escapers and those that contexts reach (-escapers +contexts):\n%s", diff)
	}
}

// FuzzShippedTemplatesEqualHTMLTemplate renders the shipped templates with
// whatever text events may hold, cleaned and not, here and by html/template.
func FuzzShippedTemplatesEqualHTMLTemplate(f *testing.F) {
	d := emptyDirectory()
	if err := d.read(os.DirFS("../../templates")); err != nil {
		f.Fatal(err)
	}
	d.share()
	type shippedMail struct {
		m   *mail
		ref *reference
	}
	var mails []shippedMail
	for _, name := range d.mails {
		c := d.compile(name, "")
		if c == nil {
			f.Fatal(d.ps.err())
		}
		for _, m := range c.all {
			mails = append(mails, shippedMail{m, m.ref})
		}
	}
	for i, a := range troublemakers {
		f.Add(a, troublemakers[len(troublemakers)-1-i], i, uint(i), "en-GB")
	}
	f.Fuzz(func(t *testing.T, a, b string, n int, which uint, locale string) {
		mail := mails[which%uint(len(mails))]
		d := hostileData(a, b, n)
		d.Store.Locale = locale
		for _, clean := range []bool{false, true} {
			d.Marketing = !clean && b != ""
			d.UnsubscribeURL = b
			if _, err := mail.m.tryOut(mail.ref, d, clean); err != nil && !errors.Is(err, errTooLong) && !errors.Is(err, errNoSubject) {
				t.Errorf("%s: %v", mail.m.name, err)
			}
		}
	})
}
