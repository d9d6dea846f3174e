package render

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	asksSurvey   = "{{with .Survey}}\n{{template \"survey\" .}}\n{{end}}\n"
	surveyOfTea  = "about: order\nquestion:\n  asks: csat\n  text: {en: How is the tea?, de: Wie ist der Tee?}\n"
	surveySolved = "about: complaint\nquestion:\n  asks: solved\n  text: {en: Is it solved?}\n  choices: [{id: yes, text: {en: It is}}, {id: no, text: {en: It is not}}]\n"
)

// surveying is an email that asks a survey, which a definition is of.
func surveying(t *testing.T, definition string) fstest.MapFS {
	fsys := shippedWith(t, "<h1>Hi</h1>\n"+asksSurvey, "Hi\n\n"+asksSurvey)
	fsys["x/y.html"].Data = []byte(strings.Replace(string(fsys["x/y.html"].Data), "lang: en\n", "lang: en\nsurvey: tea\n", 1))
	fsys["surveys/tea.yaml"] = &fstest.MapFile{Data: []byte(definition)}
	return fsys
}

func TestAnEmailAsksASurvey(t *testing.T) {
	for definition, want := range map[string][]string{
		surveyOfTea:  {"How is the tea?", "tea.csat.csat.1.", "tea.csat.csat.5."},
		surveySolved: {"Is it solved?", "It is", "tea.solved.yes.0.", "It is not", "tea.solved.no.0."},
	} {
		fsys := surveying(t, definition)
		fsys["stores/vip/surveys/tea.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(strings.Replace(definition, "How is", "Dear guest – how is", 1), "Is it solved", "Dear guest – is it solved", 1))}
		set, err := Load(fsys)
		if err != nil {
			t.Fatal(err)
		}
		d := set.Samples("x/y")[0].Data
		d.Ask = Asking(func(r Reply) string {
			return fmt.Sprintf("https://m.example/%s.%s.%s%s.%d.", r.Survey, r.Question, r.Scale, r.Choice, r.Score)
		})
		m, err := set.Render("x/y", d)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(m.HTML, w) || !strings.Contains(m.Text, w) {
				t.Errorf("no %q in\n%s", w, m.Text)
			}
		}
		d.Store.ID = "vip"
		if m, err := set.Render("x/y", d); err != nil || !strings.Contains(m.Text, "Dear guest – ") {
			t.Errorf("the store's own: %v\n%s", err, m.Text)
		}
		if own, shared := set.Survey("vip", "tea"), set.Survey("other", "tea"); !strings.HasPrefix(own.Asks.Text["en"], "Dear guest") || strings.HasPrefix(shared.Asks.Text["en"], "Dear guest") {
			t.Error("the page has the words of another store")
		}
		// Half a question would be another one.
		for name, ask := range map[string]Ask{"no links": {}, "one link": Asking(func(r Reply) string {
			return map[bool]string{true: "https://m.example/"}[r.Score == 1 || r.Choice == "yes"]
		})} {
			d.Ask = ask
			if m, err := set.Render("x/y", d); err != nil || strings.Contains(m.Text, "tea?") || strings.Contains(m.Text, "solved") {
				t.Errorf("%s: %v\n%s", name, err, m.Text)
			}
		}
	}
}

func TestWhatIsWrongWithASurveyIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(fsys fstest.MapFS)
		want   string
	}{
		"there is none": {func(f fstest.MapFS) { delete(f, "surveys/tea.yaml") }, "there is no surveys/tea.yaml"},
		"not its language": {func(f fstest.MapFS) {
			f["surveys/tea.yaml"].Data = []byte("about: shop\nquestion: {asks: nps, text: {de: Wie ist der Tee?}}\n")
		}, "surveys/tea.yaml: question.text.en: is missing: x/y, which asks it, is offered in en"},
		"a leading question": {func(f fstest.MapFS) {
			f["surveys/tea.yaml"].Data = []byte(strings.Replace(surveyOfTea, "How is", "How great is", 1))
		}, `surveys/tea.yaml:4: question.text.en: "How great is the tea?" presumes`},
		"not asked": {func(f fstest.MapFS) {
			f["x/y.html"].Data = []byte(strings.Replace(string(f["x/y.html"].Data), asksSurvey, "", 1))
			f["x/y.txt"].Data = []byte("Hi\n")
		}, "x/y.html:5: names a survey, and does not ask it"},
		"not named": {func(f fstest.MapFS) {
			f["x/y.html"].Data = []byte(strings.Replace(string(f["x/y.html"].Data), "survey: tea\n", "", 1))
		}, "asks a survey, and the front matter of x/y.html names none"},
		"of a store": {func(f fstest.MapFS) {
			f["stores/vip/surveys/tea.yaml"] = &fstest.MapFile{Data: []byte("about: tea\n")}
		}, "stores/vip/surveys/tea.yaml:1: about:"},
		"of a store alone": {func(f fstest.MapFS) {
			f["stores/vip/surveys/cup.yaml"] = &fstest.MapFile{Data: []byte(surveyOfTea)}
		}, "there is no surveys/cup.yaml whose place this could take"},
		"a name": {func(f fstest.MapFS) { f["surveys/My Tea.yaml"] = f["surveys/tea.yaml"] }, "name it surveys/<name>.yaml"},
	} {
		fsys := surveying(t, surveyOfTea)
		c.change(fsys)
		if _, err := Load(fsys); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
