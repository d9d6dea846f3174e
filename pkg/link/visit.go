package link

import (
	"encoding/base64"
	"strconv"
)

// longestVisit is the longest path of a link that leads on to a page of the shop.
const longestVisit = 4096

// visits reports whether links of a purpose say of which touch they are: its step and its
// occasion come after the worker, and when the email was made. A visit then has where it
// leads, in base64: a program that changes its letters would break the shop's own link as
// well.
func (p Purpose) visits() bool { return p == Visit || p == Opened }

func (l Link) visitParts() []string {
	parts := []string{l.Step, l.Occasion, strconv.FormatInt(l.At, 36)}
	if l.Purpose == Visit {
		parts = append(parts, base64.RawURLEncoding.EncodeToString([]byte(l.URL)))
	}
	return parts
}

// visit reads those parts.
func (l *Link) visit(parts []string) bool {
	if len(parts) < 3 || !worker.MatchString(parts[0]) || !worker.MatchString(parts[1]) {
		return false
	}
	at, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil || at <= 0 || strconv.FormatInt(at, 36) != parts[2] {
		return false
	}
	l.Step, l.Occasion, l.At = parts[0], parts[1], at
	if l.Purpose == Opened {
		return len(parts) == 3
	}
	if len(parts) != 4 {
		return false
	}
	to, err := base64.RawURLEncoding.Strict().DecodeString(parts[3])
	l.URL = string(to)
	return err == nil && l.URL != "" && printable(l.URL)
}
