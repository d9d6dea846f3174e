package render

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"homing/pkg/problem"
)

// unfinished is what people write where they mean to write something later.
var unfinished = regexp.MustCompile(`\b(TODO|FIXME|TBD|XXX)\b|(?i:\blorem ipsum\b)`)

// lintWords checks what an email says: that it is finished, and no longer than people
// read.
func lintWords(m *mail, sample string, out *Mail, ps *problems) {
	report := func(file, format string, args ...any) {
		ps.addSample(sample, problem.Problem{File: file, Text: fmt.Sprintf(format, args...)})
	}
	if out.subjectCut {
		report(m.page, "the subject is cut after %d characters; a computer shows some 70 of them, a phone some 40", maxSubject)
	}
	for _, part := range []struct{ file, what, text string }{
		{m.page, "the subject", out.Subject}, {m.page, "the preheader", out.Preheader},
		{m.page, "the email", visible(out.HTML)}, {m.words, "the text part", out.Text},
	} {
		if word := unfinished.FindString(part.text); word != "" {
			report(part.file, "%s still says %q; finish it", part.what, word)
		}
	}
}

// saysNothing reports whether the source of a text part leads to no words: all that
// the email then says in plain text is its frame.
func saysNothing(source string) bool {
	return strings.TrimSpace(comment.ReplaceAllString(source, "")) == ""
}

var comment = regexp.MustCompile(`(?s)\{\{-?\s*/\*.*?\*/\s*-?\}\}`)

// aName stands for a customer's name while greetings are looked at.
const aName = "Qxjzvkwy"

// lintGreeting finds where a name is written although there may be none, as in
// "Dear {{.Customer.FirstName}},": what is left around it then is the same.
func lintGreeting(m *mail, s Sample, ps *problems) {
	for _, n := range []struct {
		field string
		of    func(*Data) *string
	}{
		{".Customer.FirstName", func(d *Data) *string { return &d.Customer.FirstName }},
		{".Customer.LastName", func(d *Data) *string { return &d.Customer.LastName }},
	} {
		with, without := s.Data.clone(), s.Data.clone()
		*n.of(&with), *n.of(&without) = aName, ""
		named, err := m.render(&with, false)
		if err != nil {
			return // reported already
		}
		nameless, err := m.render(&without, false)
		if err != nil {
			return
		}
		for _, part := range []struct{ file, named, nameless string }{
			{m.page, named.Subject, nameless.Subject},
			{m.page, named.Preheader, nameless.Preheader},
			{m.page, visible(named.HTML), visible(nameless.HTML)},
			{m.words, named.Text, nameless.Text},
		} {
			if gap := gapIn(part.named, part.nameless); gap != "" {
				ps.addSample(s.Name, problem.Problem{File: part.file, Text: fmt.Sprintf(
					"without a name it says %q; write {{with %s}} … {{.}} … {{else}} … {{end}} around the words that need one", gap, n.field)})
				break
			}
		}
	}
}

// gapIn returns what a text without the name says where the same words stand around
// nothing; empty if there is no such place.
func gapIn(named, nameless string) string {
	for line := range strings.Lines(named) {
		before, after, found := strings.Cut(squeeze(line), aName)
		if !found {
			continue
		}
		before, after = last(before, 20), first(strings.ReplaceAll(after, aName, ""), 20)
		// "Dear X," leaves "Dear ,", and "X, thank you" leaves ", thank you".
		bare := squeeze(before + after)
		if strings.ContainsFunc(bare, isLetter) && standsIn(nameless, bare, strings.TrimSpace(after) == "") {
			return bare
		}
	}
	return ""
}

// standsIn reports whether a text says something, in lines of any length; ends: with
// nothing after it in its sentence, unlike "Dear" in "Dear friend".
func standsIn(text, words string, ends bool) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(words), " ", `\s+`)
	if ends {
		pattern += `[ \t]*(?:[,.!?:;\r\n]|$)`
	}
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text)
}

func isLetter(r rune) bool { return r != ' ' && !strings.ContainsRune(",.!?:;–—-", r) }

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func first(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func last(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[len(r)-n:])
	}
	return s
}

// visible returns the words of an HTML page, a line for each block.
func visible(page string) string {
	var b strings.Builder
	skip := ""
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if skip == "" {
				b.WriteString(strings.Map(unbroken, string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch tag := string(name); tag {
			case "style", "title":
				skip = tag
			case "span", "b", "strong", "i", "em", "a", "font", "bdi", "u", "small":
			default:
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == skip {
				skip = ""
			}
		}
	}
}

// unbroken keeps the lines of a page's source out of its text.
func unbroken(r rune) rune {
	if r == '\n' {
		return ' '
	}
	return r
}
