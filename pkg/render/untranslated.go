package render

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// untranslated says which files of phrases have some that are still the English ones: a
// copy that somebody began to translate is complete, so nobody would see it otherwise
// before customers do. A word or two may be the same in two languages.
func untranslated(books map[string]*book, ps *problems) {
	english := books["en"]
	if english == nil {
		return
	}
	for tag, b := range books {
		if base, _ := language.Make(tag).Base(); base.String() == "en" {
			continue
		}
		var same []*phrase
		for name, section := range b.sections {
			for key, p := range section {
				if e := english.sections[name][key]; e != nil && e.text == p.text && sentence(p.text) {
					same = append(same, p)
				}
			}
		}
		if len(same) == 0 {
			continue
		}
		slices.SortFunc(same, func(a, b *phrase) int { return a.line - b.line })
		names := make([]string, len(same))
		for i, p := range same {
			names[i] = p.section + "." + p.key
		}
		ps.addf(b.path, same[0].line, 0, "still English, word for word: %s", few(names))
	}
}

// sentence reports whether a phrase has words enough to be no chance: three, outside of
// actions.
func sentence(text string) bool {
	words := 0
	for outside := range strings.SplitSeq(text, "{{") {
		if _, after, inside := strings.Cut(outside, "}}"); inside {
			outside = after
		}
		for w := range strings.FieldsSeq(outside) {
			if strings.ContainsFunc(w, func(r rune) bool { return r >= 'A' }) {
				words++
			}
		}
	}
	return words > 2
}
