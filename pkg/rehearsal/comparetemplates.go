package rehearsal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// TemplateChange is an email that is made from templates that two sides have differently.
type TemplateChange struct {
	Store    string `json:"store"`
	Worker   string `json:"worker"`
	Step     string `json:"step"`
	Template string `json:"template"` // with its variant
	Language string `json:"language"`
	Emails   int    `json:"emails"` // with what is proposed
	People   int    `json:"customers"`
	// Example names the made-up data that comes with the template and tells the two apart,
	// where the email of the rehearsal that was looked at is the same; "": it is that email.
	Example string    `json:"example,omitempty"`
	Before  *Rendered `json:"before"` // null: the other templates cannot make it
	After   *Rendered `json:"after"`
	Diff    string    `json:"diff,omitempty"` // of subject, preheader and text, unified; "": they are the same
}

// CompareTemplates returns which emails of a rehearsal are others with the templates that
// it is compared with: of each template and language one email is composed with both.
func (r *Result) CompareTemplates(after, before map[string]Composer) ([]TemplateChange, error) {
	out := []TemplateChange{}
	for _, x := range r.sights(after) {
		is, err := compose(after[x.store], x.content)
		if err != nil {
			return nil, err
		}
		c := TemplateChange{Store: x.store, Worker: x.worker, Step: x.step, Template: x.template, Language: x.language, Emails: x.emails, People: x.people, After: is}
		if with := before[x.store]; with != nil {
			c.Before, _ = compose(with, x.content) // without: there was no such template
		}
		if c.Before == nil || *c.Before != *is || c.byExample(after[x.store], before[x.store], x.base()) {
			c.Diff = unified(c.Before, c.After)
			out = append(out, c)
		}
	}
	return out, nil
}

// unified is the difference of what two emails say.
func unified(before, after *Rendered) string {
	_, text, _ := strings.Cut(string(diff.Diff("before", before.words(), "as proposed", after.words())), "\n") // after a line for git
	return text
}

// words are what a recipient reads.
func (r *Rendered) words() []byte {
	if r == nil {
		return nil
	}
	return fmt.Appendf(nil, "Subject: %s\nPreheader: %s\n\n%s\n", r.Subject, r.Preheader, strings.TrimRight(r.Text, "\n"))
}

// byExample looks whether the data that comes with a template tells two sides apart.
func (c *TemplateChange) byExample(after, before Composer, template string) bool {
	is, was := after.Examples(template, c.Language), before.Examples(template, c.Language)
	for _, name := range slices.Sorted(maps.Keys(is)) {
		a, known := was[name]
		if !known {
			continue // it came with one of them alone, and may be all that is new
		}
		if x, y := rendered(a), rendered(is[name]); x != y {
			c.Example, c.Before, c.After = name, &x, &y
			return true
		}
	}
	return false
}
