package render

import (
	"fmt"
	"regexp"
	"strings"
	"text/template/parse"

	"homing/events"
)

// An Ask makes the links of a question: the template function scale takes it.
type Ask struct {
	link func(Reply) string
}

// A Reply is one answer to a question: a score on a scale, or a choice.
type Reply struct {
	Survey   string // may be empty
	Question string
	Scale    string
	Score    int
	Choice   string // of a question without a scale
}

// Asking returns an Ask whose links link makes, for each answer; "" if there is none.
func Asking(link func(Reply) string) Ask { return Ask{link} }

// Equal reports whether both can ask, or neither: links are not compared.
func (a Ask) Equal(b Ask) bool { return (a.link == nil) == (b.link == nil) }

// A Scale is a question that is answered with a score, as the partials "scale" and
// "scores" show it; the template function scale makes one.
type Scale struct {
	Name   string  // "csat", 1 to 5, or "nps", 0 to 10
	Scores []Score // empty where there are no links: the question cannot be asked
}

// A Score is one answer to a Scale.
type Score struct {
	Value   int
	Most    int // the highest value of the scale
	Width   int // of its share of a row, in percent
	URL     string
	Lowest  bool
	Highest bool
}

// A Survey is the one question of a survey that an email asks, as the partial "survey"
// shows it.
type Survey struct {
	Name     string // of its file: "order" of surveys/order.yaml
	Question string // in the language of the email
	Scale    Scale  // without scores if it is answered with a choice
	Choices  []Link // each answer, and the link that gives it
}

// questionName is what a question is called, with its survey before it if it is of one: "after-delivery/happy".
var questionName = regexp.MustCompile(`^(?:[a-z0-9][a-z0-9_-]{0,63}/)?[a-z0-9][a-z0-9_-]{0,63}$`)

// scale asks a question. Either all scores have a link, or there are none: half a scale
// would be another question.
func scale(a Ask, name, question string) Scale {
	out := Scale{Name: name}
	low, high, ok := events.ScoresOf(name)
	if !ok || a.link == nil || !questionName.MatchString(question) {
		return out
	}
	of, plain, found := strings.Cut(question, "/")
	if !found {
		of, plain = "", question
	}
	scores := make([]Score, 0, high-low+1)
	for n := low; n <= high; n++ {
		s := Score{Value: n, Most: high, Width: 100 / (high - low + 1), URL: webURL(a.link(Reply{Survey: of, Question: plain, Scale: name, Score: n})), Lowest: n == low, Highest: n == high}
		if s.URL == "" {
			return out
		}
		scores = append(scores, s)
	}
	out.Scores = scores
	return out
}

const howScale = `write scale .Ask "csat" "happy"; a question of a survey has its name before it, "after-delivery/happy"`

// scale checks what is asked: a name that there is not would ask nobody anything.
func (c *compiler) scale(s *scope, n parse.Node) {
	cmd, ok := n.(*parse.CommandNode)
	if !ok || len(cmd.Args) != 4 {
		return // the number of values was reported
	}
	of, isName := cmd.Args[2].(*parse.StringNode)
	question, isQuestion := cmd.Args[3].(*parse.StringNode)
	switch {
	case !isName || !isQuestion:
		c.problem(s, n, "scale takes the names of a scale and of a question, in quotes: %s", howScale)
	case !isScale(of.Text):
		c.problem(s, n, "there is no scale %q: csat is 1 to 5, nps is 0 to 10", of.Text)
	case !questionName.MatchString(question.Text):
		c.problem(s, n, "%q cannot be the name of a question, which has a-z, 0-9, - and _: %s", question.Text, howScale)
	}
}

func isScale(name string) bool {
	_, _, ok := events.ScoresOf(name)
	return ok
}

// asking gives samples made-up links of questions, for an email that asks one.
func asking(samples []Sample) []Sample {
	out := make([]Sample, len(samples))
	for i, s := range samples {
		s.Data.Ask = Asking(func(r Reply) string {
			if r.Scale == "" {
				return fmt.Sprintf("https://mail.shop.example/a/%s-%s-%s", r.Question, r.Choice, r.Survey)
			}
			return strings.TrimSuffix(fmt.Sprintf("https://mail.shop.example/a/%s-%s-%d-%s", r.Question, r.Scale, r.Score, r.Survey), "-")
		})
		out[i] = s
	}
	return out
}
