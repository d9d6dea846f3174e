package render

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// overridden lays files of the store vip over the simplest email that says phrases.
func overridden(t testing.TB, files map[string]string) fstest.MapFS {
	fsys := phrasesFS(t, speaking, "{{t \"title\"}}\n{{template \"hours\" .}}", map[string]string{"en": inEnglish, "de": inGerman})
	fsys["partials/hours.txt"] = &fstest.MapFile{Data: []byte("nine to five\n")}
	fsys["x/z.html"] = &fstest.MapFile{Data: []byte(mailOf(plainBody))}
	fsys["x/z.txt"] = &fstest.MapFile{Data: []byte("z\n")}
	fsys["x/z.sample.yaml"] = fsys["x/y.sample.yaml"]
	for p, text := range files {
		fsys["stores/vip/"+p] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestAStoreHasFilesOfItsOwn(t *testing.T) {
	for name, tc := range map[string]struct {
		files   map[string]string
		lang    string
		want    string
		differs []string
	}{
		"an email":               {map[string]string{"x/y.txt": "Our own words\n"}, "", "Our own words", []string{"x/y"}},
		"a partial":              {map[string]string{"partials/hours.txt": "ten to four\n"}, "", "ten to four", []string{"x/y"}},
		"a phrase":               {map[string]string{"phrases/en.yaml": "x/y:\n  title: Dear guest\n"}, "", "Dear guest\nnine to five", []string{"x/y"}},
		"a language":             {map[string]string{"phrases/fr.yaml": strings.ReplaceAll(inGerman, "Guten Tag", "Bonjour")}, "fr", "Bonjour", []string{"x/y"}},
		"an email of a language": {map[string]string{"x/y.it.html": mailOf("<h1>Ciao</h1>"), "x/y.it.txt": "Ciao\n"}, "it", "Ciao", []string{"x/y"}},
		"a layout":               {map[string]string{"layouts/base.txt": "Hi\n{{template \"content\" .}}{{.UnsubscribeURL}}\n"}, "", "Hi\n", []string{"x/y", "x/z"}},
		"a partial nobody uses":  {map[string]string{"partials/other.txt": "a\n"}, "", "Dear Ann\nnine to five", nil},
		"another email":          {map[string]string{"x/z.txt": "zz\n"}, "", "Dear Ann", []string{"x/z"}},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Load(overridden(t, tc.files))
			if err != nil {
				t.Fatal(err)
			}
			d := set.Samples("x/y")[0].Data
			d.Customer.Locale, d.Customer.FirstName = tc.lang, "Ann"
			shared, err := set.Render("x/y", d)
			if err != nil {
				t.Fatal(err)
			}
			d.Store.ID = "vip"
			own, err := set.Render("x/y", d)
			if err != nil || !strings.Contains(own.Text, tc.want) || !strings.HasPrefix(shared.Text, "Dear Ann\nnine to five") {
				t.Errorf("%v\nits own:\n%s\neverybody's:\n%s", err, own.Text, shared.Text)
			}
			if len(set.stores["vip"]) != len(tc.differs) {
				t.Errorf("compiled again: %v", set.stores["vip"])
			}
			for _, name := range tc.differs {
				if set.stores["vip"][name] == nil {
					t.Errorf("%s is not compiled again", name)
				}
			}
			if notes := set.Notes(); len(notes) > 0 {
				t.Error(notes)
			}
		})
	}
}

func TestFaultsOfAStoresFilesAreWhereTheyAre(t *testing.T) {
	for p, tc := range map[string]struct{ text, want string }{
		"x/y.txt":            {"{{.Custmer}}\n", "stores/vip/x/y.txt:1:3: there is no .Custmer"},
		"partials/hours.txt": {"a\n{{.Custmer}}\n", "stores/vip/partials/hours.txt:2:3: there is no .Custmer"},
		"phrases/en.yaml":    {"x/y:\n  title: a {{.Custmer}}\n", `stores/vip/phrases/en.yaml:2:14: phrase "title": there is no .Custmer`},
		"x/w.html":           {mailOf("<h1>a</h1>"), "stores/vip/x/w.html: there is no x/w.html whose place this could take"},
		"x/z.html":           {"---\nclass: transactional\nsubject: a\npreheader: b\n---\n<h1>a</h1>\n", "stores/vip/x/z.html: is of class"},
		"x/y.js":             {"a", "stores/vip/x/y.js: templates are .html"},
		"phrases/qq.yaml":    {"a", `stores/vip/phrases/qq.yaml: "qq" is no language`},
	} {
		wantProblem(t, overridden(t, map[string]string{p: tc.text}), tc.want)
	}
}

