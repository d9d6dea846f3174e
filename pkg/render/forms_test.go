package render

import (
	"strings"
	"testing"

	"golang.org/x/text/language"
)

// A word with two forms is right in English, and wrong where a language has more.
func TestTwoFormsOfAWordAreAdvisedAgainstWhereThereAreMore(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "", "de": "", "fr": "", "es": "", "ja": "", "tr": "",
		"pl": `"one" "…" "few" "…" "many" "…"`,
		"ru": `"one" "…" "few" "…" "many" "…"`,
		"cs": `"one" "…" "few" "…" "other" "…"`,
		"ar": `"zero" "…" "one" "…" "two" "…" "few" "…" "many" "…" "other" "…"`,
		"he": `"one" "…" "two" "…" "other" "…"`,
	} {
		tag := language.MustParse(lang)
		for _, forms := range [][]string{{"item", "items"}, {"one", "a", "few", "b", "other", "c"}} {
			l, ps := newLocale(tag, tag, ""), &problems{}
			l.plural(5, forms)
			adviseForms(&mail{page: "w/s.html"}, l, ps)
			switch advised := want != "" && len(forms) == 2; {
			case advised != (len(ps.list) == 1):
				t.Errorf("%s, %v: %v", lang, forms, ps.list)
			case advised && !strings.HasSuffix(ps.list[0].told.Text, "plural .More "+want):
				t.Errorf("%s: %s", lang, ps.list[0].told.Text)
			}
		}
	}
}
