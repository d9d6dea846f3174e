package render

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// An action is where one {{…}} is in a source.
type action struct {
	at, end         int  // with its braces
	from, to        int  // what is between them, without the marks that trim
	trimsL, trimsR  bool // {{- and -}}
	comment, closed bool
}

// actions finds the actions of a source as the template parser does: "}}" in a text in
// quotes or in a comment ends none. The last may lack its end.
func actions(src string) []action {
	var out []action
	for at := 0; ; {
		open := strings.Index(src[at:], "{{")
		if open < 0 {
			return out
		}
		a := action{at: at + open, from: at + open + 2}
		if rest := src[a.from:]; len(rest) > 1 && rest[0] == '-' && isBlank(rest[1]) {
			a.trimsL, a.from = true, a.from+2
		}
		a.comment = strings.HasPrefix(src[a.from:], "/*")
		a.close(src)
		out = append(out, a)
		if !a.closed {
			return out
		}
		at = a.end
	}
}

// close finds where the action ends.
func (a *action) close(src string) {
	a.end, a.to = len(src), len(src)
	end := -1
	if a.comment {
		if stop := strings.Index(src[a.from:], "*/"); stop >= 0 {
			if braces := strings.Index(src[a.from+stop:], "}}"); braces >= 0 {
				end = a.from + stop + braces
			}
		}
	} else {
		end = endOfAction(src, a.from)
	}
	if end < 0 {
		return
	}
	a.to, a.end, a.closed = end, end+2, true
	if n := a.to; n-2 >= a.from && src[n-1] == '-' && isBlank(src[n-2]) {
		a.trimsR, a.to = true, n-2
	}
}

// endOfAction returns where "}}" is that ends the action; -1 if nothing does.
func endOfAction(src string, at int) int {
	for at < len(src) {
		switch c := src[at]; {
		case strings.HasPrefix(src[at:], "}}"):
			return at
		case c == '"' || c == '`' || c == '\'':
			at = endOfQuote(src, at)
		default:
			at++
		}
	}
	return -1
}

// endOfQuote returns what comes after the text in quotes that begins at. One that is
// not closed ends with its line, as the parser has it.
func endOfQuote(src string, at int) int {
	quote := src[at]
	for at++; at < len(src); at++ {
		switch c := src[at]; {
		case c == quote:
			return at + 1
		case c == '\\' && quote != '`':
			at++
		case c == '\n' && quote != '`':
			return at
		}
	}
	return len(src)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// A macro is a call of t: "{{t "title"}}", or (t "visit") in an expression.
type macro struct {
	action
	callAt, callEnd int    // what is replaced in an expression: the call, with parentheses around nothing else
	key             string // "" if what comes after t is no text in quotes
	whole           bool   // the action is nothing else
	at              int    // of the t
}

// macros finds the calls of t in a source.
func macros(src string) []macro {
	var out []macro
	for _, a := range actions(src) {
		if !a.comment {
			out = append(out, callsIn(src, a)...)
		}
	}
	return out
}

// callsIn finds the calls of t in one action.
func callsIn(src string, a action) []macro {
	var out []macro
	for at := a.from; at < a.to; {
		c := src[at]
		switch {
		case c == '"' || c == '`' || c == '\'':
			at = endOfQuote(src, at)
		case c == '.' || c == '$' || wordStart(c):
			begins := at
			for at++; at < a.to && (wordByte(src[at]) || src[at] == '_'); at++ {
			}
			if src[begins:at] == "t" {
				out = append(out, callAt(src, a, begins))
			}
		default:
			at++
		}
	}
	return out
}

func wordStart(c byte) bool { return c == '_' || wordByte(c) }

// callAt reads one call of t, which begins at.
func callAt(src string, a action, at int) macro {
	m := macro{action: a, at: at, callAt: at, callEnd: at + 1}
	arg := at + 1
	for arg < a.to && isBlank(src[arg]) {
		arg++
	}
	if arg < a.to && (src[arg] == '"' || src[arg] == '`') {
		end := min(endOfQuote(src, arg), a.to)
		if key, err := strconv.Unquote(src[arg:end]); err == nil && utf8.ValidString(key) {
			m.key, m.callEnd = key, end
		}
	}
	m.whole = strings.TrimSpace(src[a.from:a.to]) == src[m.callAt:m.callEnd]
	before, after := strings.TrimRight(src[a.from:m.callAt], " \t"), strings.TrimLeft(src[m.callEnd:a.to], " \t")
	if strings.HasSuffix(before, "(") && strings.HasPrefix(after, ")") {
		m.callAt, m.callEnd = a.from+len(before)-1, a.to-len(after)+1
	}
	return m
}

// opens is the keyword, or whatever else an action begins with.
func (a *action) opens(src string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(src[a.from:a.to]), " ")
	return word
}

// prints reports whether an action puts something into the email where it is.
func (a *action) prints(src string) bool {
	if a.comment || !a.closed {
		return false
	}
	switch a.opens(src) {
	case "if", "else", "end", "range", "with", "template", "define", "block", "break", "continue", "":
		return false
	}
	return !declares(src[a.from:a.to])
}

// declares reports whether an action sets a variable: "$x := …", "$x = …".
func declares(inner string) bool {
	inner = strings.TrimSpace(inner)
	if !strings.HasPrefix(inner, "$") {
		return false
	}
	name := strings.IndexFunc(inner, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\n' || r == ':' || r == '=' || r == ',' || r == '|' || r == '.'
	})
	if name < 0 {
		return false
	}
	rest := strings.TrimSpace(inner[name:])
	return strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "=")
}
