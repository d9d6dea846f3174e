package mailprogram

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatMailProgramsDropIsFound(t *testing.T) {
	for name, c := range map[string]struct{ html, slug, by string }{
		"an element":            {`<video src="a.mp4"></video>`, "html-video", "Gmail"},
		"a property":            {`<td style="position: absolute">`, "css-position", "Gmail"},
		"in capitals":           {`<TD STYLE="POSITION: ABSOLUTE">`, "css-position", "Gmail"},
		"a value":               {`<div style="display:flex">`, "css-display-flex", "Outlook (Windows"},
		"a unit":                {`<p style="width: 5.5vw">`, "css-unit-vw", "Outlook"},
		"a unit with an e":      {`<p style="margin: 1e1rem">`, "css-unit-rem", "Outlook"},
		"a function":            {`<p style="width:clamp(1px, 2px, 3px)">`, "css-function-clamp", "Outlook"},
		"a media query":         {`<style>@media (prefers-color-scheme: dark) {a {color: red}}</style>`, "css-at-media-prefers-color-scheme", "Gmail"},
		"inside a media query":  {`<style>@media (max-width: 9px) {a {position: fixed}}</style>`, "css-position", "Gmail"},
		"a pseudo-class":        {`<style>a:hover {color: red}</style>`, "css-pseudo-class-hover", "Outlook"},
		"a combinator":          {`<style>a ~ b {color: red}</style>`, "css-selector-general-sibling", ""},
		"a picture":             {`<img src="https://shop.example/a.WEBP?w=1">`, "image-webp", "Outlook"},
		"a picture in the page": {`<img src="data:image/png;base64,AAAA">`, "image-base64", "Gmail"},
		"an attribute":          {`<img srcset="a 2x">`, "html-srcset", ""},
		"a custom property":     {`<style>:root {--x: 1px}</style>`, "css-variables", "Gmail"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, l := range Check(c.html) {
				if l.Slug != c.slug {
					continue
				}
				if !strings.Contains(l.Dropped, c.by) || l.Share < 0 || l.Share > 1 || l.Title == "" {
					t.Errorf("%+v", l)
				}
				return
			}
			t.Errorf("not found: %+v", Check(c.html))
		})
	}
}

func TestWhatAllProgramsShowIsNoLoss(t *testing.T) {
	for _, html := range []string{
		"", "text", `<p style="color:red;font-size:12px">x</p>`, `<style>`, `<style>a {`, `<p style="}{;:">`, `<p style="color">`,
		`<!--[if mso]><v:rect style="position:absolute"></v:rect><![endif]-->`,
		`<p>display:flex</p><a title="position:absolute">`,
	} {
		if l := Check(html); len(l) > 0 {
			t.Errorf("%q: %+v", html, l)
		}
	}
}

// The most that an email may weigh does not take long, and nothing hangs.
func FuzzCheck(f *testing.F) {
	golden, err := filepath.Glob("../render/testdata/golden/*/*.html")
	if err != nil || len(golden) == 0 {
		f.Fatal("no emails to start from", err)
	}
	for _, path := range golden[:3] {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Fuzz(func(_ *testing.T, html string) { Check(html) })
}

func TestTheDataIsThatOfTheProgramsLookedAt(t *testing.T) {
	if len(Date()) != len("2026-01-02") || len(known().of) < 200 {
		t.Fatalf("%q, %d features", Date(), len(known().of))
	}
	for mark, f := range known().of {
		if len(f.support) != len(Platforms()) || strings.Trim(f.support, "ynau") != "" {
			t.Errorf("%s: %q", mark, f.support)
		}
	}
	for slug := range harmless {
		found := false
		for _, f := range known().of {
			found = found || f.slug == slug
		}
		if !found {
			t.Errorf("%s is no feature", slug)
		}
	}
	for _, p := range Platforms() {
		_, name, _ := strings.Cut(p, "/")
		if readable[name] == "" {
			t.Errorf("%s has no name for people", p)
		}
	}
}
