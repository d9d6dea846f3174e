package render

import (
	"fmt"
	"strings"
	"unicode"

	"homing/pkg/problem"
)

// manyLinks is from how many links on an email looks like a list of them. The longest
// of our own, with thirty items, has some 35.
const manyLinks = 50

// Advice renders every sample as an email of store, and says what spam filters would
// count against it. Such emails can be sent, and mostly arrive: each of these is one of
// the fifteen points from which rspamd 3.4 rejects, or of the four from which it delays.
func (s *Set) Advice(store Store) []problem.Problem {
	ps := &problems{}
	for _, name := range s.Names() {
		for m, sample := range s.of(store.ID, name).tries() {
			d := sample.Data.clone()
			d.Store = store
			if out, err := m.render(&d, true); err == nil { // what fails is reported elsewhere
				advise(m, sample.Name, &out, ps)
			}
			adviseForms(m, m.in(localeKey{d.Store.Locale, d.Store.Currency, d.Customer.Locale}), ps)
		}
	}
	var out []problem.Problem
	for _, f := range ps.list {
		out = append(out, f.told)
	}
	return out
}

// adviseForms says where a word has two forms in a language that has more of it, so that
// some numbers are written with the wrong one.
func adviseForms(m *mail, l *locale, ps *problems) {
	word := l.two.Load()
	if word == nil {
		return
	}
	var each []string
	for _, f := range l.forms {
		each = append(each, fmt.Sprintf("%q %q", f, "…"))
	}
	ps.add(problem.Problem{File: m.page, Text: fmt.Sprintf(
		"plural writes %q with two forms, and %s has %d (%s); write each after its name: plural .More %s",
		*word, l.language, len(l.forms), strings.Join(l.forms, ", "), strings.Join(each, " "))})
}

// advise says what filters have against one email.
func advise(m *mail, sample string, out *Mail, ps *problems) {
	report := func(format string, args ...any) {
		ps.addSample(sample, problem.Problem{File: m.page, Text: fmt.Sprintf(format, args...)})
	}
	// Arabic and full-width question marks are questions too, to people and to filters
	// that fold them.
	if strings.HasSuffix(strings.TrimRight(out.Subject, " "), "?") || strings.HasSuffix(out.Subject, "؟") || strings.HasSuffix(out.Subject, "？") {
		report("the subject ends with a question mark, which spam filters count against it (rspamd: SUBJECT_ENDS_QUESTION); say it as a statement")
	}
	if strings.ContainsFunc(out.Subject, func(r rune) bool { return unicode.Is(unicode.Sc, r) }) {
		report("the subject has a currency sign, which spam filters count against it (rspamd: SUBJECT_HAS_CURRENCY); leave the amount to the email, or write {{if .Percent}}{{.Worth}} off{{end}}")
	}
	links := 0
	for _, l := range outline(out.HTML).links {
		if !l.image {
			links++
		}
	}
	if links >= manyLinks {
		report("the email has %d links; spam filters and people take that for a list of them, show fewer things", links)
	}
}
