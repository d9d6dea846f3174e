package render

import (
	"os"
	"testing"
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
