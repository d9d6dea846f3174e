package render

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// A Problem is one fault in one file under templates/, and what to do about it.
// Line and Col count from 1; they are 0 where the fault has no single place,
// such as something that is missing.
type Problem struct {
	File string
	Line int
	Col  int
	Msg  string
}

func (p *Problem) Error() string {
	switch {
	case p.Line == 0:
		return p.File + ": " + p.Msg
	case p.Col == 0:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Msg)
}

// problems collects faults. A partial is checked once for every mail that uses
// it, so the same fault arrives many times and is kept once.
type problems struct {
	list  []*Problem
	plain []Problem // of list, without the names of samples
	seen  map[Problem]bool

	// found counts every report, repeated ones too: whether one mail is sound
	// must not depend on what another mail reported first.
	found int
}

func (ps *problems) add(p Problem) {
	ps.found++
	if ps.seen == nil {
		ps.seen = map[Problem]bool{}
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
	ps.add(Problem{file, line, col, fmt.Sprintf(format, args...)})
}

// addSample reports a fault that showed with one sample; the same fault with
// others says nothing new.
func (ps *problems) addSample(sample string, p Problem) {
	ps.found++
	if ps.seen[p] {
		return
	}
	plain := p
	p.Msg = fmt.Sprintf("sample %q: %s", sample, p.Msg)
	if ps.add(p); !ps.seen[plain] {
		ps.seen[plain], ps.plain[len(ps.plain)-1] = true, plain
	}
}

// err joins all problems in the order in which a person reads files.
func (ps *problems) err() error {
	slices.SortFunc(ps.list, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col), cmp.Compare(a.Msg, b.Msg))
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
func asProblem(file string, err error) Problem {
	m := templateError.FindStringSubmatch(err.Error())
	if m == nil {
		return Problem{File: file, Msg: err.Error()}
	}
	line, _ := strconv.Atoi(m[2])
	col, _ := strconv.Atoi(m[3])
	return Problem{m[1], line, col, m[4]}
}
