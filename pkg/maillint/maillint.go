// Package maillint looks at a folder of templates as a careful colleague would before
// they are published: it joins what package render refuses, what spam filters count
// against an email, what mail programs drop of it, and what is hard to read.
package maillint

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"homing/pkg/mailprogram"
	"homing/pkg/problem"
	"homing/pkg/render"
)

// A Level says what a finding means for who publishes.
type Level string

const (
	Problem Level = "problem" // such an email is not sent: the templates are refused
	Warning Level = "warning" // it can be sent, and some people will not see it as it was meant
	Note    Level = "note"    // good to know; nothing to do
)

// The rules: a word that a finding can be looked up and left out by.
const (
	RuleTemplate    = "template"     // it does not work, or not with every customer's data
	RuleSpamFilter  = "spam-filter"  // filters count it
	RuleMailProgram = "mail-program" // mail programs drop it
	RuleContrast    = "contrast"     // people with weak eyes cannot read it
	RuleImageSize   = "image-size"   // the email jumps while pictures load
	RuleInsecure    = "insecure"     // an address without https
	RuleWords       = "words"        // phrases that are not translated, or that no email says
)

// A Finding is one thing that was found. File is relative to the folder; Line and Column
// count from 1, 0 if not known.
type Finding struct {
	Level  Level  `json:"level"`
	Rule   string `json:"rule"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
	Source string `json:"source,omitempty"` // the line itself
}

// Run looks at all templates of fsys, with the stores that use them, by id; nil: with the
// stores of the samples only. The set is nil if there is a problem.
func Run(fsys fs.FS, stores map[string]render.Store) (*render.Set, []Finding) {
	set, err := render.Load(fsys)
	if err != nil {
		return nil, Problems(fsys, err)
	}
	found := Emails(set, stores)
	for _, n := range set.Notes() {
		found = append(found, Finding{Warning, RuleWords, n.File, n.Line, n.Column, n.Text, line(fsys, n.File, n.Line)})
	}
	return set, inOrder(found)
}

// Emails looks at what became of templates that can be used.
func Emails(set *render.Set, stores map[string]render.Store) []Finding {
	found := emails(set)
	for _, id := range slices.Sorted(maps.Keys(stores)) {
		for _, f := range advice(set, stores[id]) {
			if !slices.Contains(found, f) { // what goes for several stores is said once
				found = append(found, f)
			}
		}
	}
	return inOrder(found)
}

// inOrder has what must be corrected first.
func inOrder(found []Finding) []Finding {
	order := func(f Finding) string {
		return map[Level]string{Problem: "0", Warning: "1", Note: "2"}[f.Level] + f.File
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(order(a), order(b)) })
	return found
}

// Problems are what is wrong with templates that cannot be used, by the error of who read
// them from fsys; nil: without the lines themselves.
func Problems(fsys fs.FS, err error) []Finding {
	var found []Finding
	for _, p := range problem.All(err) {
		found = append(found, Finding{
			Level: Problem, Rule: RuleTemplate, File: p.File, Line: p.Line, Column: p.Column, Text: p.Text, Source: line(fsys, p.File, p.Line),
		})
	}
	return found
}

// line is a line of a file, without what is at its ends; empty if there is none.
func line(fsys fs.FS, file string, n int) string {
	if fsys == nil || n < 1 {
		return ""
	}
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return ""
	}
	lines := strings.Split(string(raw), "\n")
	if n > len(lines) {
		return ""
	}
	const most = 200
	l := strings.TrimSpace(lines[n-1])
	if len(l) > most {
		l = strings.ToValidUTF8(l[:most], "") + "…"
	}
	return l
}

// emails renders every sample in every language and looks at what became of it. What
// several emails share, by their layout, is said once, of the first.
func emails(set *render.Set) []Finding {
	type key struct{ rule, text string }
	where := map[key][]string{}
	byKey := map[key]Finding{}
	var keys []key
	for _, name := range set.Names() {
		seen := map[string]bool{}
		odd, even := false, false
		for _, lang := range set.Languages(name) {
			for _, sample := range set.Samples(name) {
				out, err := set.Render(name, sample.Data.In(lang))
				if err != nil {
					continue // Load said so
				}
				if links(out.HTML, out.Text)%2 == 1 {
					odd = true
				} else {
					even = true
				}
				form := render.Wordless(out.HTML)
				if seen[form] {
					continue // in other words
				}
				seen[form] = true
				for _, f := range email(out.HTML) {
					k := key{f.Rule, f.Text}
					if len(where[k]) == 0 {
						byKey[k] = f
						keys = append(keys, k)
					}
					if file := name + ".html"; !slices.Contains(where[k], file) {
						where[k] = append(where[k], file)
					}
				}
			}
		}
		if odd && !even { // otherwise the customer's data decide, and nothing can be done
			k := key{RuleSpamFilter, name}
			where[k], keys = []string{name + ".html"}, append(keys, k)
			byKey[k] = Finding{Level: Note, Rule: RuleSpamFilter, Text: "the links and pictures of its HTML and of its text are together an odd number, " +
				"which spam filters count against it (rspamd: URI_COUNT_ODD); one link more or less in the text makes it even"}
		}
	}
	var found []Finding
	for _, k := range keys {
		f, files := byKey[k], where[k]
		f.File = files[0]
		if len(files) > 1 {
			f.Text += fmt.Sprintf(" (and %d more)", len(files)-1)
		}
		found = append(found, f)
	}
	return found
}

// email looks at the HTML of one.
func email(html string) []Finding {
	var found []Finding
	add := func(level Level, rule, format string, args ...any) {
		found = append(found, Finding{Level: level, Rule: rule, Text: fmt.Sprintf(format, args...)})
	}
	for _, l := range mailprogram.Check(html) {
		level, text := Warning, fmt.Sprintf("%s is dropped by %s, where some %s of emails are opened", l.Title, l.Dropped, percent(l.Share))
		if l.Harmless != "" {
			level, text = Note, text+": "+l.Harmless
		}
		add(level, RuleMailProgram, "%s; see %s", text, l.URL())
	}
	seen := look(html)
	for _, p := range seen.pairs {
		add(Warning, RuleContrast, "%q is %s on %s, a contrast of %.1f:1; people with weak eyes need %.1f:1", p.text, p.ink, p.paper, p.ratio, p.least)
	}
	for _, src := range seen.unsized {
		add(Warning, RuleImageSize, "the picture %s has no width: mail programs show it as large as it is, and the email jumps while it loads", src)
	}
	for _, u := range seen.insecure {
		add(Warning, RuleInsecure, "%s is not https: mail programs warn of such links and do not show such pictures", u)
	}
	return found
}

func percent(share float64) string {
	if share < .01 {
		return "less than 1%"
	}
	return fmt.Sprintf("%.0f%%", share*100)
}

// advice is what spam filters have against the emails of a store.
func advice(set *render.Set, store render.Store) []Finding {
	var found []Finding
	for _, a := range set.Advice(store) {
		found = append(found, Finding{Level: Warning, Rule: RuleSpamFilter, File: a.File, Line: a.Line, Column: a.Column, Text: a.Text})
	}
	return found
}
