// Package mailprogram knows which HTML and CSS of an email mail programs drop, from
// caniemail.com's tests.
package mailprogram

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed data.txt
var raw string

// A family is what people know as one mail program.
type family struct {
	name  string
	share float64 // of opens, 0 to 1
	// on are its platforms, by their names in caniemail's data. What the first drops is
	// lost to the share; the others are named when they drop something.
	on []string
}

// families are the mail programs that are looked at. The shares are those of opens that
// Litmus published for December 2021, the last with Samsung's
// (https://www.litmus.com/blog/email-client-market-share-december-2021): mostly of
// senders in the United States, and Apple's includes what its servers open in advance.
// They only say what to look at first.
var families = []family{
	{"Apple Mail", .574, []string{"apple-mail/ios", "apple-mail/macos"}},
	{"Gmail", .304, []string{"gmail/desktop-webmail", "gmail/android", "gmail/ios", "gmail/mobile-webmail"}},
	{"Outlook", .041, []string{"outlook/windows", "outlook/outlook-com", "outlook/macos", "outlook/ios", "outlook/android"}},
	{"Yahoo Mail", .025, []string{"yahoo/desktop-webmail", "yahoo/ios", "yahoo/android"}},
	{"Samsung Email", .004, []string{"samsung-email/android"}},
}

// Platforms are the programs in the order of the letters of data.txt: "gmail/ios".
func Platforms() []string {
	var all []string
	for _, f := range families {
		all = append(all, f.on...)
	}
	return all
}

// A feature is one thing of HTML or CSS.
type feature struct {
	slug, title string
	support     string // a letter for each of Platforms: y, a (partly), n, u (unknown)
}

type table struct {
	date string // of the newest test
	of   map[string]*feature
}

// known is the data, by what a feature is recognised by.
var known = sync.OnceValue(func() table {
	t := table{of: map[string]*feature{}}
	for line := range strings.Lines(raw) {
		line = strings.TrimSuffix(line, "\n")
		if date, ok := strings.CutPrefix(line, "date "); ok {
			t.date = date
		}
		f := strings.Split(line, "|")
		if strings.HasPrefix(line, "#") || len(f) != 4 {
			continue
		}
		for mark := range strings.FieldsSeq(f[2]) {
			t.of[mark] = &feature{f[0], f[1], f[3]}
		}
	}
	return t
})

// Date is the day of the data: "2026-05-13".
func Date() string { return known().date }

// A Loss is something of an email that mail programs drop.
type Loss struct {
	Slug    string  `json:"feature"` // at caniemail: "css-border-radius"
	Title   string  `json:"title"`   // "border-radius"
	Share   float64 `json:"share"`   // of opens that lose it, 0 to 1, roughly
	Dropped string  `json:"dropped"` // by which programs: "Outlook, Gmail (iOS)"
	Partly  string  `json:"partly,omitempty"`
	// Harmless says what becomes of it, where that is as good: "the corners are square".
	Harmless string `json:"harmless,omitempty"`
}

// URL is where the tests are shown.
func (l Loss) URL() string { return fmt.Sprintf("https://www.caniemail.com/features/%s/", l.Slug) }

// loss is what becomes of a feature; false if no program drops it where most of its
// people read.
func (f *feature) loss() (Loss, bool) {
	l := Loss{Slug: f.slug, Title: f.title, Harmless: harmless[f.slug]}
	var dropped, partly []string
	at := 0
	for _, p := range families {
		letters := f.support[at : at+len(p.on)]
		at += len(p.on)
		if letters[0] == 'n' {
			l.Share += p.share
		}
		dropped = append(dropped, p.with(letters, 'n')...)
		partly = append(partly, p.with(letters, 'a')...)
	}
	l.Dropped, l.Partly = strings.Join(dropped, ", "), strings.Join(partly, ", ")
	return l, l.Share > 0
}

// with names a program if all of it has a letter, else its platforms that do.
func (p *family) with(letters string, letter byte) []string {
	if strings.Trim(letters, string(letter)) == "" {
		return []string{p.name}
	}
	var on []string
	for i, platform := range p.on {
		if letters[i] == letter {
			_, name, _ := strings.Cut(platform, "/")
			on = append(on, readable[name])
		}
	}
	if len(on) == 0 {
		return nil
	}
	return []string{p.name + " (" + strings.Join(on, ", ") + ")"}
}

var readable = map[string]string{
	"ios": "iPhone", "macos": "Mac", "android": "Android", "windows": "Windows", "outlook-com": "outlook.com",
	"desktop-webmail": "web", "mobile-webmail": "mobile web",
}

// harmless are features that may be dropped without anybody missing them, and what is
// seen then.
var harmless = map[string]string{
	"css-border-radius":                   "the corners are square",
	"css-box-shadow":                      "there is no shadow",
	"css-at-media-prefers-color-scheme":   "the email stays light, or the program darkens it itself",
	"css-color-scheme":                    "the email stays light, or the program darkens it itself",
	"html-meta-color-scheme":              "the email stays light, or the program darkens it itself",
	"css-pseudo-class-hover":              "nothing changes under the pointer",
	"css-transition":                      "it changes at once",
	"css-object-fit":                      "pictures that are not square are stretched: send square ones",
	"css-overflow-wrap":                   "a very long word may widen the email",
	"css-word-break":                      "a very long word may widen the email",
	"css-word-wrap":                       "a very long word may widen the email",
	"css-user-select":                     "a code is selected by hand",
	"css-sytem-ui":                        "the next font of the list is used",
	"css-letter-spacing":                  "the letters stand closer",
	"css-opacity":                         "it is not see-through",
	"css-overflow":                        "what is too long is shown whole",
	"css-max-height":                      "it is as high as what is in it",
	"css-border-spacing":                  "cells stand as close as their cellspacing says",
	"css-at-media":                        "the email keeps its wide form and light colours",
	"css-selector-attribute":              "the rules for other programs are ignored, as they should be",
	"html-style":                          "the styles written into the elements count",
	"css-height":                          "it is as high as what is in it",
	"html-aria-label":                     "a screen reader reads what is seen instead",
	"css-display-none":                    "Outlook shows what is not also hidden by mso-hide:all",
	"html-role":                           "a screen reader may announce a layout table",
	"html-aria-hidden":                    "a screen reader may read what only decorates",
	"css-white-space":                     "the line may break there",
	"css-text-wrap":                       "the lines of a title are of uneven length",
	"css-at-media-prefers-reduced-motion": "it moves",
	"css-at-font-face":                    "the next font of the list is used",
}
