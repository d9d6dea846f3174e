package events

import (
	"fmt"
	"slices"
)

// The kinds of answers.
const (
	AnswerScale  = "scale"  // a score
	AnswerChoice = "choice" // one of several answers
	AnswerText   = "text"   // the customer's own words
)

// The scales of scores.
const (
	CSAT = "csat" // how happy somebody is: 1 to 5
	NPS  = "nps"  // how likely they are to recommend the shop: 0 to 10
)

// QuestionSolved is what a survey asks after a complaint was closed. A no opens one.
const QuestionSolved = "solved"

// The answers to QuestionSolved.
const (
	SolvedYes = "yes"
	SolvedNo  = "no"
)

// QuestionWhyLeft is what the last email to a customer who stays away asks.
const QuestionWhyLeft = "why_left"

// choices are the answers to the questions that Homing asks itself, as they are shown.
var choices = map[string][]string{
	QuestionSolved:  {SolvedYes, SolvedNo},
	QuestionWhyLeft: {"not-needed", "too-expensive", "bad-experience", "elsewhere", "other"},
}

// ChoicesOf returns the answers to a question that Homing asks; nil for one of a shop's.
func ChoicesOf(question string) []string { return slices.Clone(choices[question]) }

// MaxAnswerText is how many characters of an answer's text are kept.
const MaxAnswerText = 1000

const maxScore = 10

// ScoresOf returns the lowest and the highest score of a scale; ok is false if there is
// no such scale.
func ScoresOf(scale string) (low, high int, ok bool) {
	switch scale {
	case CSAT:
		return 1, 5, true
	case NPS:
		return 0, 10, true
	}
	return 0, 0, false
}

// Sort returns the kind of the answer, also where the event leaves it out: by what it has.
// What it has apart from that, such as a text that explains a score, comes along.
func (d *CustomerAnswered) Sort() string {
	switch {
	case d.Kind != "":
		return d.Kind
	case d.Score != nil:
		return AnswerScale
	case d.Answer != "":
		return AnswerChoice
	}
	return AnswerText
}

// says says what is wrong with what an answer says, if anything is.
func (d *CustomerAnswered) says() (field string, r Reason, problem string) {
	switch kind := d.Sort(); {
	case kind == AnswerScale && d.Score == nil:
		return "score", ReasonMissingField, "missing; an answer of the kind scale has one"
	case kind == AnswerChoice && d.Answer == "":
		return "answer", ReasonMissingField, "missing; an answer of the kind choice says what was chosen"
	case kind == AnswerText && d.Text == "" && d.Kind == "":
		return "answer", ReasonMissingField, "missing; send what was chosen as answer, a score, or the customer's own words as text"
	case kind == AnswerText && d.Text == "":
		return "text", ReasonMissingField, "missing; an answer of the kind text has one"
	}
	if low, high, ok := ScoresOf(d.Scale); ok && d.Score != nil && (*d.Score < low || *d.Score > high) {
		return "score", ReasonBadValue, fmt.Sprintf("%d is not between %d and %d", *d.Score, low, high)
	}
	return "", "", ""
}
