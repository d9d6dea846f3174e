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
