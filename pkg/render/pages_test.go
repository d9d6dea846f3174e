package render

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// somePages is a section with every phrase, but for those that are given.
func somePages(lang string, given map[string]string) string {
	all := map[string]string{"emails_x": lang + " x emails", "kind_x": lang + " x kind"}
	for key := range pageKeys {
		all[key] = lang + " " + key
	}
	maps.Copy(all, given)
	var b strings.Builder
	b.WriteString("pages:\n")
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if all[key] != "-" {
			b.WriteString("  " + key + ": " + all[key] + "\n")
		}
	}
	return b.String()
}

func pagesFS(t *testing.T, phrases map[string]string) fstest.MapFS {
	fsys := phrasesFS(t, "---\nclass: transactional\nsubject: Hi\npreheader: Hello there\nlang: en\n---\n<h1>Words</h1>", "Words", nil)
	for p, src := range phrases {
		fsys[p] = &fstest.MapFile{Data: []byte(src)}
	}
	return fsys
}

func TestPagesSpeakTheLanguageThatFitsBest(t *testing.T) {
	set, err := LoadPages(pagesFS(t, map[string]string{
		"phrases/en.yaml":    somePages("en", nil),
		"phrases/de.yaml":    somePages("de", map[string]string{"left_one": `"{{ .Store.Name }}: keine {{- .Emails}} mehr"`}),
		"phrases/de-AT.yaml": "pages:\n  ask_button: Servus\n",
		"phrases/ar.yaml":    somePages("ar", map[string]string{"thanks_title": `"{{.Store.Name}} ok"`}),
		"phrases/fr.yaml":    "shared:\n  a: b\n",

		"stores/vip/phrases/de.yaml": "pages:\n  ask_button: Und tschüs\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		store  string
		wanted []string
		lang   string
		button string
	}{
		{"main", []string{"de"}, "de", "de ask_button"},
		{"main", []string{"de-CH"}, "de", "de ask_button"},
		{"main", []string{"de-AT"}, "de-AT", "Servus"},
		{"main", []string{"fr", "de"}, "de", "de ask_button"},
		{"main", []string{"fr"}, "en", "en ask_button"},
		{"main", []string{"", "!", "x-y-z-\xff"}, "en", "en ask_button"},
		{"vip", []string{"de"}, "de", "Und tschüs"},
		{"vip", []string{"en"}, "en", "en ask_button"},
	} {
		p := set.Pages(tc.store, tc.wanted...)
		if p.Lang != tc.lang || p.Say("ask_button", "", "") != tc.button {
			t.Errorf("%s %q: %s, %q", tc.store, tc.wanted, p.Lang, p.Say("ask_button", "", ""))
		}
	}
	de, ar := set.Pages("", "de"), set.Pages("", "ar")
	if got := de.Say("left_one", "Tee", de.Emails("x")); got != "Tee: keinede x emails mehr" {
		t.Errorf("%q", got)
	}
	if got := de.Say("left_one", "حلويات", "x"); !strings.HasPrefix(got, "\u2068حلويات\u2069:") {
		t.Errorf("a name that runs the other way: %q", got)
	}
	if got := ar.Say("thanks_title", "Tea", ""); ar.Dir != "rtl" || got != "\u2068Tea\u2069 ok" {
		t.Errorf("%s %q", ar.Dir, got)
	}
	if got := de.Emails("gone"); got != "de emails_other" {
		t.Errorf("of a worker that is no more: %q", got)
	}
	if p := new(Set).Pages("main", "de"); p != nil {
		t.Errorf("without any: %v", p)
	}
}

func TestWhatAPageCannotSayIsNamedWithItsLine(t *testing.T) {
	for _, tc := range []struct {
		name, file, key, text, want string
	}{
		{"an unknown key", "phrases/en.yaml", "ask_titel", "x", `phrase "ask_titel": no page says it; did you mean ask_title?`},
		{"a field of an email", "phrases/en.yaml", "ask_title", "Hi {{.Customer.FirstName}}", "{{.Customer.FirstName}} cannot be used on a page; this phrase may show {{.Store.Name}}"},
		{"a condition", "phrases/en.yaml", "ask_title", "a{{if .Store.Name}}b{{end}}", "{{if .Store.Name}} cannot be used on a page"},
		{"a comment", "phrases/en.yaml", "ask_title", "a{{/* b */}}", "{{/* b */}} cannot be used on a page"},
		{"emails where none are meant", "phrases/en.yaml", "ask_title", "a {{.Emails}}", "{{.Emails}} cannot be used"},
		{"a store where none is known", "phrases/en.yaml", "missing_text", "a {{.Store.Name}}", "this phrase is words alone"},
		{"a tag", "phrases/en.yaml", "ask_title", "a <b>c</b>", "people would see <b>"},
		{"an entity", "phrases/en.yaml", "ask_title", "a&nbsp;b", "people would see &nbsp;"},
		{"unfinished", "phrases/en.yaml", "ask_title", "TODO", `still says "TODO"`},
		{"an unclosed expression", "phrases/en.yaml", "ask_title", "a {{.Store.Name", `phrase "ask_title"`},
		{"a store's", "stores/vip/phrases/en.yaml", "ask_titel", "x", `phrase "ask_titel": no page says it`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{"phrases/en.yaml": somePages("en", nil)}
			files[tc.file] = somePages("en", map[string]string{tc.key: tc.text})
			for how, load := range map[string]func() error{
				"all":   func() error { _, err := Load(pagesFS(t, files)); return err },
				"pages": func() error { _, err := LoadPages(pagesFS(t, files)); return err },
			} {
				err := load()
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.file+":") {
					t.Errorf("%s: want %q, got %v", how, tc.want, err)
				}
				if err != nil && strings.Count(err.Error(), "\n") > 0 {
					t.Errorf("%s: one mistake, several problems: %v", how, err)
				}
			}
		})
	}
}

