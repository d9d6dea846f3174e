package render

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

// phrasesFS holds one email, x/y, with a body, a text and phrases by language.
func phrasesFS(t testing.TB, page, text string, phrases map[string]string) fstest.MapFS {
	fsys := sharedFS(t)
	for p := range fsys {
		if strings.HasPrefix(p, "phrases/") {
			delete(fsys, p)
		}
	}
	fsys["layouts/base.html"] = &fstest.MapFile{Data: []byte(`<html lang="{{.Lang}}"><title>{{.Subject}}</title>{{template "content" .}}{{.UnsubscribeURL}}{{with .UnsubscribeURL}}<a href="{{.}}">u</a>{{end}}</html>`)}
	fsys["layouts/base.txt"] = &fstest.MapFile{Data: []byte("{{template \"content\" .}}\n{{.UnsubscribeURL}}\n")}
	fsys["x/y.html"] = &fstest.MapFile{Data: []byte(page)}
	fsys["x/y.txt"] = &fstest.MapFile{Data: []byte(text)}
	fsys["x/y.sample.yaml"] = templatesFS(t)["thank-you/thanks.sample.yaml"]
	for lang, src := range phrases {
		fsys["phrases/"+lang+".yaml"] = &fstest.MapFile{Data: []byte(src)}
	}
	return fsys
}

const inEnglish = `x/y:
  subject: Hello{{with .Customer.FirstName}}, {{.}}{{end}}
  preheader: A word
  title: Dear {{with .Customer.FirstName}}{{.}}{{else}}friend{{end}}
  body: >-
    One two
    three {{.Store.Name}}
shared:
  visit: Visit the shop
`

const inGerman = `x/y:
  subject: Hallo
  preheader: Ein Wort
  title: Guten Tag
  body: Eins zwei {{.Store.Name}}
shared:
  visit: "Zum Laden"
`

const speaking = `---
description: says phrases
---
<h1 title="{{t "title"}}">{{t "title"}}</h1>
<p>{{- t "body" -}}</p>
{{$label := t "visit"}}
{{with .Store.URL}}<a href="{{.}}">{{(t "visit") | truncate 40}} {{$label}}</a>{{end}}
`

func TestPhrasesTakeThePlaceOfTheirKeys(t *testing.T) {
	set, err := Load(phrasesFS(t, speaking, "{{t \"title\"}}\n\n{{t \"body\"}}\n", map[string]string{"en": inEnglish, "de": inGerman}))
	if err != nil {
		t.Fatal(err)
	}
	d := set.Samples("x/y")[0].Data
	d.Customer.FirstName = "Ann"
	for _, tc := range []struct{ customer, subject, want, text string }{
		{"", "Hello, Ann", `<h1 title="Dear Ann">Dear <span dir="auto">Ann</span></h1>` + "\n" + `<p>One two three <span dir="auto">Example Shop</span></p>`, "Dear Ann\n\nOne two three Example Shop\n"},
		{"de-AT", "Hallo", `<h1 title="Guten Tag">Guten Tag</h1>` + "\n" + `<p>Eins zwei <span dir="auto">Example Shop</span></p>`, "Guten Tag\n\nEins zwei Example Shop\n"},
	} {
		d.Customer.Locale = tc.customer
		m, err := set.Render("x/y", d)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != tc.subject || !strings.Contains(m.HTML, tc.want) || !strings.HasPrefix(m.Text, tc.text) {
			t.Errorf("%q: %s\n%s\n%s", tc.customer, m.Subject, m.HTML, m.Text)
		}
	}
	if notes := set.Notes(); len(notes) > 0 {
		t.Errorf("%v", notes)
	}
}

