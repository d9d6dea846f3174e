package render

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const ofMJML = `x/y:
  subject: Hello
  preheader: A word
  title: Dear {{with .Customer.FirstName}}{{.}}{{else}}friend{{end}}
  body: One two
shared:
  visit: Visit the shop
  leave: Unsubscribe
`

// documentFS holds an email that MJML made of testdata/document/mjml.mjml; make mjml
// writes it again.
func documentFS(t testing.TB) fstest.MapFS {
	t.Helper()
	made, err := os.ReadFile("testdata/document/mjml.html")
	if err != nil {
		t.Fatal(err)
	}
	fsys := phrasesFS(t, "---\nlayout: none\n---\n"+string(made), "{{t \"title\"}}\n\n{{t \"body\"}}\n", map[string]string{"en": ofMJML})
	return fsys
}

func TestADocumentOfMJMLIsAnEmail(t *testing.T) {
	set, err := Load(documentFS(t))
	if err != nil {
		t.Fatal(err)
	}
	d := set.Samples("x/y")[0].Data
	d.Customer.FirstName, d.Marketing, d.UnsubscribeURL = "Ann", true, "https://mail.shop.example/u"
	m, err := set.Render("x/y", d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<!doctype html>", `<html lang="en"`, "<title>Hello</title>", `<h1>Dear <span dir="auto">Ann</span></h1>`, "Visit the shop", `<a href="https://mail.shop.example/u">Unsubscribe</a>`,
		"<!--[if mso | IE]>", "</html>",
	} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("no %s in\n%s", want, m.HTML)
		}
	}
	for _, it := range d.Order.Items {
		if !strings.Contains(m.HTML, " × "+it.Name) {
			t.Errorf("no row for %s", it.Name)
		}
	}
	if strings.Contains(m.HTML, "{{") || !strings.Contains(m.Text, "https://mail.shop.example/u") {
		t.Errorf("%s\n%s", m.HTML, m.Text)
	}
}

func TestADocumentIsCheckedLikeAnyEmail(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(fstest.MapFS)
		want   string
	}{
		"no text part":  {func(f fstest.MapFS) { delete(f, "x/y.txt") }, "x/y.txt: is missing: every email has a text part"},
		"no way out":    {func(f fstest.MapFS) { edit(f, "x/y.html", "<a href=\"{{.}}\">{{t \"leave\"}}</a>", "{{t \"leave\"}}") }, "x/y.html: sample \"first\": a marketing email without the unsubscribe link"},
		"a script":      {func(f fstest.MapFS) { edit(f, "x/y.html", "</body>", "<script>x()</script></body>") }, "<script> does not belong in an email"},
		"a field":       {func(f fstest.MapFS) { edit(f, "x/y.html", "{{.Preheader}}", "{{.Prehaeder}}") }, "there is no .Prehaeder"},
		"a bad link":    {func(f fstest.MapFS) { edit(f, "x/y.html", "https://shop.example/about", "javascript:x()") }, "is not a link that an email can have"},
		"a layout none": {func(f fstest.MapFS) { f["layouts/none.html"] = f["layouts/base.html"] }, `layouts/none.html: a layout cannot be called "none"`},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := documentFS(t)
			tc.change(fsys)
			wantProblem(t, fsys, tc.want)
		})
	}
}
