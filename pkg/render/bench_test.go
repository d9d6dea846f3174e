package render

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// BenchmarkRender renders the whole thank-you mail of a three-item order:
// subject, preheader, HTML and text.
func BenchmarkRender(b *testing.B) {
	set, err := Load(os.DirFS("../../templates"))
	if err != nil {
		b.Fatal(err)
	}
	d := set.Samples("thank-you/thanks")[0].Data
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Render("thank-you/thanks", d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad parses, fences, compiles and lints the shipped templates.
func BenchmarkLoad(b *testing.B) {
	fsys := os.DirFS("../../templates")
	for b.Loop() {
		if _, err := Load(fsys); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDraft loads one email in one language and renders its samples, as the studio
// does at a key.
func BenchmarkDraft(b *testing.B) {
	fsys := os.DirFS("../../templates")
	for b.Loop() {
		draft, err := LoadDraft(fsys, Only{Mail: "thank-you/thanks", Language: "en", Unchecked: true})
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range draft.Set.Samples("thank-you/thanks") {
			if _, err := draft.Set.Render("thank-you/thanks", s.Data); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkLoadFourLanguages loads and checks the shipped templates as if each of them
// said phrases, of which there are four languages.
func BenchmarkLoadFourLanguages(b *testing.B) {
	fsys := templatesFS(b)
	for p, f := range fsys {
		if kind := kindOfFile(p); kind.mail != "" && kind.ext == ".html" {
			text := strings.Replace(string(f.Data), "\nlang: en\n", "\n", 1)
			fsys[p] = &fstest.MapFile{Data: []byte(strings.Replace(text, "</h1>", ` {{t "more-words"}}</h1>`, 1))}
		}
	}
	for _, lang := range []string{"en", "de", "fr", "es"} {
		p := "phrases/" + lang + ".yaml"
		words := "shared:\n"
		if f := fsys["phrases/en.yaml"]; f != nil {
			words = strings.Replace(string(f.Data), "shared: {}", "shared:", 1)
		}
		if !strings.Contains(words, "more-words") {
			words = strings.Replace(words, "shared:\n", "shared:\n  more-words: \""+lang+" {{.Store.Name}}\"\n", 1)
		}
		fsys[p] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(words, "\"en {{", "\""+lang+" {{"))}
	}
	for b.Loop() {
		set, err := Load(fsys)
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range set.Names() {
			if n := len(set.Languages(name)); n < 4 {
				b.Fatalf("%s in %d languages", name, n)
			}
		}
	}
}
