package customer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

func scored(survey, question, order string, score int) *events.CustomerAnswered {
	return &events.CustomerAnswered{Customer: events.Customer{ID: "C-1007"}, Survey: survey, Question: question,
		Kind: events.AnswerScale, Scale: events.CSAT, Score: &score, OrderID: order}
}

func scoreOf(t *testing.T, c *customer.Customer, survey, question, order string) int {
	t.Helper()
	a, ok := c.Answer(survey, question, order)
	if !ok {
		return -1
	}
	score, scale, ok := a.Score()
	if !ok || scale != events.CSAT {
		t.Errorf("%s %s %s: %d on the scale %q, %v", survey, question, order, score, scale, ok)
	}
	return score
}

func TestTheLastAnswerToAQuestionAboutAnOrderCounts(t *testing.T) {
	said := []events.Event{
		at(10, "a", scored("s", "happy", "1001", 2)),
		at(12, "b", scored("s", "happy", "1001", 5)),
		at(11, "c", scored("s", "happy", "1001", 1)),
		at(9, "d", scored("s", "happy", "1002", 3)),
		at(8, "e", scored("t", "happy", "1001", 4)),
		at(7, "f", scored("", "happy", "", 1)),
	}
	for range 20 {
		rand.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
		var c customer.Customer
		for _, e := range append(said, said...) {
			customer.Apply(&c, e)
		}
		for _, x := range []struct {
			survey, order string
			want          int
		}{{"s", "1001", 5}, {"s", "1002", 3}, {"t", "1001", 4}, {"", "", 1}, {"t", "1002", -1}} {
			if got := scoreOf(t, &c, x.survey, "happy", x.order); got != x.want {
				t.Errorf("%q about %q: %d, want %d", x.survey, x.order, got, x.want)
			}
		}
	}
}

// What is forgotten doesn't depend on the order of what was said.
func TestTheLatestAnswersAreKept(t *testing.T) {
	var said []events.Event
	for i := range 3 * customer.MaxAnswers {
		said = append(said, at(i%90, fmt.Sprint("e", i), scored("s", fmt.Sprint("q", i%(2*customer.MaxAnswers)), "", 1+i%5)))
	}
	var want customer.Customer
	for round := range 10 {
		var c customer.Customer
		for _, e := range said {
			customer.Apply(&c, e)
		}
		if round == 0 {
			want = c
		}
		if len(c.Answers) != customer.MaxAnswers {
			t.Errorf("%d are kept", len(c.Answers))
		}
		if d := diff(want, c); d != "" {
			t.Fatal(d)
		}
		rand.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
	}
}

func TestChoicesAndWordsAreAnswersToo(t *testing.T) {
	var c customer.Customer
	who := events.Customer{ID: "C-1007"}
	customer.Apply(&c, at(10, "a", &events.CustomerAnswered{Customer: who, Question: "why_left", Answer: "other"}))
	customer.Apply(&c, at(11, "b", &events.CustomerAnswered{Customer: who, Survey: "s", Question: "else", Text: "No."}))
	chosen, _ := c.Answer("", "why_left", "")
	said, ok := c.Answer("s", "else", "")
	_, _, scored := said.Score()
	if !chosen.Chose("other") || chosen.Chose("elsewhere") || !ok || scored || said.Chose("") {
		t.Errorf("%+v, %+v", chosen, said)
	}
	customer.Apply(&c, at(12, "c", &events.CustomerErased{Customer: who}))
	if len(c.Answers) != 0 {
		t.Errorf("erased, and kept: %+v", c.Answers)
	}
}
