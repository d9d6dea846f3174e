// Package problem has the form in which Homing reports a fault in something
// that people write: the configuration, a template, a sample. It does not look
// for faults and does not print them.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// A Problem is one fault: where it is, what is wrong and what to do about it.
type Problem struct {
	// File is empty for a fault of the environment or of the finished whole.
	File string
	// Line and Column count from 1. Both are 0 if the fault has no single
	// place, such as something that is missing; Column alone is 0 if only the
	// line is known.
	Line, Column int
	// Key is the full path of a setting, as in stores.main.time_zone, or the
	// environment variable; empty for faults that concern no setting.
	Key string
	// Text says what is wrong and what would be right.
	Text string
}

// Error returns "file:line:column: key: text", leaving out what is not known.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
			if p.Column > 0 {
				fmt.Fprintf(&b, ":%d", p.Column)
			}
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Text
}

// A List gathers problems, so that all of them are reported at once. The zero
// List has none.
type List []error

// Add adds a problem with the setting of that key; the text is formatted.
func (l *List) Add(key, format string, args ...any) {
	*l = append(*l, &Problem{Key: key, Text: fmt.Sprintf(format, args...)})
}

// Err joins the problems; nil if there is none.
func (l List) Err() error { return errors.Join(l...) }

// All takes an error apart into the problems that are joined in it. An error that is none
// becomes one without a place.
func All(err error) []*Problem {
	switch e := err.(type) {
	case nil:
		return nil
	case *Problem:
		return []*Problem{e}
	case interface{ Unwrap() []error }:
		var all []*Problem
		for _, inner := range e.Unwrap() {
			all = append(all, All(inner)...)
		}
		return all
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return []*Problem{p}
	}
	return []*Problem{{Text: err.Error()}}
}

// Under puts the key of a section before the key of each problem in err. An error
// that isn't a Problem becomes one of the section itself. Nil stays nil.
func Under(section string, err error) error {
	if err == nil {
		return nil
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		var l List
		for _, e := range all.Unwrap() {
			l = append(l, Under(section, e))
		}
		return l.Err()
	}
	p, ok := errors.AsType[*Problem](err)
	if !ok {
		return &Problem{Key: section, Text: err.Error()}
	}
	under := *p
	under.Key = Join(section, p.Key)
	return &under
}

// Join returns the full key of a setting in a section: Join("pacing", "per_day")
// is pacing.per_day, and Join("steps", "[0].after") is steps[0].after.
func Join(section, key string) string {
	if section == "" || key == "" || key[0] == '[' {
		return section + key
	}
	return section + "." + key
}
