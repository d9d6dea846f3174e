package render

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/problem"
)

// problems collects faults. A partial is checked once for every email that uses
// it, and an email with all its samples, so the same fault arrives many times and
// is kept once.
type problems struct {
	list []fault
	seen map[problem.Problem]bool // as fault.plain

	// language is that of the email being tried out, if there are others.
	language string

	// found counts every report, repeated ones too: whether one email is sound
	// must not depend on what another reported first.
	found int
}

// A fault is a problem as it is told, and without the name of the sample that
// showed it: others say nothing new.
type fault struct{ told, plain problem.Problem }

// few lists the first of some names, and says how many more there are.
func few(names []string) string {
	const most = 5
	s := strings.Join(names[:min(len(names), most)], ", ")
	if n := len(names) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

func (ps *problems) keep(f fault) {
	ps.found++
	if ps.seen[f.plain] {
		return
	}
	if ps.seen == nil {
		ps.seen = map[problem.Problem]bool{}
	}
	ps.seen[f.plain] = true
	ps.list = append(ps.list, f)
}

func (ps *problems) add(p problem.Problem) { ps.keep(fault{p, p}) }

func (ps *problems) addf(file string, line, col int, format string, args ...any) {
	ps.add(problem.Problem{File: file, Line: line, Column: col, Text: fmt.Sprintf(format, args...)})
}

// addSample reports a fault that showed with one sample.
func (ps *problems) addSample(sample string, p problem.Problem) {
	told := p
	if ps.language != "" {
		sample += " in " + ps.language
	}
	told.Text = fmt.Sprintf("sample %q: %s", sample, p.Text)
	ps.keep(fault{told, p})
}

// take adds what was found elsewhere.
func (ps *problems) take(others *problems) {
	for _, f := range others.list {
		ps.keep(f)
	}
}

// sorted returns all problems in the order in which a person reads files.
func (ps *problems) sorted() []problem.Problem {
	slices.SortFunc(ps.list, func(x, y fault) int {
		a, b := &x.told, &y.told
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	out := make([]problem.Problem, len(ps.list))
	for i := range ps.list {
		out[i] = ps.list[i].told
	}
	return out
}

// err joins all problems.
func (ps *problems) err() error {
	var errs []error
	for _, p := range ps.sorted() {
		errs = append(errs, &p)
	}
	return errors.Join(errs...)
}

// templateError is how text/template, html/template and their parser write the
// place of an error: "template: name:12:5: what" with or without the column.
var templateError = regexp.MustCompile(`^(?:html/)?template: ?([^:]*):(\d+)(?::(\d+))?: (?s:(.*))$`)

// asProblem turns an error of the template packages into a Problem; file is
// used where the error names no place.
func asProblem(file string, err error) problem.Problem {
	m := templateError.FindStringSubmatch(err.Error())
	if m == nil {
		return problem.Problem{File: file, Text: err.Error()}
	}
	line, _ := strconv.Atoi(m[2])
	col, _ := strconv.Atoi(m[3])
	return problem.Problem{File: m[1], Line: line, Column: col, Text: m[4]}
}
