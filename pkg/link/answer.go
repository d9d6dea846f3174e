package link

import (
	"regexp"
	"strconv"
	"strings"

	"homing/events"
)

// Links to answers have two forms. The first has a question and a choice, both of plain
// words: "why_left" and "too-expensive". The other has the survey, the question, what is
// answered, and the order after them; an order's id is anything, so it is in base32.
//
//	k1.main.<token>.survey.after-delivery.happy.csat_4.geydami.<signature>

// slug is a name of a survey, a question or a choice.
var slug = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// What is answered: a score with its scale before it, a choice, or words that are yet to
// be written.
const (
	choicePrefix = "choice_"
	inWords      = "text"
)

// answerParts are the parts of a link to an answer, after the worker.
func (l Link) answerParts() []string {
	if l.Survey == "" && l.Order == "" && l.Scale == "" && word.MatchString(l.Question) && word.MatchString(l.Answer) {
		return []string{l.Question, l.Answer}
	}
	value := inWords
	switch {
	case l.Scale != "":
		value = l.Scale + "_" + strconv.Itoa(l.Score)
	case l.Answer != "":
		value = choicePrefix + l.Answer
	}
	return []string{l.Survey, l.Question, value, lower.EncodeToString([]byte(l.Order))}
}

// answer reads those parts.
func (l *Link) answer(parts []string) bool {
	if len(parts) == 2 {
		l.Question, l.Answer = parts[0], parts[1]
		return word.MatchString(l.Question) && word.MatchString(l.Answer)
	}
	if len(parts) != 4 || parts[0] != "" && !slug.MatchString(parts[0]) || !slug.MatchString(parts[1]) {
		return false
	}
	order, err := lower.DecodeString(parts[3])
	if err != nil || len(order) > 0 && !printable(string(order)) {
		return false
	}
	l.Survey, l.Question, l.Order = parts[0], parts[1], string(order)
	if parts[2] == inWords {
		return true
	}
	if choice, ok := strings.CutPrefix(parts[2], choicePrefix); ok {
		l.Answer = choice
		return slug.MatchString(choice)
	}
	scale, digits, _ := strings.Cut(parts[2], "_")
	low, high, ok := events.ScoresOf(scale)
	score, err := strconv.Atoi(digits)
	l.Scale, l.Score = scale, score
	return ok && err == nil && score >= low && score <= high && strconv.Itoa(score) == digits
}

// printable reports whether a text has nothing that breaks a line.
func printable(s string) bool {
	return strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Kind is what kind of answer the link is to: scale, choice or text.
func (l Link) Kind() string {
	switch {
	case l.Scale != "":
		return events.AnswerScale
	case l.Answer != "":
		return events.AnswerChoice
	}
	return events.AnswerText
}