// Files that lack some pages, as of those that a newer version of the program has, are
// told so, and are as good for emails as before: such a page is in another language, or in
// the program's words.
func TestFilesThatLackPagesAreNoMistake(t *testing.T) {
	for _, c := range []struct{ lack, key, shown string }{{"it", "ask_title", "en"}, {"it", "emails_x", "en"}, {"en", "ask_title", ""}} {
		files := map[string]string{"phrases/en.yaml": somePages("en", nil)}
		files["phrases/"+c.lack+".yaml"] = somePages(c.lack, map[string]string{c.key: "-"})
		set, err := Load(pagesFS(t, files))
		if err != nil {
			t.Fatal(err)
		}
		if p := set.Pages("main", "it"); (p == nil) != (c.shown == "") || p != nil && p.Lang != c.shown {
			t.Errorf("%s lacks %s: %+v", c.lack, c.key, p)
		}
		var notes strings.Builder
		for _, n := range set.Notes() {
			notes.WriteString(n.Error())
		}
		if want := "phrases/" + c.lack + ".yaml:1: the section pages lacks " + c.key + "; pages are not offered in " + c.lack; !strings.Contains(notes.String(), want) {
			t.Errorf("%s lacks %s: the notes say %s", c.lack, c.key, notes.String())
		}
	}
}

// Templates that say nothing of the pages are no worse for it: the program has words.
func TestTemplatesNeedNoWordsForThePages(t *testing.T) {
	set, err := Load(pagesFS(t, nil))
	if err != nil || set.Pages("main", "en") != nil {
		t.Error(err)
	}
	set, err = Load(pagesFS(t, map[string]string{"phrases/en.yaml": somePages("en", nil), "phrases/de.yaml": "shared:\n  a: b\n"}))
	if err != nil {
		t.Fatal(err)
	}
	var noted strings.Builder
	for _, n := range set.Notes() {
		noted.WriteString(n.Error() + "\n")
	}
	if !strings.Contains(noted.String(), "not offered in de") || strings.Contains(noted.String(), "ask_title") {
		t.Error(noted.String())
	}
}
