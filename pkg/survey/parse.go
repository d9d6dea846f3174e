package survey

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"

	"homing/events"
	"homing/pkg/problem"
)

// Ext is what the names of the files end with.
const Ext = ".yaml"

const (
	maxText    = 200 // characters of a question or a choice
	maxChoices = 12
	maxMore    = 10
)

// id is what questions and choices are called: parts of links and of events.
var id = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// file is a definition as it is written.
type file struct {
	About    string         `yaml:"about"`
	Question fileQuestion   `yaml:"question"`
	More     []fileQuestion `yaml:"more"`
	Birthday bool           `yaml:"birthday"`
}

type fileQuestion struct {
	ID      string       `yaml:"id"`
	Asks    string       `yaml:"asks"` // of what the email asks
	Scale   string       `yaml:"scale"`
	Words   bool         `yaml:"words"`
	Text    Words        `yaml:"text"`
	Choices []fileChoice `yaml:"choices"`
}

type fileChoice struct {
	ID   string `yaml:"id"`
	Text Words  `yaml:"text"`
}

// Parse reads a definition. With anything wrong it returns no survey, and all that is.
func Parse(p, src string) (*Survey, []problem.Problem) {
	r := &reader{path: p, src: src}
	var f file
	if err := decode(src, &f); err != nil {
		r.found = append(r.found, asProblem(p, err))
		return nil, r.found
	}
	s := &Survey{Name: strings.TrimSuffix(path.Base(p), Ext), About: f.About, Birthday: f.Birthday}
	if !slices.Contains([]string{AboutOrder, AboutShop, AboutComplaint}, f.About) {
		r.add("about", "%q is not one of order, shop, complaint", f.About)
	}
	r.languages = sorted(f.Question.Text)
	s.Asks = r.asks(f.Question)
	if len(f.More) > maxMore {
		r.add("more", "has %d questions; people answer a few, and %d are the most", len(f.More), maxMore)
	}
	seen := map[string]bool{s.Asks.ID: true}
	for i, q := range f.More {
		at := fmt.Sprintf("more[%d]", i)
		s.More = append(s.More, r.more(at, q))
		if seen[q.ID] {
			r.add(at+".id", "another question of the survey is called %q", q.ID)
		}
		seen[q.ID] = true
	}
	if len(r.found) > 0 {
		return nil, r.found
	}
	return s, nil
}

// decode decodes strictly. A panic of the decoder, which meets files that are being written,
// must not end the process.
func decode(src string, f *file) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	if strings.TrimSpace(src) == "" {
		return errors.New("is empty; write about, question with asks and text, and what the page goes on to ask as more")
	}
	return yaml.UnmarshalWithOptions([]byte(src), f, yaml.Strict())
}

func asProblem(p string, err error) problem.Problem {
	var ye yaml.Error
	if !errors.As(err, &ye) || ye.GetToken() == nil || ye.GetToken().Position == nil {
		return problem.Problem{File: p, Text: strings.SplitN(err.Error(), "\n", 2)[0]}
	}
	at, text := ye.GetToken().Position, ye.GetMessage()
	if strings.HasPrefix(text, "unknown field") {
		text += "; a survey has about, question, more and birthday, and a question id, asks, scale, words, choices and text"
	}
	return problem.Problem{File: p, Line: at.Line, Column: at.Column, Text: text}
}

// A reader checks one file.
type reader struct {
	path, src string
	languages []string
	found     []problem.Problem
}

// add reports what is wrong with a field: "more[1].text".
func (r *reader) add(field, format string, args ...any) {
	x := problem.Problem{File: r.path, Key: field, Text: fmt.Sprintf(format, args...)}
	x.Line = lineOf(r.src, field)
	r.found = append(r.found, x)
}

