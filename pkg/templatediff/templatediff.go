// Package templatediff says what two states of the templates say differently: in their
// files, and in every email that they render.
package templatediff

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"homing/pkg/render"
	"homing/pkg/templatestore"
)

// Shown is a sample as a recipient would get it.
type Shown struct {
	Name string // template, sample, and language if the template has one
	Mail render.Mail
}

// ShowAll renders every sample of every email in every language, by name. Its error joins
// what is wrong.
func ShowAll(set *render.Set) ([]Shown, error) {
	var out []Shown
	var wrong []error
	for _, name := range set.Names() {
		for _, lang := range set.Languages(name) {
			for _, s := range set.Samples(name) {
				d := s.Data
				if d.Customer.Locale == "" || lang != set.Language(name, d.Customer.Locale, d.Store.Locale) {
					d.Customer.Locale = lang
				}
				mail, err := set.Render(name, d)
				if err != nil {
					wrong = append(wrong, fmt.Errorf("sample %s, %s: %w", s.Name, lang, err))
					continue
				}
				out = append(out, Shown{strings.TrimSpace(fmt.Sprintf("%s %s %s", name, s.Name, lang)), mail})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Shown) int { return strings.Compare(a.Name, b.Name) })
	return out, errors.Join(wrong...)
}

// A Side is one state of the templates.
type Side struct {
	name  string
	files templatestore.Files
	shown map[string]render.Mail
	wrong string // why it cannot be rendered here
}

// SideOf renders a state of the templates. set and err are what became of loading the
// files, over what comes with Homing.
func SideOf(name string, files templatestore.Files, set *render.Set, err error) Side {
	out := Side{name: name, files: files, shown: map[string]render.Mail{}}
	if set == nil {
		out.wrong = err.Error()
		return out
	}
	all, err := ShowAll(set)
	if err != nil {
		out.wrong = err.Error()
	}
	for _, x := range all {
		out.shown[x.Name] = x.Mail
	}
	return out
}

// A Diff is what two states have differently.
type Diff struct {
	Files  []File   `json:"files"`
	Emails []Email  `json:"emails"` // samples that are rendered in another way
	Cannot []string `json:"cannot_render"`
}

// A File is one that the two do not have alike.
type File struct {
	templatestore.Change
	Diff string `json:"diff"` // unified
}

// An Email is a sample that is rendered in another way.
type Email struct {
	Sample string `json:"sample"` // template, sample and language
	Did    string `json:"did"`    // added, changed or removed
	Text   string `json:"diff"`   // of subject, preheader and text, unified
	HTML   bool   `json:"html_changed"`

	Before, After string `json:"-"` // the HTML
}

// Compare says what b has differently from a.
func Compare(a, b Side) Diff {
	d := Diff{Files: []File{}, Emails: []Email{}, Cannot: []string{}}
	for _, ch := range templatestore.Changes(a.files, b.files) {
		d.Files = append(d.Files, File{ch, unified(a.name+" "+ch.Path, a.files[ch.Path], b.name+" "+ch.Path, b.files[ch.Path])})
	}
	for _, s := range []Side{a, b} {
		if s.wrong != "" {
			d.Cannot = append(d.Cannot, s.name+": "+s.wrong)
		}
	}
	if len(d.Cannot) > 0 {
		return d
	}
	names := map[string]bool{}
	for _, s := range []Side{a, b} {
		for name := range s.shown {
			names[name] = true
		}
	}
	for name := range names {
		before, had := a.shown[name]
		after, has := b.shown[name]
		x := Email{Sample: name, Did: "changed", HTML: before.HTML != after.HTML, Before: before.HTML, After: after.HTML}
		switch {
		case !had:
			x.Did = "added"
		case !has:
			x.Did = "removed"
		}
		x.Text = unified(a.name, words(before), b.name, words(after))
		if x.Text != "" || x.HTML {
			d.Emails = append(d.Emails, x)
		}
	}
	slices.SortFunc(d.Emails, func(x, y Email) int { return cmp.Compare(x.Sample, y.Sample) })
	return d
}

// unified is the difference of two texts; "" if there is none.
func unified(from string, before []byte, to string, after []byte) string {
	_, text, _ := strings.Cut(string(diff.Diff(from, before, to, after)), "\n") // after a line for git
	return text
}

// words are what a recipient reads.
func words(m render.Mail) []byte {
	if m.Template == "" {
		return nil
	}
	return fmt.Appendf(nil, "Subject: %s\nPreheader: %s\n\n%s\n", m.Subject, m.Preheader, strings.TrimRight(m.Text, "\n"))
}
