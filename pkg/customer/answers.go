package customer

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"homing/events"
)

// MaxAnswers is how many answers are kept of one customer: of more, those of the latest
// time. What they answered is on the timeline all the same.
const MaxAnswers = 40

// An Answer is what a customer last answered to one question of one survey about one
// order. It needs no place: of two of one time a hash decides, whichever came last.
type Answer struct {
	About uint64 // AboutAnswer
	At    int64  // ms
	Tie   uint32 // Stamp.Tie of the event
	Value uint64 // AnswerValue; the customer's own words are not kept here
}

// AboutAnswer returns what an answer is about: the question of a survey, and the order.
func AboutAnswer(survey, question, order string) uint64 {
	return hash48(strconv.Quote(survey) + strconv.Quote(question) + strconv.Quote(order))
}

// The first byte of Answer.Value, and of a choice its hash after it, or else the score.
const (
	valueText = iota + 1
	valueChoice
	valueScore // on a scale that isn't known
	valueCSAT
	valueNPS
)

// AnswerValue returns what is kept of what an event answers.
func AnswerValue(d *events.CustomerAnswered) uint64 {
	switch d.Sort() {
	case events.AnswerScale:
		if d.Score == nil {
			return 0
		}
		of := map[string]uint64{events.CSAT: valueCSAT, events.NPS: valueNPS}
		return cmp.Or(of[d.Scale], valueScore)<<48 | uint64(*d.Score)
	case events.AnswerChoice:
		return valueChoice<<48 | hash48(d.Answer)
	}
	return valueText << 48
}

// Score returns the score of the answer and its scale; ok is false if it has none.
func (a Answer) Score() (score int, scale string, ok bool) {
	switch a.Value >> 48 {
	case valueScore, valueCSAT, valueNPS:
		of := map[uint64]string{valueCSAT: events.CSAT, valueNPS: events.NPS}
		return int(a.Value & (1<<48 - 1)), of[a.Value>>48], true
	}
	return 0, "", false
}

// Chose reports whether the answer is a choice, and this one.
func (a Answer) Chose(choice string) bool { return a.Value == valueChoice<<48|hash48(choice) }

// Time returns when it was given.
func (a Answer) Time() time.Time { return time.UnixMilli(a.At).UTC() }

// Answer returns what the customer last answered to a question of a survey about an
// order; the survey and the order may be empty.
func (c *Customer) Answer(survey, question, order string) (Answer, bool) {
	about := AboutAnswer(survey, question, order)
	for _, a := range c.Answers {
		if a.About == about {
			return a, true
		}
	}
	return Answer{}, false
}

func (c *Customer) answered(d *events.CustomerAnswered, s Stamp) bool {
	changed := c.keepAnswer(Answer{AboutAnswer(d.Survey, d.Question, d.OrderID), s.At, s.Tie, AnswerValue(d)})
	return c.note(Answered, d.Question, s) || changed
}

// keepAnswer folds an answer in. Of each question the latest stays, and of all of these
// the latest.
func (c *Customer) keepAnswer(a Answer) bool {
	if i := slices.IndexFunc(c.Answers, func(o Answer) bool { return o.About == a.About }); i >= 0 {
		if compareAnswers(a, c.Answers[i]) >= 0 {
			return false
		}
		c.Answers = slices.Delete(c.Answers, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(c.Answers, a, compareAnswers)
	if i >= MaxAnswers {
		return false
	}
	c.Answers = slices.Insert(c.Answers, i, a)
	if len(c.Answers) > MaxAnswers {
		c.Answers = c.Answers[:MaxAnswers]
	}
	return true
}

// compareAnswers sorts the newest first.
func compareAnswers(a, b Answer) int {
	return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Tie, a.Tie), cmp.Compare(b.About, a.About), cmp.Compare(b.Value, a.Value))
}

func appendAnswers(b []byte, as []Answer) []byte {
	for _, a := range as {
		b = binary.AppendUvarint(binary.AppendVarint(putUint48(b, a.About), a.At), uint64(a.Tie))
		b = binary.AppendUvarint(append(b, byte(a.Value>>48)), a.Value&(1<<48-1))
	}
	return b
}

func (r *reader) answers() (out []Answer) {
	for r.rest != "" && !r.bad {
		var a Answer
		if s := r.bytes(6); s != "" {
			a.About = uint48(view(s))
		}
		a.At, a.Tie = r.varint(), uint32(r.uvarint())
		a.Value = uint64(r.byte())<<48 | r.uvarint()&(1<<48-1)
		out = append(out, a)
	}
	return out
}
