package render

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"github.com/vanng822/go-premailer/premailer"
	"golang.org/x/net/html"

	"homing/pkg/brand"
)

// styled is the simplest layout with styles to inline.
const styled = `<!DOCTYPE html><html lang="{{.Lang}}"><head><title>{{.Subject}}</title>
<style data-inline>
/* rules of every kind */
p {margin: 0 0 16px; color: var(--ink)}
.note, .tip {padding: 8px; background-color: var(--tint)}
p.note {margin: 0}
td.line {border-top: 1px solid var(--line); font-family: 'Segoe UI', "Helvetica Neue", serif}
</style>
<style>@media (max-width: 600px) {.note {padding: 0 !important}}
[data-ogsc] .note {color: var(--dark-ink) !important}</style></head>
<body>{{template "content" .}}{{template "footer" .}}</body></html>`

func styledFS(body string) fstest.MapFS {
	return fstest.MapFS{
		"layouts/base.html":    {Data: []byte(styled)},
		"layouts/base.txt":     {Data: []byte(`{{template "content" .}}{{template "footer" .}}`)},
		"partials/footer.txt":  {Data: []byte(`{{.UnsubscribeURL}}`)},
		"partials/footer.html": {Data: []byte(`{{if .UnsubscribeURL}}<a href="{{.UnsubscribeURL}}">Unsubscribe</a>{{end}}`)},
		"x/y.html":             {Data: []byte(mailOf("<h1>Hello</h1>\n" + body + "\n"))},
		"x/y.txt":              {Data: []byte("Hello\n")},
		"x/y.sample.yaml":      {Data: []byte("data:\n  store: {name: Shop}\nsamples:\n  one:\n    also: [\"1\", \"2\"]\n")},
	}
}

