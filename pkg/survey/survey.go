// Package survey reads the definitions of surveys, files such as surveys/order.yaml: what
// an email asks with one click, and what the page behind it goes on to ask. It finds
// choices that overlap and questions that suggest their answer. It is pure; who is asked,
// and when, is the business of the worker of the same name.
package survey

import (
	"slices"

	"homing/events"
)

// What a survey may be about.
const (
	AboutOrder     = "order"
	AboutShop      = "shop"
	AboutComplaint = "complaint"
)

// A Survey is one definition. It is not changed once it was read.
type Survey struct {
	Name     string
	About    string
	Asks     Question   // what the email asks
	More     []Question // what the page asks after it, all of it optional
	Birthday bool       // the page asks for the birthday, if it is not known
}

// A Question is answered with a score, with one of several choices, or in words.
type Question struct {
	ID      string // what answers know it by: csat, nps or solved of what an email asks
	Scale   string // of scores: csat or nps
	Text    Words
	Choices []Choice
}

// A Choice is one answer to a question.
type Choice struct {
	ID   string
	Text Words
}

// Kind returns how the question is answered: scale, choice or text.
func (q *Question) Kind() string {
	switch {
	case q.Scale != "":
		return events.AnswerScale
	case len(q.Choices) > 0:
		return events.AnswerChoice
	}
	return events.AnswerText
}

// Choice returns the choice of an id; nil: there is none.
func (q *Question) Choice(id string) *Choice {
	if i := slices.IndexFunc(q.Choices, func(c Choice) bool { return c.ID == id }); i >= 0 {
		return &q.Choices[i]
	}
	return nil
}

// Question returns the question of an id; nil: there is none.
func (s *Survey) Question(id string) *Question {
	if s.Asks.ID == id {
		return &s.Asks
	}
	if i := slices.IndexFunc(s.More, func(q Question) bool { return q.ID == id }); i >= 0 {
		return &s.More[i]
	}
	return nil
}

// Words are one text in several languages, by their tags.
type Words map[string]string

// In returns the text in the first of some languages that it has, be it without the region:
// "de" for "de-AT"; or else in English, or in the first there is.
func (w Words) In(languages ...string) string {
	for _, tag := range append(slices.Clip(languages), "en") {
		for ; tag != ""; tag = wider(tag) {
			if text := w[tag]; text != "" {
				return text
			}
		}
	}
	for _, tag := range sorted(w) {
		return w[tag]
	}
	return ""
}

// Has reports whether there is a text in a language, or in it without its region.
func (w Words) Has(language string) bool {
	for tag := language; tag != ""; tag = wider(tag) {
		if w[tag] != "" {
			return true
		}
	}
	return false
}
