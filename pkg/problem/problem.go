// Package problem has the form in which Homing reports a fault in something
// that people write: the configuration, a template, a sample. It does not look
// for faults and does not print them.
package problem

import (
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
