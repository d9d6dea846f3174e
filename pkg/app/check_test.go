package app

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"homing/pkg/render"
	"homing/templates"
)

// edited returns the templates that come with Homing, one of them changed.
func edited(t *testing.T, file, from, to string) *render.Set {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(templates.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(templates.Files, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out[file].Data)
	if strings.Count(text, from) != 1 {
		t.Fatalf("%s has not one %q", file, from)
	}
	out[file].Data = []byte(strings.Replace(text, from, to, 1))
	set, err := render.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// A person who writes an email and says that it is marketing must not see it go out to
// people who said no to that.
func TestATemplateOfAnotherClassThanItsMailIsRefused(t *testing.T) {
	thanks := func(class string) *render.Set {
		return edited(t, "thank-you/thanks.html", "class: transactional\n", class)
	}
	for _, c := range []struct {
		name, class, config, want string
	}{
		{"it says nothing", "", "", ""},
		{"it says the same", "class: transactional\n", "", ""},
		{"it says another", "class: marketing\n", "", "workers.thank-you (store main): step thanks: the template thank-you/thanks says class: marketing"},
		{"the configuration agrees", "class: marketing\n", "workers: {thank-you: {class: marketing}}", ""},
		{"the configuration decides", "class: transactional\n", "workers: {thank-you: {class: marketing}}", ""},
		{"the configuration insists", "class: marketing\n", "workers: {thank-you: {class: transactional}}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check(configured(t, c.config), thanks(c.class))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}
