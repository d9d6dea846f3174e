// Package audience writes lists of customers in the forms in which advertising platforms take
// them: normalised by each platform's rules, and hashed, so that the platform recognises whom
// it knows already and learns nobody else's address.
package audience

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// A Form is how a platform takes lists.
type Form string

// The forms. Google: Customer Match, by
// https://developers.google.com/data-manager/api/devguides/concepts/formatting and
// https://support.google.com/google-ads/answer/7659867. Meta: customer lists, by
// https://developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences.
const (
	Google Form = "google"
	Meta   Form = "meta"
)

// Forms are all of them.
var Forms = []Form{Google, Meta}

// Check fails for a form that there isn't.
func (f Form) Check() error {
	if slices.Contains(Forms, f) {
		return nil
	}
	return fmt.Errorf("there is no form %q; write google (Customer Match) or meta (customer lists)", string(f))
}

// A Member is one customer of an audience. What is not known is empty.
type Member struct {
	Email     string
	FirstName string
	LastName  string
	Country   string // ISO 3166-1 alpha-2
}

// A Writer writes members as CSV in UTF-8, below a line with the platform's column names.
type Writer struct {
	form Form
	csv  *csv.Writer
}

// NewWriter writes the line of column names. Google matches names by postal address alone,
// which takes a postcode, and refuses files with a part of those columns: its files have
// addresses only.
func NewWriter(w io.Writer, form Form) (*Writer, error) {
	if err := form.Check(); err != nil {
		return nil, err
	}
	out := &Writer{form: form, csv: csv.NewWriter(w)}
	columns := []string{"Email"}
	if form == Meta {
		columns = []string{"email", "fn", "ln", "country"}
	}
	return out, out.csv.Write(columns)
}

// Add writes one member.
func (w *Writer) Add(m Member) error {
	if w.form == Google {
		return w.csv.Write([]string{hashed(googleEmail(m.Email))})
	}
	return w.csv.Write([]string{hashed(metaEmail(m.Email)), hashed(metaName(m.FirstName)), hashed(metaName(m.LastName)), hashed(metaCountry(m.Country))})
}

// Flush writes what is left, and returns the first error there was.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

// hashed is SHA-256 as lower-case hexadecimal digits; nothing stays nothing.
func hashed(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// googleEmail is in lower case and without any spaces; at Gmail without dots, and without
// what follows a plus. Elsewhere dots and pluses stay.
func googleEmail(s string) string {
	s = strings.ToLower(without(s, unicode.IsSpace))
	local, domain, found := strings.Cut(s, "@")
	if !found || domain != "gmail.com" && domain != "googlemail.com" {
		return s
	}
	local, _, _ = strings.Cut(local, "+")
	return strings.ReplaceAll(local, ".", "") + "@" + domain
}

// metaEmail is in lower case, without spaces around it.
func metaEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// metaName is in lower case, without spaces and punctuation; letters stay as they are, in
// UTF-8.
func metaName(s string) string {
	return strings.ToLower(without(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) }))
}

// metaCountry is a code of two lower-case letters.
func metaCountry(s string) string {
	if s = strings.ToLower(strings.TrimSpace(s)); len(s) != 2 {
		return ""
	}
	return s
}

func without(s string, drop func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if drop(r) {
			return -1
		}
		return r
	}, s)
}
