package render_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"homing/pkg/render"
	"homing/templates"
)

// An email that was right is tried out again as soon as anything that it is made of is
// another: its own files, its samples, a partial, a layout or a phrase.
func TestWhatChangedIsTriedOutAgain(t *testing.T) {
	shipped := fstest.MapFS{}
	err := fs.WalkDir(templates.Files, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.Files, p)
		shipped[p] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	load := func() error {
		draft, err := render.LoadDraft(shipped, render.Only{Mail: "thank-you/thanks"})
		if err != nil {
			t.Fatal(err)
		}
		return draft.Err()
	}
	for range 2 {
		if err := load(); err != nil {
			t.Fatal(err)
		}
	}
	const bad = `<p><a href="{{.Customer.FirstName}}">x</a></p>`
	for p, add := range map[string]string{
		"thank-you/thanks.html": bad,
		"partials/footer.html":  bad,
		"layouts/base.html":     bad,
	} {
		before := shipped[p]
		if before == nil {
			t.Fatalf("there is no %s", p)
		}
		shipped[p] = &fstest.MapFile{Data: append([]byte(string(before.Data)), add...)}
		if load() == nil {
			t.Errorf("%s with a link made from a name is taken for what it was before", p)
		}
		shipped[p] = before
		if err := load(); err != nil {
			t.Errorf("%s as it was: %v", p, err)
		}
	}
}
