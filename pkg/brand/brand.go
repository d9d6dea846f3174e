// Package brand is how a store's emails look: its logo, colours, fonts, corners and
// social links as the configuration has them, and the palette that follows from them,
// in light and in dark. It is pure, and knows nothing of templates: they name the
// values by Names.
package brand

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"homing/pkg/problem"
)

// Brand is the section `brand` of a store.
type Brand struct {
	Logo   Logo     `yaml:"logo"`
	Colors Colors   `yaml:"colors"`
	Fonts  Fonts    `yaml:"fonts"`
	Radius int      `yaml:"radius"` // of corners, in pixels
	Social []Social `yaml:"social"`
	Footer string   `yaml:"footer"`
}

// Logo is a picture of the shop's name. Without a URL the name is written.
type Logo struct {
	URL     string `yaml:"url"`
	Width   int    `yaml:"width"`    // as it is shown, in pixels
	Alt     string `yaml:"alt"`      // empty: the store's name
	DarkURL string `yaml:"dark_url"` // for dark mode; empty: the same
}

// Colors are those that a shop chooses; the others follow from them. Each is written
// "#1a2b3c" or "#123".
type Colors struct {
	Accent     Color `yaml:"accent"`      // buttons, and what catches the eye
	ButtonText Color `yaml:"button_text"` // on the accent; empty: white or ink, whichever is easier to read
	Link       Color `yaml:"link"`        // empty: the accent
	Ink        Color `yaml:"ink"`         // text
	Soft       Color `yaml:"soft"`        // text of less weight
	Paper      Color `yaml:"paper"`       // around the email
	Card       Color `yaml:"card"`        // behind its text
}

// Fonts are lists of families, the first that a reader has counts. A web font is
// rarely one of them.
type Fonts struct {
	Text    string `yaml:"text"`
	Heading string `yaml:"heading"`
}

// Social is a link at the foot of an email.
type Social struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
}

// Default is what a store looks like that says nothing: quiet, and nobody's.
func Default() Brand {
	return Brand{
		Logo:   Logo{Width: 160},
		Colors: Colors{Accent: "#2a3f54", Ink: "#22262b", Soft: "#646a72", Paper: "#f3f4f5", Card: "#ffffff"},
		Fonts: Fonts{
			Text:    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
			Heading: "Georgia, 'Times New Roman', serif",
		},
		Radius: 8,
	}
}

// The bounds of what a brand may say.
const (
	minLogo, maxLogo = 24, 560
	maxRadius        = 40
	maxSocial        = 8
	maxFooter        = 400 // runes
	maxText          = 80
	maxURL           = 2048
)

// families is what a list of fonts is made of: names, in single quotes where they have
// spaces. Anything else could end a style that it is written into.
var families = regexp.MustCompile(`^(?:[A-Za-z-][A-Za-z0-9-]*|'[A-Za-z0-9][A-Za-z0-9 -]*')(?:\s*,\s*(?:[A-Za-z-][A-Za-z0-9-]*|'[A-Za-z0-9][A-Za-z0-9 -]*'))*$`)

// generic are the families that every reader has.
var generic = regexp.MustCompile(`(?:^|,\s*)(?:sans-serif|serif|monospace|system-ui|cursive|fantasy)$`)

// Validate reports every value that cannot be used, and colours that cannot be read on
// one another.
func (b Brand) Validate() error {
	var l problem.List
	b.Logo.check(&l)
	readable := b.Colors.check(&l)
	checkFont(&l, "fonts.text", b.Fonts.Text)
	checkFont(&l, "fonts.heading", b.Fonts.Heading)
	if b.Radius < 0 || b.Radius > maxRadius {
		l.Add("radius", "%d is not between 0 and %d pixels", b.Radius, maxRadius)
	}
	if len(b.Social) > maxSocial {
		l.Add("social", "has %d links; at most %d fit below an email", len(b.Social), maxSocial)
	}
	for i, s := range b.Social {
		at := fmt.Sprintf("social[%d].", i)
		if s.Name == "" {
			l.Add(at+"name", "is empty; write what the link is called, such as Instagram")
		}
		checkLine(&l, at+"name", s.Name, maxText)
		checkURL(&l, at+"url", s.URL)
	}
	checkLine(&l, "footer", b.Footer, maxFooter)
	if readable {
		b.contrast(&l)
	}
	return l.Err()
}

func (o Logo) check(l *problem.List) {
	if o.URL != "" {
		checkURL(l, "logo.url", o.URL)
	}
	if o.DarkURL != "" {
		checkURL(l, "logo.dark_url", o.DarkURL)
		if o.URL == "" {
			l.Add("logo.dark_url", "is set, but logo.url is not; set both")
		}
	}
	if o.Width < minLogo || o.Width > maxLogo {
		l.Add("logo.width", "%d is not between %d and %d pixels", o.Width, minLogo, maxLogo)
	}
	checkLine(l, "logo.alt", o.Alt, maxText)
}

// checkURL reports what is no address on the web that is safe to show: mail programs
// warn of pictures and links without https, or leave them out.
func checkURL(l *problem.List, key, s string) {
	u, err := url.Parse(s)
	plain := len(s) <= maxURL && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7F || strings.ContainsRune(`"'<>\`+"`", r) })
	switch {
	case err == nil && plain && u.Scheme == "https" && u.Hostname() != "" && u.User == nil:
	case err == nil && u.Scheme == "http":
		l.Add(key, "%q is not https; mail programs show no picture and trust no link without it: write https://…", s)
	default:
		l.Add(key, "%q is not an address on the web; write for example https://shop.example/logo.png", s)
	}
}

func checkLine(l *problem.List, key, s string, most int) {
	switch {
	case utf8.RuneCountInString(s) > most:
		l.Add(key, "is longer than %d characters", most)
	case strings.ContainsFunc(s, unicode.IsControl):
		l.Add(key, "has line breaks or other control characters; write it on one line")
	}
}

func checkFont(l *problem.List, key, s string) {
	switch {
	case !families.MatchString(s) || len(s) > 200:
		l.Add(key, "%q is not a list of fonts; write for example 'Helvetica Neue', Arial, sans-serif", s)
	case !generic.MatchString(s):
		l.Add(key, "%q must end with serif, sans-serif or another kind of font, for readers who have none of them", s)
	}
}
