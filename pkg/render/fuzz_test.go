package render

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
)

// odd are template sources that are nearly right.
var odd = []string{
	"{{range 300000000}}a{{end}}", "{{with $x := .Order}}{{range $i, $e := .Items}}{{$i}}{{break}}{{end}}{{end}}",
	`<a href="{{.Store.URL}}?a={{.Variant}}" title='{{.Variant}}'>{{template "button" (link .Variant .Store.URL)}}</a>`,
	"{{with .Order}}{{template \"items\" .}}{{template \"items\" .}}{{end}}{{with .Cart}}{{template \"items\" .}}{{end}}", "<!--[if mso]>x<![endif]-->{{/* c */}}", "{{$x := 1}}{{$x = 2}}{{$x}}",
	"{{(.Variant | truncate 3) | default \"x\"}}", "{{if and .Order .Customer}}{{else with .Store}}{{.Name}}{{end}}", "{{not (eq .Variant .Variant \"a\")}}",
	"{{len .Variant}}{{or .Variant .Variant}}{{number 99999999999999999999}}", "<style>{{.Variant}}</style><p style='{{.Variant}}'>",
	"<svg onload=x><script>{{.Variant}}</script>", "{{" + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + "}}",
}

// FuzzLoad gives Load whatever a person may type. It must neither panic nor
// hang, and what it accepts must be safe with hostile data.
func FuzzLoad(f *testing.F) {
	shared := templatesFS(f)
	var data []byte
	for _, name := range []string{"win-back/last-call", "cart-recovery/last-call", thanks} {
		data = shared[name+".sample.yaml"].Data
		f.Add(string(shared[name+".html"].Data), string(shared[name+".txt"].Data), string(data))
	}
	for _, body := range odd {
		f.Add(mailOf("<h1>a</h1>"+body), body, string(data))
		f.Add("---\nsubject: >-\n  "+body+"\npreheader: a\n---\n<h1>a</h1>", "a", "samples:\n  a: {}\n")
	}
	f.Add("---\na: &a [*a]\n---\n", "", "data: &a\n  <<: *a\nsamples: {a: *a}\n")
	f.Fuzz(func(t *testing.T, page, text, data string) {
		fsys := sharedFS(t)
		fsys["a/b.html"] = &fstest.MapFile{Data: []byte(page)}
		fsys["a/b.txt"] = &fstest.MapFile{Data: []byte(text)}
		fsys["a/b.sample.yaml"] = &fstest.MapFile{Data: []byte(data)}
		start := time.Now()
		set, err := Load(fsys)
		if d := time.Since(start); d > 20*time.Second {
			t.Fatalf("took %v", d)
		}
		if err != nil {
			return
		}
		for _, s := range set.Samples("a/b") {
			if s.Data.Order == nil {
				s.Data.Order = &Order{}
			}
			for _, h := range []string{"<script>alert(1)</script>", "{{.}}", "javascript:alert(1)"} {
				m, err := set.Render("a/b", spoil(s.Data, h))
				if err == nil && strings.Contains(m.HTML, h) && h[0] == '<' {
					t.Errorf("%q went through:\n%s", h, m.HTML)
				}
			}
		}
	})
}

// FuzzRender gives the shipped templates whatever an event may hold.
func FuzzRender(f *testing.F) {
	set := shipped(f)
	names := set.Names()
	for i, h := range hostile {
		f.Add(h, h, h, h, int64(1295), 1, i)
	}
	f.Add("Ann", "Teapot", "https://shop.example/a?b=c&d=%20", "JPY", int64(-1), 1<<40, 0)
	f.Add("Ann", "TEN-OFF", "https://shop.example/a", "GBP", int64(500), 10, 3)
	f.Fuzz(func(t *testing.T, name, product, link, currency string, minor int64, n, which int) {
		template := names[uint(which)%uint(len(names))]
		d := sample(t, set, "first")
		d.Customer = Customer{FirstName: name, LastName: name, Locale: link}
		d.Store.Name, d.Store.PostalAddress, d.Variant, d.Ordinal = product, name, currency, n
		d.Order.ID, d.Order.Total = product, events.Money{Minor: minor, Currency: currency}
		for i := range d.Order.Items {
			d.Order.Items[i] = Item{ProductID: product, Name: product, Quantity: n, Price: d.Order.Total, URL: link, ImageURL: link}
		}
		d.Also = []string{product, name}
		d.Cart = &Cart{URL: link, Items: d.Order.Items, More: n, Total: d.Order.Total}
		d.Products = &Products{Items: d.Order.Items[:1+n&1], More: n}
		d.Offer = &Offer{Code: product, Percent: n, Amount: d.Order.Total, Expires: time.Unix(minor, 0)}
		d.Answers = []Answer{{"other", link}, {product, link}}
		d.Subscription = &Subscription{ID: product, Name: product, Items: d.Order.Items, More: n, Total: d.Order.Total, Every: currency, Count: n, RenewsAt: time.Unix(minor, 0),
			ManageURL: link, SkipURL: link, CancelURL: link, PaymentURL: link}
		before := d.clone()
		m, err := set.Render(template, d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, d); diff != "" {
			t.Error("Render changed the data it was given:", diff)
		}
		checkParts(t, m)
		for _, l := range outline(m.HTML).links {
			// Answers are the installation's own links, so any host will do for them.
			if u, err := url.Parse(l.url); err != nil || u.Scheme != "https" && u.Scheme != "http" && l.url != "mailto:"+d.Store.Contact {
				t.Errorf("link %q", l.url)
			}
		}
		if faults := outline(m.HTML).faults; len(faults) > 0 {
			t.Error(faults)
		}
	})
}

// FuzzPhrases puts whatever a person may type as a phrase into whatever they may type as
// a template. Nothing of it may panic, and each place in the result is one in a file.
func FuzzPhrases(f *testing.F) {
	for _, body := range odd {
		f.Add(body+`{{t "title"}}`, body)
	}
	f.Add(speaking, "Dear {{with .Customer.FirstName}}{{- . -}}{{end}}")
	f.Add(`<p title="{{t "title"}}">{{- t "title" -}}</p><title>{{t "title"}}</title><!--[if mso]>{{t "title"}}<![endif]-->`, "a\n\n{{.Variant}} <b title='{{.Variant}}'>")
	f.Add(`{{(t "title")}}{{t}}{{t "a" "b"}}{{$t := t "title"}}{{.t "title"}}{{/* t "title" */}}{{"t"}}{{t "`, "`\"{{$x}}{{/*@0,9*/}}")
	f.Fuzz(func(t *testing.T, body, words string) {
		quoted, err := json.Marshal(words)
		if err != nil {
			t.Skip()
		}
		b := readBook("phrases/en.yaml", "en", "shared:\n  title: "+string(quoted)+"\n", &problems{})
		for _, html := range []bool{true, false} {
			d := emptyDirectory()
			s := d.source("x/y.html", body, 3, html)
			if s == nil {
				continue
			}
			file := d.file(s, func(key string) *phrase { return b.find("x/y", key) })
			if file == nil {
				continue
			}
			for at := range len(file.text) + 1 {
				if o := file.at(at); o.line < 1 || o.col < 0 || o.path == "" {
					t.Fatalf("byte %d is at %+v", at, o)
				}
			}
		}
	})
}
