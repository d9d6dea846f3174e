package events

import "fmt"

// A Warning is about something in an event that was accepted, but that the shop's
// developer should know: a field that was dropped, or numbers that do not fit. It
// reads like an Error, and never holds an email address either.
type Warning struct {
	Reason Reason // one of WarningReasons
	Field  string // as in an Error
	Detail string // what is wrong, what was made of it, and what would be right
}

func (w Warning) String() string {
	if w.Field == "" {
		return w.Detail
	}
	return w.Field + ": " + w.Detail
}

// maxWarnings bounds the warnings of one event: what is wrong with one line is
// mostly wrong with all of them.
const maxWarnings = 10

// warn notes a warning about the value the reader is at. What was read with
// trust was warned about before.
func (r *reader) warn(reason Reason, format string, args ...any) {
	r.warnAt("", reason, format, args...)
}

// warnAt is warn for a field of the object the reader is in.
func (r *reader) warnAt(field string, reason Reason, format string, args ...any) {
	if r.err != nil || r.trusted || len(r.warnings) == maxWarnings {
		return
	}
	at := r.where()
	if at != "" && field != "" {
		at += "."
	}
	r.warnings = append(r.warnings, Warning{reason, at + field, fmt.Sprintf(format, args...)})
}
