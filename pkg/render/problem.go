package render

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"homing/pkg/problem"
)

// problems collects faults. A partial is checked once for every email that uses
// it, so the same fault arrives many times and is kept once.
type problems struct {
	list  []*problem.Problem
	plain []problem.Problem // of list, without the names of samples
	seen  map[problem.Problem]bool

	// found counts every report, repeated ones too: whether one email is sound
	// must not depend on what another mail reported first.
	found int
}

func (ps *problems) add(p problem.Problem) {
	ps.found++
	if ps.seen == nil {
		ps.seen = map[problem.Problem]bool{}
	}
	if ps.seen[p] {
		return
	}
	ps.seen[p] = true
	ps.list, ps.plain = append(ps.list, &p), append(ps.plain, p)
}

// merge adds what was found elsewhere, in its order.
func (ps *problems) merge(other *problems) {
	for i, p := range other.list {
		if plain := other.plain[i]; !ps.seen[plain] {
			ps.add(*p)
			ps.seen[plain] = true
		}
	}
}

func (ps *problems) addf(file string, line, col int, format string, args ...any) {
	ps.add(problem.Problem{File: file, Line: line, Column: col, Text: fmt.Sprintf(format, args...)})
}

// addSample reports a fault that showed with one sample; the same fault with
// others says nothing new.
func (ps *problems) addSample(sample string, p problem.Problem) {
	ps.found++
	if ps.seen[p] {
		return
	}
	plain := p
	p.Text = fmt.Sprintf("sample %q: %s", sample, p.Text)
	if ps.add(p); !ps.seen[plain] {
		ps.seen[plain], ps.plain[len(ps.plain)-1] = true, plain
	}
}

// err joins all problems in the order in which a person reads files.
func (ps *problems) err() error {
	slices.SortFunc(ps.list, func(a, b *problem.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	errs := make([]error, len(ps.list))
	for i, p := range ps.list {
		errs[i] = p
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
