package render

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homing/events"
)

// templatesFS copies the shipped templates, to be broken: in English, since what breaks
// them breaks them in each language, and each takes its time.
func templatesFS(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	src := os.DirFS("../../templates")
	err := fs.WalkDir(src, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if path.Dir(p) == "phrases" && p != "phrases/en.yaml" {
			return nil
		}
		data, err := fs.ReadFile(src, p)
		out[p] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sharedFS holds the shipped layouts and partials without an email.
func sharedFS(t testing.TB) fstest.MapFS {
	fsys := templatesFS(t)
	for p := range fsys {
		if !strings.HasPrefix(p, "layouts/") && !strings.HasPrefix(p, "partials/") {
			delete(fsys, p)
		}
	}
	shared, _, _ := strings.Cut(string(templatesFS(t)["phrases/en.yaml"].Data), "\n\n")
	fsys["phrases/en.yaml"] = &fstest.MapFile{Data: []byte(shared + "\n")}
	return fsys
}

func edit(fsys fstest.MapFS, path, old, with string) {
	fsys[path] = &fstest.MapFile{Data: []byte(strings.Replace(string(fsys[path].Data), old, with, 1))}
}

// mailOf wraps a body into the simplest mail: its first line is line 5.
func mailOf(body string) string {
	return "---\nsubject: Hello\npreheader: A word\n---\n" + body
}

const plainBody = "<h1>Hello</h1>\n"

// faultsOfMails are bodies of an email, and what is said of them.
var faultsOfMails = []struct{ name, body, want string }{
	{"misspelt field", "<h1>{{.Custmer.FirstName}}</h1>", "x/y.html:5:7: there is no .Custmer in the data; did you mean Customer?"},
	{"misspelt field in a branch no sample reaches", "<h1>a</h1>{{if .Marketing}}\n{{.Ordr}}{{end}}", "x/y.html:6:3: there is no .Ordr in the data; did you mean Order?"},
	{"misspelt function", "<h1>{{mony .Ordinal}}</h1>", `x/y.html:5: there is no function "mony"; did you mean money?`},
	{"no end", "<h1>a</h1>{{if .Marketing}}", "an {{if}}, {{with}} or {{range}} above has no {{end}}"},
	{"one end too many", "<h1>a</h1>{{end}}", "x/y.html:5: this {{end}} closes nothing: there is one too many here or above"},
	{"order may be missing", "<h1>{{.Order.ID}}</h1>", "x/y.html:5:7: this may be missing: write it between {{with .Order}} and {{end}}"},
	{"variable may be missing", "<h1>a</h1>{{$o := .Order}}{{$o.ID}}", "this may be missing: write it between {{with $o}} and {{end}}"},
	{"variable that hides a tested one", "<h1>a</h1>{{with $o := .Order}}{{$o := $.Cart}}{{$o.URL}}{{end}}", "this may be missing: write it between {{with $o}} and {{end}}"},
	{"amount printed raw", "<h1>{{with .Order}}{{.Total}}{{end}}</h1>", "write {{money .Total}}"},
	{"time printed raw", "<h1>{{with .Order}}{{.PlacedAt}}{{end}}</h1>", "write {{date .PlacedAt}}"},
	{"list printed", "<h1>{{with .Order}}{{.Items}}{{end}}</h1>", "a list cannot be printed"},
	{"record printed", "<h1>{{.Store}}</h1>", "the store cannot be printed"},
	{"range over a number", "<h1>{{range 300000000}}a{{end}}</h1>", "range runs over a list such as .Order.Items, not over a number"},
	{"range over a field that is a number", "<h1>{{range .Ordinal}}a{{end}}</h1>", "range runs over a list such as .Order.Items, not over a number"},
	{"method", "<h1>{{with .Order}}{{.PlacedAt.Unix}}{{end}}</h1>", "a time has no .Unix"},
	{"method of an amount", "<h1>{{with .Order}}{{.Total.Decimal}}{{end}}</h1>", "an amount has no .Decimal"},
	{"method with an argument", `<h1>{{with .Order}}{{.PlacedAt.Format "Mon"}}{{end}}</h1>`, "is a value and takes no arguments"},
	{"call", "<h1>{{call .Variant}}</h1>", `there is no function "call"`},
	{"printf", `<h1>{{printf "%1000000000d" 1}}</h1>`, `there is no function "printf"`},
	{"js", `<h1>{{js .Variant}}</h1>`, `there is no function "js"`},
	{"html", `<h1>{{.Variant | html}}</h1>`, `there is no function "html"`},
	{"index", `<h1>{{with .Order}}{{index .Items 0}}{{end}}</h1>`, `there is no function "index"`},
	{"verbatim comment as a way out", "<h1>{{_comment `<script>`}}</h1>", "is not for use in templates"},
	{"define", `<h1>a</h1>{{define "footer"}}mine{{end}}`, "{{define}} and {{block}} cannot be used here"},
	{"unknown partial", `<h1>a</h1>{{template "buton" .}}`, `there is no partial "buton"; did you mean button?`},
	{"partial without data", `<h1>a</h1>{{template "footer"}}`, "a partial needs data to show"},
	{"wrong argument", "<h1>{{money .Store.Name}}</h1>", "money takes an amount here, not text"},
	{"argument missing", `<h1>{{truncate 1}}</h1>`, "truncate takes 2 values, not 1"},
	{"form missing", `<h1>{{plural 1 "a"}}</h1>`, "plural does not take 2 values"},
	{"form without a name", `<h1>{{plural 1 "a" "b" "c"}}</h1>`, "plural does not take 4 values"},
	{"misspelt name of a form", `<h1>{{plural 1 "one" "a" "fwe" "b" "other" "c"}}</h1>`, `"fwe" is no name of a form; did you mean few?`},
	{"two forms of one name", `<h1>{{plural 1 "one" "a" "one" "b"}}</h1>`, `two forms for "one"`},
	{"value as the name of a form", `<h1>{{plural 1 "one" "a" .Variant "b"}}</h1>`, "takes the name of a form here"},
	{"forms of another kind", `<h1>{{plural .Variant "a" "b"}}</h1>`, "plural takes a number here, not text"},
	{"form through a pipe", `<h1>{{"c" | plural 1 "one" "a" "other"}}</h1>`, "takes its forms in one place"},
	{"comparison of two kinds", `<h1>{{if eq .Ordinal "1"}}a{{end}}</h1>`, "eq cannot compare a number with text"},
	{"variant without a sample", `<h1>a</h1>{{if eq .Variant "frist"}}a{{end}}`, `no sample has the variant "frist"`},
	{"testing an amount", `<h1>a</h1>{{with .Order}}{{if .Total}}a{{end}}{{end}}`, "an amount is never empty"},
	{"float", `<h1>{{1.5}}</h1>`, "1.5 is not allowed"},
	{"three loops", "<h1>a</h1>{{with $o := .Order}}{{range $o.Items}}{{range $o.Items}}{{range $o.Items}}a{{end}}{{end}}{{end}}{{end}}", "loops nest at most two deep"},
	{"too many steps", "<h1>a</h1>{{with $o := .Order}}" + strings.Repeat("{{range $o.Items}}{{range $o.Items}}{{.Name}}{{.Name}}{{.Name}}{{end}}{{end}}", 12) + "{{end}}", "use fewer loops and partials"},
	{"script", "<h1>a</h1>\n  <script>x()</script>", "x/y.html:6:3: <script> does not belong in an email"},
	{"event handler", `<h1 onclick="x()">a</h1>`, "runs a script"},
	{"value in a script handler", `<h1>a</h1><p onclick="{{.Variant}}">a</p>`, "runs a script"},
	{"image without alt", `<h1>a</h1><img src="https://shop.example/a.png">`, `x/y.html:5:11: <img> has no alt: say what it shows, or write alt="" if it only decorates`},
	{"table without role", `<h1>a</h1><table></table>`, `<table> has no role`},
	{"form", `<h1>a</h1><form></form>`, "<form> does not belong in an email"},
	{"tag not closed", `<h1>a</h1><p><b>a</p>`, "x/y.html:5:14: </p> comes before </b>: <b> is not closed"},
	{"no heading", `<p>a</p>`, "the email has 0 <h1>"},
	{"relative link", `<h1>a</h1><a href="/cart">a</a>`, `"/cart" is not a link that an email can have`},
	{"script link", `<h1>a</h1><a href="javascript:x()">a</a>`, `is not a link that an email can have`},
	{"text as a link", `<h1>a</h1>{{with .Order}}<a href="{{.ID}}">a</a>{{end}}`, "is not a link that an email can have"},
	{"name as a host", `<h1>a</h1><a href="{{if .Customer.LastName}}{{.Customer.LastName}}{{else}}https://shop.example{{end}}">a</a>`, ""},
	{"value in a style", `<h1 style="color:{{.Variant}}">a</h1>`, "x/y.html:5:20: a value may be in text or between the quotes of an attribute, but not in a style or script"},
	{"value as an attribute", `<h1 {{.Variant}}>a</h1>`, "but not in a style or script"},
	{"attribute without quotes", `<h1 title={{.Variant}}>a</h1>`, "between the quotes"},
	{"branches that end differently", `<h1>a</h1><p {{if .Marketing}}title="{{end}}>a</p>`, "x/y.html:5"},
	{"offer may be missing", "<h1>{{.Offer.Code}}</h1>", "this may be missing: write it between {{with .Offer}} and {{end}}"},
	{"list of answers printed", "<h1>{{.Answers}}</h1>", "a list cannot be printed"},
	{"expiry printed raw", "<h1>a{{with .Offer}}{{.Expires}}{{end}}</h1>", "write {{date .Expires}}"},
	{"total of what has none", `<h1>a</h1>{{with .Products}}{{template "total" .}}{{end}}`, "there is no .Total in the products"},
	{"action in a conditional comment", "<h1>a</h1><!--[if mso]>{{.Variant}}<![endif]-->", "a conditional comment is copied unchanged"},
}

func TestEachFaultIsReportedWhereItIs(t *testing.T) {
	for _, tc := range faultsOfMails {
		t.Run(tc.name, func(t *testing.T) {
			fsys := sharedFS(t)
			fsys["x/y.html"] = &fstest.MapFile{Data: []byte(mailOf(tc.body + "\n"))}
			fsys["x/y.txt"] = &fstest.MapFile{Data: []byte("Hello\n")}
			fsys["x/y.sample.yaml"] = templatesFS(t)["thank-you/thanks.sample.yaml"]
			wantProblem(t, fsys, tc.want)
		})
	}
}

func TestOffersHaveNoPlaceInTransactionalMail(t *testing.T) {
	for name, body := range map[string]string{
		"directly":                "{{with .Offer}}{{.Code}}{{end}}",
		"in a partial":            `{{with .Offer}}{{template "offer" .}}{{end}}`,
		"through the root":        "{{with .Store}}{{with $.Offer}}{{.Code}}{{end}}{{end}}",
		"only asking whether":     "{{if .Offer}}a{{end}}",
		"through another partial": `{{template "mine" .}}`,
	} {
		t.Run(name, func(t *testing.T) {
			fsys := sharedFS(t)
			fsys["partials/mine.html"] = &fstest.MapFile{Data: []byte("{{with .Offer}}{{.Code}}{{end}}\n")}
			fsys["x/y.txt"] = &fstest.MapFile{Data: []byte("Hello\n")}
			fsys["x/y.sample.yaml"] = templatesFS(t)["win-back/last-call.sample.yaml"]
			mail := "---\nsubject: Hello\npreheader: A word\nclass: marketing\n---\n<h1>a</h1>" + body + "\n"
			fsys["x/y.html"] = &fstest.MapFile{Data: []byte(mail)}
			set, err := Load(fsys)
			if err != nil {
				t.Fatal(err)
			}
			if meta, _ := set.Meta("x/y"); !meta.Offer {
				t.Error("Meta does not say that it shows an offer")
			}
			fsys["x/y.html"] = &fstest.MapFile{Data: []byte(strings.Replace(mail, "class: marketing", "class: transactional", 1))}
			wantProblem(t, fsys, "an offer does not belong in a transactional email such as x/y")
		})
	}
	fsys := templatesFS(t)
	edit(fsys, "thank-you/thanks.html", "class:", "preheader: A code{{with .Offer}} {{.Code}}{{end}}\nclass:")
	wantProblem(t, fsys, "thank-you/thanks.html:3:")
}

func TestMarketingMailShowsTheWayOut(t *testing.T) {
	for _, tc := range []struct{ path, class, want string }{
		{"partials/footer.html", "marketing", "x/y.html: sample \"a\": a marketing email without the unsubscribe link"},
		{"partials/footer.txt", "marketing", "x/y.txt: sample \"a\": a marketing email without the unsubscribe link"},
		{"partials/footer.html", "", "a marketing email without the unsubscribe link"},
		{"partials/footer.html", "transactional", ""},
	} {
		fsys := sharedFS(t)
		fsys[tc.path] = &fstest.MapFile{Data: []byte("{{.Store.Name}}\n")}
		page := "---\nsubject: Hello\npreheader: A word\nclass: " + tc.class + "\n---\n" + plainBody
		fsys["x/y.html"] = &fstest.MapFile{Data: []byte(page)}
		fsys["x/y.txt"] = &fstest.MapFile{Data: []byte("Hello\n")}
		fsys["x/y.sample.yaml"] = &fstest.MapFile{Data: []byte("samples:\n  a:\n    store: {name: A}\n")}
		if tc.want != "" {
			wantProblem(t, fsys, tc.want)
		} else if _, err := Load(fsys); err != nil {
			t.Error(err)
		}
	}
}

func TestSamplesDescribeEverythingThatDataHolds(t *testing.T) {
	fsys := sharedFS(t)
	fsys["x/y.html"] = &fstest.MapFile{Data: []byte(mailOf(plainBody))}
	fsys["x/y.txt"] = &fstest.MapFile{Data: []byte("Hello\n")}
	fsys["x/y.sample.yaml"] = &fstest.MapFile{Data: []byte(`data:
  store: {name: A}
  also: ["2"]
  cart: {url: "https://a.example/c", more: 1, total: 5 GBP, items: [{product_id: p, quantity: 2}]}
  products: {more: 3, items: [{name: P}]}
  offer: {code: TEN, percent: 10, amount: 5 GBP, expires: 2026-03-03T23:59:59Z}
  answers: [{code: other, url: "https://a.example/a"}]
samples:
  all: {cart: {more: 2}}
  none: {cart: null, products: null, offer: null, answers: [], also: []}
`)}
	set, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	five := events.Money{Minor: 500, Currency: "GBP"}
	want := Data{
		Store: Store{Name: "A"}, Also: []string{"2"}, Answers: []Answer{{"other", "https://a.example/a"}},
		Cart:     &Cart{URL: "https://a.example/c", More: 2, Total: five, Items: []Item{{ProductID: "p", Quantity: 2}}},
		Products: &Products{More: 3, Items: []Item{{Name: "P"}}},
		Offer:    &Offer{Code: "TEN", Percent: 10, Amount: five, Expires: time.Date(2026, 3, 3, 23, 59, 59, 0, time.UTC)},
	}
	got := set.Samples("x/y")
	if diff := cmp.Diff(want, got[0].Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Data{Store: Store{Name: "A"}}, got[1].Data, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func wantProblem(t *testing.T, fsys fstest.MapFS, want string) {
	t.Helper()
	set, err := Load(fsys)
	switch {
	case err == nil:
		t.Fatalf("no problem found; want %q", want)
	case set != nil:
		t.Error("a Set despite problems")
	case !strings.Contains(err.Error(), want):
		t.Errorf("got:\n%v\nwant %q", err, want)
	}
}

// faultsOfFiles are files that spoil a sound directory, and what is said of them.
var faultsOfFiles = []struct{ name, path, content, want string }{
	{"no front matter", "x/y.html", plainBody, `x/y.html:1:1: must begin with "---"`},
	{"no subject", "x/y.html", "---\npreheader: a\n---\n" + plainBody, "x/y.html: needs a subject, in its front matter or as a phrase of the section x/y"},
	{"unknown key", "x/y.html", "---\nsubject: a\npreheadr: b\n---\n" + plainBody, `x/y.html:3:1: unknown field "preheadr"; known are subject, subjects, preheader`},
	{"not YAML", "x/y.html", "---\nsubject: {{.Variant}}\npreheader: b\n---\n" + plainBody, `must be in quotes`},
	{"wrong class", "x/y.html", "---\nclass: promo\nsubject: a\npreheader: b\n---\n" + plainBody, `x/y.html:2: class is "marketing", "transactional", "staff" or left out`},
	{"wrong language", "x/y.html", "---\nsubject: a\npreheader: b\nlang: English\n---\n" + plainBody, `x/y.html:4: lang is a language`},
	{"unknown layout", "x/y.html", "---\nsubject: a\npreheader: b\nlayout: fancy\n---\n" + plainBody, "there is no layouts/fancy.html"},
	{"fault in the subject", "x/y.html", "---\npreheader: b\nsubject: \"{{.Nam}}\"\n---\n" + plainBody, "x/y.html:3:3: there is no .Nam"},
	{"subject that is empty", "x/y.html", "---\npreheader: b\nsubject: \"{{.UnsubscribeURL}}\"\n---\n" + plainBody, "the subject is empty"},
	{"no text part", "x/y.txt", "", "x/y.txt: is missing: every email has a text part"},
	{"empty text part", "x/y.txt", "{{with .UnsubscribeURL}}{{.}}{{end}}\n", ""},
	{"no sample", "x/y.sample.yaml", "", "x/y.sample.yaml: is missing"},
	{"sample without entries", "x/y.sample.yaml", "data: {}\n", `needs 1 to 20 entries under "samples:"`},
	{"misspelt field of a sample", "x/y.sample.yaml", "samples:\n  a:\n    variannt: first\n", `x/y.sample.yaml:3:5: unknown field "variannt"`},
	{"bad amount in a sample", "x/y.sample.yaml", "samples:\n  a:\n    order: {total: 1.2.3 GBP}\n", `is not an amount such as "12.95 GBP"`},
	{"mail without HTML", "x/z.txt", "a", "x/z.html: is missing"},
	{"stray file", "x/y.htm", "a", "x/y.htm: templates are .html, .txt and .sample.yaml files"},
	{"bad name", "x/Y Z.html", "a", "name it <worker>/<step>"},
	{"too deep", "a/b/c.html", "a", "name it <worker>/<step>"},
	{"too large", "x/y.html", strings.Repeat("a", maxSource+1), "is larger than 256 KiB"},
	{"recursion", "partials/header.html", `{{template "header" .}}`, `"header" would contain itself`},
	{"reserved partial", "partials/content.html", "a", `a partial cannot be called "content"`},
	{"layout without the mail", "layouts/base.txt", "a", `the layout must show the email: {{template "content" .}}`},
	{"layout without a language", "layouts/base.html", `<html><head><title>{{.Subject}}</title></head><body>{{template "content" .}}</body></html>`, "<html> has no lang"},
	{"layout without a title", "layouts/base.html", `<html lang="en"><body>{{template "content" .}}</body></html>`, "the email has no <title>"},
}

func TestFaultsOfFiles(t *testing.T) {
	for _, tc := range faultsOfFiles {
		t.Run(tc.name, func(t *testing.T) {
			fsys := sharedFS(t)
			fsys["x/y.html"] = &fstest.MapFile{Data: []byte(mailOf(plainBody))}
			fsys["x/y.txt"] = &fstest.MapFile{Data: []byte("Hello\n")}
			fsys["x/y.sample.yaml"] = &fstest.MapFile{Data: []byte("samples:\n  a:\n    store: {name: A}\n")}
			if _, err := Load(fsys); err != nil {
				t.Fatal(err)
			}
			fsys[tc.path] = &fstest.MapFile{Data: []byte(tc.content)}
			if tc.content == "" {
				delete(fsys, tc.path)
			}
			if tc.want == "" { // the layout's footer alone makes a text part
				if _, err := Load(fsys); err != nil {
					t.Error(err)
				}
				return
			}
			wantProblem(t, fsys, tc.want)
		})
	}
}

func TestAllProblemsAreReportedAtOnceInOrder(t *testing.T) {
	fsys := templatesFS(t)
	edit(fsys, "partials/footer.html", ".Store.PostalAddress", ".Store.Adress")
	edit(fsys, "thank-you/thanks.html", ".Order", ".Ordr")
	edit(fsys, "thank-you/thanks.txt", "{{with .Order}}", "{{wit .Order}}")
	_, err := Load(fsys)
	if err == nil {
		t.Fatal("no problem found")
	}
	var files []string
	for ln := range strings.Lines(err.Error()) {
		files = append(files, ln[:strings.Index(ln, ":")])
	}
	if want := []string{"partials/footer.html", "thank-you/thanks.html", "thank-you/thanks.txt"}; !slices.Equal(slices.Compact(files), want) {
		t.Errorf("got:\n%v", err)
	}
}

func TestConditionalCommentsReachOutlook(t *testing.T) {
	m := render(t, shipped(t), sample(t, shipped(t), "first"))
	if strings.Count(m.HTML, "<!--[if mso]>") != 3 || strings.Count(m.HTML, "<![endif]-->") != 3 {
		t.Error("a conditional comment is missing")
	}
	if strings.Contains(m.HTML, "The frame of every email") {
		t.Error("a comment for marketers is in the email")
	}
}

func TestNativesAndFuncsAreTheSame(t *testing.T) {
	for name := range signatures() {
		if natives[name] == nil {
			t.Errorf("%s cannot be compiled", name)
		}
	}
	for _, name := range builtins {
		if natives[name] == nil && name != "and" && name != "or" {
			t.Errorf("%s cannot be compiled", name)
		}
	}
	if len(natives) != len(signatures())+len(builtins)-2 {
		t.Error("natives has a function that templates may not call")
	}
}