// lineOf finds the line of a field, or of the nearest that has it; 0: it is not there.
func lineOf(src, field string) int {
	for field != "" {
		if p, err := yaml.PathString("$." + field); err == nil {
			if n, err := p.ReadNode(strings.NewReader(src)); err == nil && n.GetToken() != nil {
				return n.GetToken().Position.Line
			}
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return 0
}

// asks reads what the email asks.
func (r *reader) asks(q fileQuestion) Question {
	out := Question{ID: q.Asks, Text: r.text("question", q.Text)}
	if q.ID != "" || q.Scale != "" || q.Words {
		r.add("question", "is called by what it asks: leave out id, scale and words, and write asks: csat, nps or solved")
	}
	switch q.Asks {
	case events.CSAT, events.NPS:
		out.Scale = q.Asks
		if len(q.Choices) > 0 {
			r.add("question.choices", "%s is answered with a score; leave them out", q.Asks)
		}
	case events.QuestionSolved:
		out.Choices = r.choices("question", q.Choices)
		if got := idsOf(q.Choices); !slices.Equal(got, events.ChoicesOf(q.Asks)) {
			r.add("question.choices", "are %s; solved has yes and no, in this order", orNone(strings.Join(got, ", ")))
		}
	default:
		r.add("question.asks", "%q is not one of csat (1 to 5), nps (0 to 10), solved (yes or no)", q.Asks)
	}
	return out
}

// more reads what the page asks.
func (r *reader) more(at string, q fileQuestion) Question {
	out := Question{ID: q.ID, Scale: q.Scale, Text: r.text(at, q.Text), Choices: r.choices(at, q.Choices)}
	if !id.MatchString(q.ID) {
		r.add(at+".id", "%q cannot be the name of a question, which has a-z, 0-9, - and _", q.ID)
	}
	if q.Asks != "" {
		r.add(at+".asks", "is for the question in the email; write scale, choices or words: true")
	}
	if _, _, known := events.ScoresOf(q.Scale); q.Scale != "" && !known {
		r.add(at+".scale", "there is no scale %q: csat is 1 to 5, nps is 0 to 10", q.Scale)
	}
	ways := 0
	for _, has := range []bool{q.Scale != "", len(q.Choices) > 0, q.Words} {
		if has {
			ways++
		}
	}
	if ways != 1 {
		r.add(at, "needs one of scale, choices and words: true, and has %d of them", ways)
	}
	if n := len(q.Choices); n == 1 || n > maxChoices {
		r.add(at+".choices", "has %d; write 2 to %d", n, maxChoices)
	}
	return out
}

func (r *reader) choices(at string, cs []fileChoice) (out []Choice) {
	seen := map[string]bool{}
	for i, c := range cs {
		in := fmt.Sprintf("%s.choices[%d]", at, i)
		if !id.MatchString(c.ID) {
			r.add(in+".id", "%q cannot be the name of a choice, which has a-z, 0-9, - and _", c.ID)
		} else if seen[c.ID] {
			r.add(in+".id", "another choice of the question is called %q", c.ID)
		}
		seen[c.ID] = true
		out = append(out, Choice{c.ID, r.words(in+".text", c.Text)})
	}
	for _, tag := range r.languages {
		r.compare(at, tag, cs)
	}
	return out
}

// compare looks for two choices that say the same in a language, or overlap.
func (r *reader) compare(at, tag string, cs []fileChoice) {
	for j := range cs {
		for i := range j {
			a, b := cs[i].Text[tag], cs[j].Text[tag]
			field := fmt.Sprintf("%s.choices[%d].text.%s", at, j, tag)
			switch {
			case a == "" || b == "":
			case strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)):
				r.add(field, "%q is what another choice says", b)
			case overlap(a, b):
				r.add(field, "%q overlaps with %q: somebody in between would not know which to choose; have each begin after the one before ends, as in 1–3 and 4–6", b, a)
			}
		}
	}
}

// text reads the words of a question.
func (r *reader) text(at string, w Words) Words {
	for _, tag := range sorted(w) {
		if why := leading(tag, w[tag]); why != "" {
			r.add(at+".text."+tag, "%q %s", w[tag], why)
		}
	}
	return r.words(at+".text", w)
}

// words reads one text in all languages of the survey, which are those of its first one.
func (r *reader) words(at string, w Words) Words {
	out := Words{}
	for _, tag := range sorted(w) {
		text := strings.Join(strings.Fields(w[tag]), " ")
		if t, err := language.Parse(tag); err != nil || t.String() != tag {
			r.add(at+"."+tag, "%q is no language; write one as in de, or with a country as in de-AT", tag)
		}
		switch n := utf8.RuneCountInString(text); {
		case n == 0:
			r.add(at+"."+tag, "is empty")
		case n > maxText:
			r.add(at+"."+tag, "has %d characters; %d are the most", n, maxText)
		case strings.ContainsAny(text, "<>{}"):
			r.add(at+"."+tag, "%q has <, >, { or }, and is shown as it is written; leave them out", text)
		}
		if len(r.languages) > 0 && !slices.Contains(r.languages, tag) {
			r.add(at+"."+tag, "the question in the email has no %s; write all texts in the same languages", tag)
		}
		out[tag] = text
	}
	if len(w) == 0 {
		r.add(at, "is missing; write it in each language, as in {en: …, de: …}")
		return out
	}
	for _, tag := range r.languages {
		if _, ok := w[tag]; !ok {
			r.add(at+"."+tag, "is missing: the question in the email is in %s", strings.Join(r.languages, ", "))
		}
	}
	return out
}

func idsOf(cs []fileChoice) (out []string) {
	for _, c := range cs {
		out = append(out, c.ID)
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func sorted(w Words) []string { return slices.Sorted(maps.Keys(w)) }

func wider(tag string) string { return tag[:max(strings.LastIndexByte(tag, '-'), 0)] }