func TestStylesAreWrittenIntoElements(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{"a tag", `<p>a</p>`, `<p style="margin:0 0 16px;color:#22262b">a</p>`},
		{"a class", `<div class="tip">a</div>`, `<div style="padding:8px;background-color:#f2f3f5" class="tip">a</div>`},
		{"both, the more particular rule last", `<p class="note">a</p>`, `<p style="color:#22262b;padding:8px;background-color:#f2f3f5;margin:0" class="note">a</p>`},
		{"styles of its own win", `<p style="color:#ff0000">a</p>`, `<p style="margin:0 0 16px;color:#ff0000">a</p>`},
		{"what no rule is for stays as it is", `<div style="color: #FF0000;" class="x">a</div>`, `<div style="color: #FF0000;" class="x">a</div>`},
		{"quotes", `<table role="presentation"><tr><td class="line">a</td></tr></table>`, `<td style="border-top:1px solid #e2e3e3;font-family:'Segoe UI', 'Helvetica Neue', serif" class="line">`},
		{"rows of a loop", `<table role="presentation">{{range .Also}}<tr><td class="tip">{{.}}</td></tr>{{end}}</table>`, `<tr><td style="padding:8px;background-color:#f2f3f5" class="tip">1</td></tr><tr><td style=`},
		{"an action right after the tag", `<p{{if .Also}} title="a > b"{{end}} class="note">a</p>`, `<p style="color:#22262b;padding:8px;background-color:#f2f3f5;margin:0" title="a > b" class="note">a</p>`},
		{"an attribute in an if", `<p {{if .Also}}align="left"{{else}}align="right"{{end}}>a</p>`, `<p style="margin:0 0 16px;color:#22262b" align="left">a</p>`},
		{"a value of its own in an if", `<p style="padding:{{if .Also}}1px{{else}}2px{{end}}">a</p>`, `<p style="margin:0 0 16px;color:#22262b;padding:1px">a</p>`},
		{"an action whose text looks like a tag", `{{if eq "<p class='note'>" .Customer.FirstName}}x{{end}}<p>a</p>`, `<p style="margin:0 0 16px;color:#22262b">a</p>`},
		{"a tag that is opened in an if", `{{if .Also}}<p class="note">{{else}}<p>{{end}}a</p>`, `margin:0" class="note">a</p>`},
		{"upper case", `<P>a</P>`, `<P style="margin:0 0 16px;color:#22262b">a</P>`},
		{"a comment for Outlook", "<!--[if mso]><p style=\"color:var(--accent)\">a</p><![endif]-->", `<!--[if mso]><p style="color:#2a3f54">a</p><![endif]-->`},
		{"a brand value in an attribute", `<table role="presentation" bgcolor="var(--accent)"><tr><td>a</td></tr></table>`, `bgcolor="#2a3f54"`},
		{"a brand value in text is text", `<p>Price 5 &lt; 6, a style</p>`, `Price 5 &lt; 6`},
		{"the head keeps what is not for elements", ``, `@media (max-width: 600px) {.note {padding: 0 !important}}`},
		{"the head has no brand values left", ``, `[data-ogsc] .note {color: #f0f0f0 !important}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, err := Load(styledFS(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			out, err := set.Render("x/y", set.Samples("x/y")[0].Data)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("#f0f0f0", paletteOf(t, "dark-ink"), "#f2f3f5", paletteOf(t, "tint"), "#e2e3e3", paletteOf(t, "line")).Replace(tc.want)
			if !strings.Contains(out.HTML, want) {
				t.Errorf("want %s\nin %s", want, out.HTML)
			}
			for _, not := range []string{"var(", "data-inline", "\x01", "\x02", "\x03"} {
				if strings.Contains(out.HTML, not) {
					t.Errorf("%q is left in %s", not, out.HTML)
				}
			}
		})
	}
}

func paletteOf(t *testing.T, name string) string {
	t.Helper()
	for i, n := range brand.Names() {
		if n == name {
			return brand.Default().Palette()[i]
		}
	}
	t.Fatal(name)
	return ""
}

func TestWhatCannotBeInlinedIsReportedWhereItIs(t *testing.T) {
	layout := func(old, with string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { edit(f, "layouts/base.html", old, with) }
	}
	body := func(s string) func(fstest.MapFS) {
		return func(f fstest.MapFS) { edit(f, "x/y.html", "<h1>", s+"\n<h1>") }
	}
	for _, tc := range []struct {
		change func(fstest.MapFS)
		want   string
	}{
		{layout("p.note {", ".note p {"), "layouts/base.html:6:1: a style to inline is for a tag, a class or both, such as td.line, not for .note p"},
		{layout("p.note {", "a:hover {"), "not for a:hover"},
		{layout("p {margin", "@media print {p {color: red}}\np {margin"), "layouts/base.html:4:1: @media cannot be inlined"},
		{layout("p.note {margin: 0}", "p.note {margin: 0 !important}"), "layouts/base.html:6:1: !important is for the styles of phones"},
		{layout("p.note {margin: 0}", "p.note {color: {{.Lang}}}"), "layouts/base.html:6:16: a style to inline is the same for every email"},
		{layout("var(--ink)", "var(--inc)"), "layouts/base.html:4:29: the brand has no --inc; did you mean ink?"},
		{body(`<p class="{{if .Also}}note{{end}}">a</p>`), "x/y.html:5:1: a class cannot depend on an expression"},
		{body(`<p {{if .Also}}class="note"{{end}}>a</p>`), "x/y.html:5:1: whether this tag has its class depends on an {{if}}"},
		{body(`<p {{if .Also}}style="color:red"{{else}}style="color:blue"{{end}}>a</p>`), "x/y.html:5:1: whether this tag has its style depends on an {{if}}"},
		{body(`<td class="line" {{if .Also}}align="left" style="padding:1px;{{else}}align="right" style="padding:2px;{{end}}margin:0">a</td>`), "x/y.html:5:1: "},
		{body(`<p style="color:var( --nothing )">a</p>`), "x/y.html:5:17: the brand has no --nothing"},
		{body(`<p class="note">{{.Custmer}}</p>`), "x/y.html:5:19: there is no .Custmer"},
	} {
		f := styledFS("")
		tc.change(f)
		wantProblem(t, f, tc.want)
	}
}

