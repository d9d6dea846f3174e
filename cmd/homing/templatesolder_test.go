package main

import (
	"regexp"
	"strings"
	"testing"

	"homing/pkg/render"
	"homing/pkg/templatestore"
	"homing/templates"
)

// A version that was published before the program had some phrases is used by it all the
// same, with its own words and, for what it lacks, those of the program. It is said which.
func TestAnOlderVersionHasThePhrasesOfANewerProgram(t *testing.T) {
	base, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	words := string(base["phrases/en.yaml"])
	without := func(key string) {
		t.Helper()
		less := regexp.MustCompile(`(?m)^  `+key+`:.*\n(?:    .*\n)*`).ReplaceAllString(words, "")
		if less == words {
			t.Fatalf("there is no phrase %s", key)
		}
		words = less
	}
	without("retry_button")
	without("to_shop")
	words = strings.Replace(words, "regards: Best wishes,", "regards: Cheerio,", 1)
	old := templatestore.Files{"phrases/en.yaml": []byte(words)}

	load := func(f templatestore.Files) (*render.Set, error) {
		t.Helper()
		fsys, err := f.FS()
		if err != nil {
			t.Fatal(err)
		}
		return render.Load(fsys)
	}
	set, err := load(old.Over(base))
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Pages("", "en").Say("retry_button", "Shop", ""); got != "Try again" {
		t.Errorf("the button says %q", got)
	}
	d := set.Samples("win-back/miss-you")[0].Data.In("en")
	m, err := set.Render("win-back/miss-you", d)
	if err != nil || m.Lang != "en" && m.Lang != "en-GB" || !strings.Contains(m.Text, "Cheerio,") {
		t.Errorf("%v, %s:\n%s", err, m.Lang, m.Text)
	}
	var said strings.Builder
	for _, n := range set.Notes() {
		said.WriteString(n.Error() + "\n")
	}
	if !strings.Contains(said.String(), "phrases/en.yaml: lacks pages: retry_button, shared: to_shop; the words that come with the program are used") {
		t.Errorf("the notes say\n%s", said.String())
	}

	// What the program does not have either is a mistake, as ever.
	wrong := templatestore.Files{"phrases/en.yaml": []byte(strings.Replace(words, "  regards:", "  regardz:", 1)), "partials/sign.html": []byte("<p>{{t \"regardz\"}} {{t \"nothing_such\"}}</p>\n")}
	if _, err := load(wrong.Over(base)); err == nil || !strings.Contains(err.Error(), "nothing_such") {
		t.Errorf("%v", err)
	}
}
