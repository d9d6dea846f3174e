package render

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"homing/events"
)

// shippedWith is one email in the frame, and with the partials, that come with Homing.
func shippedWith(t *testing.T, html, text string) fstest.MapFS {
	t.Helper()
	from, out := os.DirFS("../../templates"), fstest.MapFS{}
	for _, dir := range []string{layoutsDir, partialsDir, phrasesDir} {
		err := fs.WalkDir(from, dir, func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				b, err := fs.ReadFile(from, p)
				out[p] = &fstest.MapFile{Data: b}
				return err
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	out["x/y.html"] = &fstest.MapFile{Data: []byte("---\nsubject: Hi\npreheader: Hello\nlang: en\n---\n" + html)}
	out["x/y.txt"] = &fstest.MapFile{Data: []byte(text)}
	out["x/y.sample.yaml"] = &fstest.MapFile{Data: []byte("data:\n  store: {name: Shop, url: 'https://shop.example', postal_address: 1 Road, locale: en-GB, currency: GBP}\n  marketing: true\n  unsubscribe_url: https://mail.shop.example/u/1\nsamples: {first: {}}\n")}
	return out
}

// Any email asks for a score with one line, and has a link for each.
func TestAnEmailAsksForAScore(t *testing.T) {
	for _, c := range []struct {
		name, question, survey, plain, shows string
	}{
		{events.CSAT, "after-delivery/happy", "after-delivery", "happy", "How did we do?"},
		{events.NPS, "recommend", "", "recommend", "How likely are you to recommend us to a friend?"},
	} {
		line := fmt.Sprintf("{{template \"scale\" (scale .Ask %q %q)}}\n", c.name, c.question)
		set, err := Load(shippedWith(t, "<h1>Hi</h1>\n"+line, "Hi\n\n"+line))
		if err != nil {
			t.Fatal(err)
		}
		d := set.Samples("x/y")[0].Data
		low, high, _ := events.ScoresOf(c.name)
		if m, err := set.Render("x/y", d); err != nil || strings.Count(m.HTML, `href="https://mail.shop.example/a/`) != high-low+1 {
			t.Errorf("the preview has no links: %v", err)
		}
		d.Ask = Asking(func(r Reply) string {
			return fmt.Sprintf("https://m.example/%s.%s.%s.%d.", r.Survey, r.Question, r.Scale, r.Score)
		})
		m, err := set.Render("x/y", d)
		if err != nil {
			t.Fatal(err)
		}
		for n := low; n <= high; n++ {
			url := fmt.Sprintf("https://m.example/%s.%s.%s.%d.", c.survey, c.plain, c.name, n)
			label := fmt.Sprintf(`aria-label="%d out of %d"`, n, high)
			if !strings.Contains(m.HTML, url) || !strings.Contains(m.HTML, label) || !strings.Contains(m.Text, url) {
				t.Errorf("%s: there is no %d\n%s", c.name, n, m.Text)
			}
		}
		if !strings.Contains(m.HTML, c.shows) || !strings.Contains(m.Text, c.shows) {
			t.Errorf("the question is missing\n%s", m.Text)
		}
		// Without links, and with half of them, nothing is asked.
		for _, ask := range []Ask{{}, Asking(func(r Reply) string {
			return map[bool]string{true: "https://m.example/"}[r.Score < 3]
		})} {
			d.Ask = ask
			if m, err := set.Render("x/y", d); err != nil || strings.Contains(m.HTML, c.shows) || strings.Contains(m.HTML, "m.example") || strings.Contains(m.Text, c.shows) {
				t.Errorf("it asks without links: %v\n%s", err, m.Text)
			}
		}
	}
}

func TestAQuestionThatCannotBeAskedIsFound(t *testing.T) {
	for call, want := range map[string]string{
		`scale .Ask "ces" "happy"`:              `there is no scale "ces": csat is 1 to 5, nps is 0 to 10`,
		`scale .Ask "csat" "Are you happy?"`:    `"Are you happy?" cannot be the name of a question`,
		`scale .Ask "csat" "a/b/c"`:             `"a/b/c" cannot be the name of a question`,
		`scale .Ask "csat" .Customer.FirstName`: "scale takes the names of a scale and of a question, in quotes",
		`scale .Ask "csat"`:                     "scale takes 3 values, not 2",
		`scale .Store "csat" "happy"`:           "scale takes the ask here, not the store",
	} {
		_, err := Load(shippedWith(t, "<h1>Hi</h1>\n{{template \"scale\" ("+call+")}}\n", "Hi\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", call, want, err)
		}
	}
}