func TestFaultsOfPhrasesAreWhereTheyAre(t *testing.T) {
	const page = "---\nsubject: a\npreheader: b\n---\n<h1>{{t \"title\"}}</h1>\n"
	for name, tc := range map[string]struct{ page, text, phrases, want string }{
		"misspelt field":        {page, "a", "x/y:\n  title: Dear {{.Custmer.FirstName}}\n", `phrases/en.yaml:2:19: phrase "title": there is no .Custmer in the data; did you mean Customer?`},
		"in a block":            {page, "a", "x/y:\n  title: >-\n    Dear\n    you, {{.Custmer.FirstName}}\n", `phrases/en.yaml:4:14: phrase "title": there is no .Custmer`},
		"in quotes":             {page, "a", "x/y:\n  title: \"{{.Custmer}} a\"\n", `phrases/en.yaml:2:15: phrase "title": there is no .Custmer`},
		"no end":                {page, "a", "x/y:\n  title: a {{if .Marketing}}\n", `phrases/en.yaml:2:10: phrase "title": an {{if}}, {{with}} or {{range}} above has no {{end}}`},
		"end of the template's": {page, "a", "x/y:\n  title: a {{end}}\n", `phrases/en.yaml:2:10: phrase "title": this {{end}} closes nothing`},
		"after a long phrase":   {page + "{{.Ordr}}\n", "a", "x/y:\n  title: |\n    a\n    b\n    c\n", "x/y.html:6:3: there is no .Ordr"},
		"after it on its line":  {strings.TrimSuffix(page, "\n") + "{{.Ordr}}\n", "a", "x/y:\n  title: |\n    a\n    b\n", "x/y.html:5:25: there is no .Ordr"},
		"unknown":               {page, "a", "x/y:\n  tilte: a\n", `x/y.html:5:7: there is no phrase "title" for x/y; did you mean tilte?`},
		"no phrases":            {page, "a", "", `x/y.html: {{t …}} is used here or in a partial, but there is no phrases/en.yaml`},
		"no name":               {"---\nsubject: a\npreheader: b\n---\n<h1>{{t .Variant}}</h1>\n", "a", "x/y:\n  title: a\n", `x/y.html:5:7: t takes the name of a phrase in quotes`},
		"nested":                {page, "a", "x/y:\n  title: a {{t \"title\"}}\n", `phrases/en.yaml:2:14: phrase "title": a phrase cannot hold another one`},
		"partial":               {page, "a", "x/y:\n  title: a {{template \"footer\" .}}\n", `phrases/en.yaml:2:12: phrase "title": a phrase is words`},
		"part of an expression": {"---\nsubject: a\npreheader: b\n---\n<h1>{{truncate 3 (t \"title\")}}</h1>\n", "a", "x/y:\n  title: a {{.Variant}}\n", `x/y.html:5:19: the phrase "title" holds {{…}}`},
		"HTML in text":          {page, "{{t \"title\"}}", "x/y:\n  title: a <b>c</b>\n", `phrases/en.yaml:2:10: phrase "title": has HTML in it`},
		"bad tag":               {page, "a", "x/y:\n  title: a <a>c</a>\n", `phrases/en.yaml:2:12: phrase "title": <a> has no href`},
		"tag not closed":        {page, "a", "x/y:\n  title: a <b>c\n", `phrases/en.yaml:2:12: phrase "title": </h1> comes before </b>`},
		"value in a style":      {page, "a", "x/y:\n  title: <b style=\"color:{{.Variant}}\">c</b>\n", `phrases/en.yaml:2:28: phrase "title": a value may be in text`},
		"no text":               {page, "a", "x/y:\n  title: [a, b]\n", `phrases/en.yaml:2:3: phrase "title": is no text; put it in quotes`},
		"number":                {page, "a", "x/y:\n  title: 2024\n", `phrases/en.yaml:2:3: phrase "title": is no text; put it in quotes`},
		"empty":                 {page, "a", "x/y:\n  title:\n", `phrases/en.yaml:2:3: phrase "title": is empty`},
		"bad section":           {page, "a", "x:\n  title: a\n", `phrases/en.yaml:1:1: a section is the name of an email`},
		"unknown variable":      {page, "a", "x/y:\n  title: a {{$x}}\n", `undefined variable "$x"`},
		"twice":                 {page, "a", "x/y:\n  title: a\n  title: b\n", `phrases/en.yaml:3:3: mapping key "title" already defined`},
		"braces without quotes": {page, "a", "x/y:\n  title: {{.Variant}} b\n", `phrases/en.yaml:2:11: could not find`},
		"nested brackets":       {page, "a", "x/y:\n  title: " + strings.Repeat("[", 5000) + "\n", `phrases/en.yaml: brackets nest more than 100 deep`},
	} {
		t.Run(name, func(t *testing.T) {
			phrases := map[string]string{"en": tc.phrases}
			if tc.phrases == "" {
				phrases = nil
			}
			wantProblem(t, phrasesFS(t, tc.page, tc.text+"\n", phrases), tc.want)
		})
	}
}

