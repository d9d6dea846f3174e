package templates_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/render"
	"homing/templates"
)

func TestTheBinaryHoldsEveryMailOfTheFolder(t *testing.T) {
	inside, err := render.Load(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := render.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(outside.Names(), inside.Names()); diff != "" {
		t.Errorf("add the folder to the go:embed line of templates.go (-folder +binary):\n%s", diff)
	}
}

// What is no mistake, such as a page that one language lacks, is one in what we ship.
func TestWhatIsShippedLacksNothing(t *testing.T) {
	set, err := render.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range set.Notes() {
		t.Error(n.Error())
	}
}

// The parts that no email of ours has yet are for those of others.
func TestColumnsAndAPictureFitIntoAnEmail(t *testing.T) {
	const body = `<h1>Spring</h1>
{{template "image" (image "https://img.shop.example/spring.jpg" "Tulips" .Store.URL)}}
{{template "columns" .}}
<p>Left</p>
{{template "column" .}}
{{template "half-image" (image "https://img.shop.example/tea.jpg" "A cup of tea" "")}}
{{template "columns-end" .}}
`
	files := fstest.MapFS{}
	err := fs.WalkDir(templates.Files, ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var text []byte
			text, err = fs.ReadFile(templates.Files, path)
			files[path] = &fstest.MapFile{Data: text}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	old := string(files["win-back/miss-you.html"].Data)
	front, _, _ := strings.Cut(old[4:], "---\n")
	files["win-back/miss-you.html"] = &fstest.MapFile{Data: []byte("---\nsubject: Spring\npreheader: It is here.\n" + front + "---\n" + body)}
	set, err := render.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	out, err := set.Render("win-back/miss-you", set.Samples("win-back/miss-you")[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"a picture with a link":    `href="https://shop.example"><img style="border:0;display:block;width:100%;max-width:520px;`,
		"what it shows":            `src="https://img.shop.example/spring.jpg" width="520" alt="Tulips">`,
		"a smaller one without":    `src="https://img.shop.example/tea.jpg" width="248" alt="A cup of tea"></td>`,
		"a column with its styles": `<td style="padding:0 12px 0 0;vertical-align:top" class="column" width="50%">`,
	} {
		if !strings.Contains(out.HTML, want) {
			t.Errorf("%s: want %s in\n%s", what, want, out.HTML)
		}
	}
}
