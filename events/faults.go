package events

import (
	"slices"
	"strconv"
	"strings"
)

// maxFaults is how many faults of one event an Error lists. What is wrong with one
// line is mostly wrong with all of them: of a kind it lists maxOfAKind.
const (
	maxFaults  = 10
	maxOfAKind = 2
)

// faults are what is wrong with an event, all of it. An event is read once, as far as
// its first fault. One that has a fault is read a second time with these, and the
// reader goes on after each, so that what has none is not slowed down by the count.
type faults struct {
	list   []*Error
	n      int    // of all, those too that are not listed
	last   string // where the last one was
	kinds  map[string]int
	unlike map[string]string // attributes of the envelope, and how they were written instead
}

// add notes a fault, unless one was noted of the same field: whatever follows from a
// value that cannot be read is not a fault of its own.
func (f *faults) add(e *Error) {
	if f.n > 0 && e.Field == f.last || slices.ContainsFunc(f.list, func(x *Error) bool { return x.Field == e.Field }) {
		return
	}
	f.n, f.last = f.n+1, e.Field
	kind := string(e.Reason) + " " + withoutIndex(e.Field)
	if f.kinds == nil {
		f.kinds = map[string]int{}
	}
	if f.kinds[kind]++; f.kinds[kind] <= maxOfAKind && len(f.list) < maxFaults {
		f.list = append(f.list, e)
	}
}

// within reports whether the last fault is one of the value at a path.
func (f *faults) within(path string) bool {
	rest, ok := strings.CutPrefix(f.last, path)
	return ok && f.n > 0 && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// count is how many faults there are, of a reading that counts them.
func (f *faults) count() int {
	if f == nil {
		return 0
	}
	return f.n
}

// error is one Error of all of them, and of the one that ended the reading, if one
// did. The first is the one that a reader finds that stops there.
func (f *faults) error(end *Error) *Error {
	if end != nil {
		f.n++
		f.list = append(f.list, end)
	}
	if len(f.list) == 0 {
		return nil
	}
	e := *f.list[0]
	e.Others, e.More = f.list[1:], f.n-len(f.list)
	return &e
}

// withoutIndex is a path without the numbers of lists' elements.
func withoutIndex(path string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "[")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, path, _ = strings.Cut(rest, "]")
		b.WriteString("[]")
	}
}

// Each lists what is wrong, the first fault first. There are More than these.
func (e *Error) Each() []*Error { return append([]*Error{e.alone()}, e.Others...) }

func (e *Error) alone() *Error { return &Error{Reason: e.Reason, Field: e.Field, Detail: e.Detail} }

// one is what is wrong with one field.
func (e *Error) one() string {
	if e.Field == "" {
		return e.Detail
	}
	return e.Field + ": " + e.Detail
}

// Error says in one line what is wrong with the event, all of it.
func (e *Error) Error() string {
	if len(e.Others) == 0 && e.More == 0 {
		return e.one()
	}
	var b strings.Builder
	b.WriteString(e.one())
	for _, o := range e.Others {
		b.WriteString(" | " + o.one())
	}
	if e.More > 0 {
		b.WriteString(" | and " + strconv.Itoa(e.More) + " more")
	}
	return b.String()
}