func TestFilesOfPhrasesAreCalledByALanguage(t *testing.T) {
	for name, want := range map[string]string{
		"xx-nope": `phrases/xx-nope.yaml: "xx-nope" is no language`,
		"de_AT":   `phrases/de_AT.yaml: "de_AT" is written de-AT: rename the file`,
		"DE":      `phrases/DE.yaml: "DE" is written de: rename the file`,
	} {
		wantProblem(t, phrasesFS(t, mailOf(plainBody), "a\n", map[string]string{name: inEnglish}), want)
	}
}

func TestALanguageThatLacksPhrasesIsNotOffered(t *testing.T) {
	short := strings.Replace(inGerman, "  title: Guten Tag\n", "", 1)
	set, err := Load(phrasesFS(t, speaking, "{{t \"title\"}}\n", map[string]string{"en": inEnglish, "de": short}))
	if err != nil {
		t.Fatal(err)
	}
	notes := set.Notes()
	if len(notes) != 1 || notes[0].Error() != "phrases/de.yaml: x/y: is not offered in de, which lacks the phrase title" {
		t.Errorf("%v", notes)
	}
	d := set.Samples("x/y")[0].Data
	d.Customer.Locale = "de"
	if m, err := set.Render("x/y", d); err != nil || m.Lang != "en" {
		t.Errorf("%s, %v", m.Lang, err)
	}
}

func TestPhrasesThatNobodySaysAreNoted(t *testing.T) {
	set, err := Load(phrasesFS(t, speaking, "{{t \"title\"}}\n", map[string]string{"en": inEnglish + "  unsaid: a\n"}))
	if err != nil {
		t.Fatal(err)
	}
	notes := set.Notes()
	if len(notes) != 1 || !strings.HasPrefix(notes[0].Error(), `phrases/en.yaml:10:11: phrase "unsaid": no email says it`) {
		t.Errorf("%v", notes)
	}
}

func TestTheLanguageIsTheCustomersThenTheStores(t *testing.T) {
	phrases := map[string]string{}
	for _, tag := range []string{"en", "de", "fr", "pt-BR", "sr-Latn"} {
		phrases[tag] = inGerman
	}
	phrases["de-AT"] = "x/y:\n  title: Servus\n"
	set, err := Load(phrasesFS(t, speaking, "{{t \"title\"}}\n", phrases))
	if err != nil {
		t.Fatal(err)
	}
	d := set.Samples("x/y")[0].Data
	for _, tc := range []struct{ customer, store, want string }{
		{"de-AT", "en", "de-AT"}, {"de-CH", "en", "de"}, {"de", "en", "de"}, {"DE_at", "en", "de-AT"},
		{"it", "fr-CH", "fr"}, {"", "fr", "fr"}, {"it", "it", "en"}, {"", "", "en"}, {"nonsense!", "de", "de"},
		{"pt-PT", "en", "pt-BR"}, {"pt", "en", "pt-BR"}, {"sr", "fr", "fr"}, {"sr-Latn-RS", "fr", "sr-Latn"},
	} {
		d.Customer.Locale, d.Store.Locale = tc.customer, tc.store
		m, err := set.Render("x/y", d)
		if err != nil || m.Lang != tc.want {
			t.Errorf("%s in a store of %s: %s, not %s (%v)", tc.customer, tc.store, m.Lang, tc.want, err)
		}
	}
	without := phrasesFS(t, speaking, "{{t \"title\"}}\n", phrases)
	maps.DeleteFunc(without, func(p string, _ *fstest.MapFile) bool { return p == "phrases/en.yaml" })
	if set, err = Load(without); err != nil {
		t.Fatal(err)
	}
	d.Customer.Locale, d.Store.Locale = "it", "it"
	if m, _ := set.Render("x/y", d); m.Lang != "de" {
		t.Errorf("%s, not the first language", m.Lang)
	}
}

func TestACopyThatIsNotTranslatedIsNoted(t *testing.T) {
	fsys := thanksAlone(t)
	italian := strings.ReplaceAll(string(fsys["phrases/en.yaml"].Data), "Best wishes,", "Un caro saluto da tutti,")
	fsys["phrases/it.yaml"] = &fstest.MapFile{Data: []byte(italian)}
	set, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range set.Notes() {
		if n.File == "phrases/it.yaml" && strings.HasPrefix(n.Text, "still English, word for word: shared.") && !strings.Contains(n.Text, "shared.regards") {
			return
		}
	}
	t.Errorf("nothing is said of it: %v", set.Notes())
}
