package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/click"
	"homing/pkg/customer"
	"homing/pkg/link"
)

// maxAnswer is more than a form with the longest text that is kept.
const maxAnswer = 16 << 10

// answerTo answers a link to an answer: GET shows what was chosen in the email, and POST
// records it, or what was chosen instead on the page.
func (g *Gateway) answerTo(w http.ResponseWriter, r *http.Request, s site, l link.Link) reply {
	const kind = "answer"
	if r.Method == http.MethodPost && !g.admit(r, l.Customer.Token) {
		return tooMany(kind, s)
	}
	return page{
		kind: kind, most: maxAnswer,
		show: func() (view, int) { return g.askAnswer(s, l), http.StatusOK },
		press: func(form url.Values) (view, int) {
			if v := g.surveyOf(s, l); v != nil && form.Get("more") != "" {
				return g.answeredMore(r, s, l, v, form)
			}
			return g.answered(r, s, l, form)
		},
	}.answer(w, r, s)
}

// answered records an answer. One in words that has none says nothing, and is asked again.
func (g *Gateway) answered(r *http.Request, s site, l link.Link, form url.Values) (view, int) {
	if score, err := strconv.Atoi(form.Get("score")); err == nil && l.Scale != "" {
		if low, high, _ := events.ScoresOf(l.Scale); score >= low && score <= high {
			l.Score = score
		}
	}
	if other := form.Get("answer"); l.Kind() == events.AnswerChoice && slices.Contains(g.choicesOf(s, l), other) {
		l.Answer = other
	}
	text := events.CleanText(form.Get("text"), events.MaxAnswerText)
	if l.Kind() == events.AnswerText && text == "" {
		return g.askAnswer(s, l), http.StatusOK
	}
	var again []hidden
	if text != "" {
		again = append(again, hidden{"text", text})
	}
	switch l.Kind() {
	case events.AnswerScale:
		again = append(again, hidden{"score", strconv.Itoa(l.Score)})
	case events.AnswerChoice:
		again = append(again, hidden{"answer", l.Answer})
	}
	return g.change(r, s, l, again, func(ctx context.Context, c *customer.Customer) (view, error) {
		if err := g.record(ctx, l, c, text); err != nil {
			return view{}, err
		}
		return g.goesOn(s, l, c), nil
	})
}

// record records the customer's answer. The same answer within a minute is the same event:
// people press buttons twice. Another one is later than the one before, so that it counts.
func (g *Gateway) record(ctx context.Context, l link.Link, c *customer.Customer, text string) error {
	now := g.o.Now().UnixMilli()
	e := answer(l, c.ID.Value, text, now)
	if last, ok := c.Answer(l.Survey, l.Question, l.Order); ok {
		same := answer(l, c.ID.Value, text, last.At)
		ahead := last.At >= now && last.At < now+click.Ahead.Milliseconds()
		switch {
		case (ahead || click.Recent(last.At, now)) && customer.StampOf(same).Tie == last.Tie:
			e = same
		case ahead:
			e = answer(l, c.ID.Value, text, last.At+1)
		}
	}
	return g.take(ctx, l.Customer, e)
}

// answer is the event of what a customer answered at a time, in ms.
func answer(l link.Link, id, text string, at int64) events.Event {
	d := &events.CustomerAnswered{Customer: events.Customer{ID: id}, Survey: l.Survey, Question: l.Question, Kind: l.Kind(), Text: text, OrderID: l.Order}
	said := l.Answer
	switch d.Kind {
	case events.AnswerScale:
		d.Scale, d.Score = l.Scale, &l.Score
		said = fmt.Sprint(l.Scale, "_", l.Score)
	case events.AnswerChoice:
		d.Answer = l.Answer
	}
	if text != "" {
		said += fmt.Sprintf("+%012x", customer.About(text))
	}
	about := l.Question
	if l.Survey != "" || l.Order != "" {
		about = fmt.Sprintf("%012x", customer.AboutAnswer(l.Survey, l.Question, l.Order))
	}
	return events.Event{
		ID: fmt.Sprintf("answered.%s.%s.%s.%d", l.Customer.Token, about, said, at), Source: events.Gateway,
		Type: d.Type(), Store: l.Customer.Store, Time: time.UnixMilli(at).UTC(), Data: d,
	}
}

// scores are the scores of a scale, one of which is chosen.
type scores struct {
	Name              string // of the field
	Legend, Low, High string
	List              []score
}

// score is one of them; the lowest and the highest say what they mean.
type score struct {
	Value  int
	Chosen bool
	Means  string
}

// words is a field for the customer's own words.
type words struct {
	Name  string // of the field
	Label string
	Most  int
	Must  bool // there is no other answer
	Said  string
}

func (g *Gateway) askAnswer(s site, l link.Link) view {
	v := view{site: s, Tone: asking, Title: s.say("question_other"), Form: &form{
		Button: s.say("send_button"), Note: s.say("send_note"),
		Words: &words{Name: "text", Label: s.say("words_label"), Most: events.MaxAnswerText},
	}}
	for _, question := range []string{l.Scale, l.Question} {
		if key := "question_" + question; s.words.Says(key) {
			v.Title = s.say(key)
		}
	}
	of, q := g.questionOf(s, l)
	if q != nil {
		v.Title = s.of(q.Text)
		if len(of.More) > 0 {
			v.Form.Words = nil // it asks for words after it
		}
	}
	switch l.Kind() {
	case events.AnswerScale:
		v.Form.Scores = scoresOf(s, l.Scale, "score", l.Score)
	case events.AnswerText:
		v.Form.Words = &words{Name: "text", Label: s.say("question_other"), Most: events.MaxAnswerText, Must: true}
	default:
		all := g.choicesOf(s, l)
		if all == nil {
			v.Quote = wordsOf(s, l.Answer)
			break
		}
		v.Form.Legend, v.Form.Field = s.say("question_other"), "answer"
		for _, a := range all {
			label := wordsOf(s, a)
			if q != nil {
				label = s.of(q.Choice(a).Text)
			}
			v.Form.Choices = append(v.Form.Choices, choice{Value: a, Label: label, Chosen: a == l.Answer})
		}
	}
	return v
}

// choicesOf returns the answers that may be given instead of the one that a link has; nil
// where they are not known: of the shop's own questions, which only the email lists.
func (g *Gateway) choicesOf(s site, l link.Link) []string {
	if _, q := g.questionOf(s, l); q != nil && q.Choice(l.Answer) != nil {
		return idsOf(q)
	}
	all := events.ChoicesOf(l.Question)
	if l.Survey != "" || !slices.Contains(all, l.Answer) {
		return nil
	}
	return all
}

// wordsOf is what a choice says.
func wordsOf(s site, answer string) string {
	if key := "answer_" + answer; s.words.Says(key) {
		return s.say(key)
	}
	return strings.NewReplacer("-", " ", "_", " ").Replace(answer)
}

// noScore is that none is chosen.
const noScore = -1

func scoresOf(s site, scale, field string, chosen int) *scores {
	low, high, _ := events.ScoresOf(scale)
	out := &scores{Name: field, Legend: s.say("score_legend"), Low: s.say("score_" + scale + "_low"), High: s.say("score_" + scale + "_high")}
	for n := low; n <= high; n++ {
		one := score{Value: n, Chosen: n == chosen}
		switch n {
		case low:
			one.Means = out.Low
		case high:
			one.Means = out.High
		}
		out.List = append(out.List, one)
	}
	return out
}

func thanks(s site) view {
	return view{site: s, Tone: done, Title: s.say("thanks_title"), Text: []string{s.say("thanks_text")}}
}
