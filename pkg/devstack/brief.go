package devstack

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// snippetRunes is how much of an email's beginning the list shows; mail programs
// show between 40 and 140 characters.
const snippetRunes = 160

// A Brief is what the page's list shows of an email.
type Brief struct {
	ID       string    `json:"id"`
	From     string    `json:"from"`
	FromName string    `json:"from_name"`
	To       []string  `json:"to"`
	Subject  string    `json:"subject"`
	Snippet  string    `json:"snippet"` // how the email begins, preheader included
	Received time.Time `json:"received"`
	Broken   bool      `json:"broken"` // its MIME cannot be parsed
}

// summary returns m's brief, parsing m the first time.
func (m *mail) summary() *Brief {
	if b := m.brief.Load(); b != nil {
		return b
	}
	msg := m.message()
	b := &Brief{
		ID: msg.ID, From: msg.From, FromName: msg.FromName, To: msg.To, Subject: msg.Subject,
		Snippet: snippet(msg), Received: msg.Received, Broken: msg.Error != "",
	}
	m.brief.Store(b) // another reader may have stored an equal one: no harm
	return b
}

// matches reports whether q, in lower case, is in what the list shows of b.
func (b *Brief) matches(q string) bool {
	for _, s := range append([]string{b.From, b.FromName, b.Subject, b.Snippet}, b.To...) {
		if strings.Contains(strings.ToLower(s), q) {
			return true
		}
	}
	return false
}

// snippet is the beginning of the HTML part as mail programs see it: a preheader
// hidden in the page comes first there.
func snippet(msg Message) string {
	if msg.HTML != "" {
		if s := visibleStart(msg.HTML); s != "" {
			return s
		}
	}
	var c collector
	c.add(msg.Text)
	return c.String()
}

func visibleStart(page string) string {
	z := html.NewTokenizer(strings.NewReader(page))
	var c collector
	skip := atom.Atom(0) // the element whose text nobody sees
	for !c.full() {
		switch z.Next() {
		case html.ErrorToken:
			return c.String()
		case html.TextToken:
			if skip == 0 {
				c.add(html.UnescapeString(string(z.Text())))
			}
		case html.StartTagToken:
			if tag := tagOf(z); skip == 0 && unseen(tag) {
				skip = tag
			} else if !inline(tag) {
				c.space()
			}
		case html.EndTagToken:
			if tag := tagOf(z); tag == skip {
				skip = 0
			} else if !inline(tag) {
				c.space()
			}
		case html.SelfClosingTagToken:
			c.space()
		}
	}
	return c.String()
}

func tagOf(z *html.Tokenizer) atom.Atom {
	name, _ := z.TagName()
	return atom.Lookup(name)
}

func unseen(tag atom.Atom) bool {
	return tag == atom.Head || tag == atom.Style || tag == atom.Script || tag == atom.Title
}

// inline reports whether words on both sides of the tag may be one word.
func inline(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.B, atom.Em, atom.Font, atom.I, atom.Small, atom.Span, atom.Strong, atom.U:
		return true
	}
	return false
}

// collector gathers text up to snippetRunes, spaces collapsed and without the
// invisible characters that pad a preheader.
type collector struct {
	text    strings.Builder
	runes   int
	pending bool // a space is due before the next rune
}

func (c *collector) full() bool     { return c.runes >= snippetRunes }
func (c *collector) space()         { c.pending = c.runes > 0 }
func (c *collector) String() string { return c.text.String() }

func (c *collector) add(text string) {
	for _, r := range text {
		switch {
		case c.full():
			return
		case unicode.IsSpace(r) || r == '\u2007':
			c.space()
			continue
		case r == '\u034F' || unicode.Is(unicode.Cf, r) || unicode.IsControl(r):
			continue
		}
		if c.pending {
			c.text.WriteByte(' ')
			c.runes++
			c.pending = false
		}
		c.text.WriteRune(r)
		c.runes++
	}
}