func TestTwoStoresShareATemplateAndNotTheirBrand(t *testing.T) {
	set, err := Load(styledFS(`<div class="tip">a</div>`))
	if err != nil {
		t.Fatal(err)
	}
	b := brand.Default()
	b.Colors.Accent, b.Colors.Ink = "#7a1f3d", "#000000"
	d := set.Samples("x/y")[0].Data
	plain, err := set.Render("x/y", d)
	if err != nil {
		t.Fatal(err)
	}
	d.Store.Brand = NewLook(b)
	own, err := set.Render("x/y", d)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(own.HTML, "background-color:#f7f2f3") || strings.Contains(plain.HTML, "#f7f2f3") {
		t.Errorf("%s\n%s", own.HTML, plain.HTML)
	}
	m := newDirectory(t, styledFS(`<div class="tip">a</div>`), true).compile("x/y", "").all[0]
	// html/template must print the same.
	if _, err := m.tryOut(m.ref, &d, true); err != nil {
		t.Error(err)
	}
}

// newDirectory reads templates as Load does, with styles inlined or not.
func newDirectory(t *testing.T, fsys fstest.MapFS, inlined bool) *directory {
	t.Helper()
	d := emptyDirectory()
	if err := d.read(fsys); err != nil {
		t.Fatal(err)
	}
	if d.share(); !inlined {
		d.sheets = nil
	}
	return d
}

// Whether styles are written into a template or into what it renders makes no
// difference, for any email that Homing comes with.
func TestInliningBeforeRenderingEqualsInliningAfter(t *testing.T) {
	fsys := templatesFS(t)
	before, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	d := newDirectory(t, fsys, false)
	for _, name := range before.Names() {
		c := d.compile(name, "")
		if c == nil {
			t.Fatal(d.ps.err())
		}
		m := c.all[0]
		seen := map[string]bool{}
		for i, s := range before.Samples(name) {
			variants := []Sample{s}
			if i == 0 || !testing.Short() {
				variants = append(without(s.Data), s)
			}
			for _, o := range variants {
				want, err := m.render(&o.Data, true)
				if err != nil {
					t.Fatal(err)
				}
				form := Wordless(want.HTML)
				if seen[form] { // no style is for words
					continue
				}
				seen[form] = true
				got, err := before.Render(name, o.Data)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tokens(t, inlined(t, want.HTML)), tokens(t, got.HTML)); diff != "" {
					t.Fatalf("%s, %s %s (-after +before):\n%s", name, s.Name, o.Name, diff)
				}
			}
		}
	}
}

// inlined has the library inline a whole page, and writes the plain brand into it.
func inlined(t *testing.T, page string) string {
	t.Helper()
	page = strings.ReplaceAll(page, "<style>", `<style data-premailer="ignore">`)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	out, err := premailer.NewPremailer(doc, premailer.NewOptions(premailer.WithCssToAttributes(false))).Transform()
	if err != nil {
		t.Fatal(err)
	}
	out = strings.ReplaceAll(out, ` data-premailer="ignore"`, "")
	return string(brandIn([]byte(markBrand(out)), plainLook()))
}

// tokens are the tags and texts of a page as a browser reads it, with styles by
// property: which of them comes first makes no difference.
func tokens(t *testing.T, page string) (out []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		switch text := strings.TrimSpace(n.Data); {
		case n.Type == html.TextNode && text == "":
		case n.Type != html.ElementNode:
			out = append(out, text)
		default:
			attrs := map[string]any{}
			for _, a := range n.Attr {
				if attrs[a.Key] = a.Val; a.Key == "style" {
					attrs[a.Key] = declarations(a.Val)
				}
			}
			out = append(out, fmt.Sprint(text, attrs))
		}
	}
	return out
}

// declarations are the values of a style by property; the last of one counts.
func declarations(style string) map[string]string {
	out := map[string]string{}
	for d := range strings.SplitSeq(style, ";") {
		if name, value, ok := strings.Cut(d, ":"); ok {
			out[strings.TrimSpace(name)] = strings.Join(strings.Fields(strings.ReplaceAll(value, `"`, "'")), " ")
		}
	}
	return out
}

// Loading is paid at each start, and for each version that a marketer publishes. The
// bound has room for a machine that is busy and slow.
func TestLoadingIsQuick(t *testing.T) {
	fsys := os.DirFS("../../templates")
	best := time.Hour
	for range 3 {
		began := time.Now()
		if _, err := Load(fsys); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	t.Logf("loaded in %v", best)
	if best > 10*time.Second {
		t.Errorf("loading took %v", best)
	}
}
