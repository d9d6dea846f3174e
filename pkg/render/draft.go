package render

import (
	"errors"
	"io/fs"

	"homing/pkg/problem"
	"homing/pkg/survey"
)

// Only says what LoadDraft leaves out. Its zero value leaves out nothing.
type Only struct {
	Mail      string // the one email to load: "thank-you/thanks"; nothing of the pages
	Language  string // the one language to load it in, if it is offered in that
	Unchecked bool   // don't try emails out with their samples
}

// A Draft is what could be made of templates that somebody is working on.
type Draft struct {
	// Set holds the emails that can be rendered, even those in which something is to be
	// corrected.
	Set *Set
	// Problems are what Load refuses templates for. With Only.Mail they are those of
	// the email and of what emails share.
	Problems []problem.Problem
}

// Err joins the problems; nil if there are none.
func (d *Draft) Err() error {
	var errs []error
	for i := range d.Problems {
		errs = append(errs, &d.Problems[i])
	}
	return errors.Join(errs...)
}

// LoadDraft reads templates as Load does, and returns what it can of them, for a
// preview. Its error is one of reading fsys.
func LoadDraft(fsys fs.FS, only Only) (*Draft, error) {
	d := emptyDirectory()
	if err := d.read(fsys); err != nil {
		return nil, err
	}
	d.share()
	set := &Set{
		mails: d.compose(only), stores: map[string]map[string]*choice{}, pages: map[string][]*Pages{},
		surveys: map[string]map[string]*survey.Survey{"": d.surveys},
	}
	if only.Mail == "" {
		set.pages[""] = d.pagesOf(d.books)
	}
	for id := range d.overrides {
		set.stores[id], set.pages[id], set.surveys[id] = d.override(id, set.mails, only)
	}
	if only.Mail == "" && only.Language == "" {
		d.filledIn()
		d.unusedPhrases(d.books, d.notes)
		untranslated(d.books, d.notes)
	}
	set.notes = d.notes.sorted()
	return &Draft{Set: set, Problems: d.ps.sorted()}, nil
}