func TestAnEmailMayHaveFilesOfALanguage(t *testing.T) {
	const page, text = "<h1>Ciao</h1>", "Ciao\n"
	fsys := phrasesFS(t, speaking, "{{t \"title\"}}\n", map[string]string{"en": inEnglish, "de": inGerman})
	fsys["x/y.it.html"] = &fstest.MapFile{Data: []byte(mailOf(page))}
	wantMail := func(locale, subject, first string) {
		t.Helper()
		set, err := Load(fsys)
		if err != nil {
			t.Fatal(err)
		}
		d := set.Samples("x/y")[0].Data
		d.Customer.Locale, d.Customer.FirstName = locale, "Ann"
		m, err := set.Render("x/y", d)
		if err != nil || m.Subject != subject || !strings.HasPrefix(m.Text, first) {
			t.Errorf("%s: %v, %s\n%s", locale, err, m.Subject, m.Text)
		}
	}
	// The text is in phrases, of which there are none in Italian.
	wantProblem(t, fsys, "x/y.it.html: {{t …}} is used here or in a partial, but there is no phrases/it.yaml")
	fsys["x/y.it.txt"] = &fstest.MapFile{Data: []byte(text)}
	wantMail("it-CH", "Hello", "Ciao")
	wantMail("de-CH", "Hallo", "Guten Tag")
	fsys["x/y.de.txt"] = &fstest.MapFile{Data: []byte("Servus\n")}
	wantMail("de-CH", "Hallo", "Servus")

	plain := phrasesFS(t, mailOf("<h1>a</h1>"), "a\n", nil)
	plain["x/y.it.html"] = &fstest.MapFile{Data: []byte(mailOf(page))}
	wantProblem(t, plain, "x/y.it.txt: is missing: x/y.txt says no phrases, so its words are in one language")
	plain["x/y.it.txt"] = &fstest.MapFile{Data: []byte(text)}
	plain["x/y.it.html"] = &fstest.MapFile{Data: []byte("---\nlang: de\nclass: marketing\nsubject: a\npreheader: b\n---\n" + page)}
	wantProblem(t, plain, "x/y.it.html:2: lang says de, and the file is called by it")
	wantProblem(t, plain, "x/y.it.html:3: the class is that of x/y.html")
	plain["partials/footer.it.html"] = &fstest.MapFile{Data: []byte(page)}
	wantProblem(t, plain, "partials/footer.it.html: only an email itself has files for one language")
}

func TestADraftCanBeShownWithItsProblems(t *testing.T) {
	fsys := templatesFS(t)
	edit(fsys, "win-back/offer.html", "</h1>", "</h1><script>x()</script>")
	edit(fsys, "birthday/greeting.html", "<h1", "{{.Custmer}}<h1")
	emails, err := fs.Glob(fsys, "*/*.sample.yaml") // one for each
	if err != nil {
		t.Fatal(err)
	}
	draft, err := LoadDraft(fsys, Only{})
	if err != nil || len(draft.Problems) < 2 || draft.Err() == nil {
		t.Fatalf("%v, %v", err, draft.Problems)
	}
	if !draft.Set.Has("win-back/offer") || draft.Set.Has("birthday/greeting") || len(draft.Set.Names()) != len(emails)-1 {
		t.Errorf("%v", draft.Set.Names())
	}
	d := draft.Set.Samples("win-back/offer")[0].Data
	if m, err := draft.Set.Render("win-back/offer", d); err != nil || !strings.Contains(m.HTML, "<script>") {
		t.Errorf("%v\n%s", err, m.HTML)
	}
	if _, err := Load(fsys); err == nil {
		t.Error("Load took it")
	}
	start := time.Now()
	if draft, err = LoadDraft(fsys, Only{Mail: "win-back/offer", Language: "en", Unchecked: true}); err != nil || len(draft.Set.Names()) != 1 {
		t.Errorf("%v, %v", err, draft.Set.Names())
	}
	t.Log(time.Since(start))
}
