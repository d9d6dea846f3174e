package render

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// masked takes the place of each byte of an action where only the HTML around it is
// looked at. It is in no text: a file with control characters has them elsewhere.
const masked = '\x01'

// mask returns a source with its actions masked: each other byte is where it was.
func mask(source string) string {
	return withActions(source, func(byte) byte { return masked })
}

// A startTag is a start tag of a file in which actions may be anywhere.
type startTag struct {
	at      int // where it begins
	name    string
	nameEnd int
	class   attribute
	style   attribute
	fault   string // why no style can be written into it
}

// An attribute is what is between the quotes of one, and where that is.
type attribute struct {
	there    bool
	text     string
	from, to int
}

// fixed says whether it is the same in every email.
func (a attribute) fixed() bool { return !strings.Contains(a.text, string(masked)) }

// element is what decides about the tag's styles.
func (t *startTag) element() styledElement {
	e := styledElement{tag: t.name, class: strings.Join(strings.Fields(t.class.text), " ")}
	if t.style.fixed() {
		e.own = t.style.text
	}
	return e
}

// startTags returns the start tags of a source.
func startTags(source string) (tags []startTag) {
	seen := mask(source)
	z := html.NewTokenizer(strings.NewReader(seen))
	for at := 0; ; {
		kind, begins := z.Next(), at
		at += len(z.Raw())
		switch kind {
		case html.ErrorToken:
			return tags
		case html.StartTagToken, html.SelfClosingTagToken:
			tags = append(tags, readStartTag(source, seen, begins, at))
		}
	}
}

// readStartTag reads the tag between two offsets.
func readStartTag(source, seen string, from, to int) startTag {
	t := startTag{at: from}
	i := from + 1
	for i < to && nameByte(seen[i]) {
		i++
	}
	t.name, t.nameEnd = strings.ToLower(seen[from+1:i]), i
	depth := 0 // of the actions that the attribute is between
	for i < to {
		if c := seen[i]; !nameByte(c) {
			i++
			continue
		}
		start := i
		for i < to && nameByte(seen[i]) {
			i++
		}
		name := strings.ToLower(seen[start:i])
		depth = depthOf(source[t.nameEnd:start])
		var a attribute
		a, i = readValue(seen, i, to)
		t.note(name, a, depth, source)
	}
	return t
}

// note keeps what a tag's class or style is.
func (t *startTag) note(name string, a attribute, depth int, source string) {
	var to *attribute
	switch name {
	case "class":
		to = &t.class
	case "style":
		to = &t.style
	default:
		return
	}
	switch {
	case depth != 0 || to.there:
		t.fault = "whether this tag has its " + name + " depends on an {{if}}: write " + name + `="…" outside of it, and the {{if}} between the quotes or around the whole tag`
	case a.there && (depthOf(source[a.from:a.to]) != 0 || elseOutside(source[a.from:a.to])):
		t.fault = "an {{if}} that begins between the quotes of " + name + " must end between them"
	case name == "class" && !a.fixed():
		t.fault = "a class cannot depend on an expression, as its styles are written into the email before; put {{if}} around the whole tag"
	}
	*to = a
}

// readValue reads what may come after an attribute's name.
func readValue(seen string, i, to int) (attribute, int) {
	for i < to && space(seen[i]) {
		i++
	}
	if i >= to || seen[i] != '=' {
		return attribute{}, i
	}
	for i++; i < to && space(seen[i]); {
		i++
	}
	if i >= to {
		return attribute{}, i
	}
	end := func(c byte) bool { return space(c) || c == '>' }
	if q := seen[i]; q == '"' || q == '\'' {
		i++
		end = func(c byte) bool { return c == q }
	}
	a := attribute{there: true, from: i}
	for i < to && !end(seen[i]) {
		i++
	}
	a.to, a.text = i, seen[a.from:i]
	if i < to && seen[i] != '>' {
		i++
	}
	return a, i
}

var (
	opening = regexp.MustCompile(`\{\{-?\s*(?:if|with|range)\b`)
	closing = regexp.MustCompile(`\{\{-?\s*end\b`)
	middle  = regexp.MustCompile(`\{\{-?\s*else\b`)
)

// depthOf is how many more actions a source opens than it closes.
func depthOf(source string) int {
	return len(opening.FindAllString(source, -1)) - len(closing.FindAllString(source, -1))
}

// elseOutside says whether a source has an {{else}} of an {{if}} that is not in it.
func elseOutside(source string) bool {
	for _, at := range middle.FindAllStringIndex(source, -1) {
		if depthOf(source[:at[0]]) <= 0 {
			return true
		}
	}
	return false
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == masked }

func nameByte(c byte) bool {
	return !space(c) && c != '=' && c != '>' && c != '/' && c != '"' && c != '\''
}
