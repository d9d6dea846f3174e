package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/preference"
	"homing/pkg/survey"
)

// A question is one that a survey goes on to ask, once the email's is answered. All of them
// are optional: nothing is chosen at first.
type question struct {
	Legend  string
	Field   string
	Choices []choice
	Scores  *scores
	Words   *words
}

// born is the birthday as a survey asks for it.
type born struct {
	*birthday
	site site
}

// Say is a phrase of the page.
func (b *born) Say(key string) string { return b.site.say(key) }

// of is one of a survey's texts, in the language of the page.
func (s site) of(w survey.Words) string { return w.In(s.words.Lang, s.store.View.Locale) }

// surveyOf returns the survey whose answer a link is; nil: it is of none that there is still.
func (g *Gateway) surveyOf(s site, l link.Link) *survey.Survey {
	if l.Survey == "" {
		return nil
	}
	set, store := g.words(s.store)
	return set.Survey(store, l.Survey)
}

// questionOf returns the question whose answer a link is, and its survey; nil if it isn't
// asked any more, or is answered otherwise by now.
func (g *Gateway) questionOf(s site, l link.Link) (*survey.Survey, *survey.Question) {
	of := g.surveyOf(s, l)
	if of == nil {
		return nil, nil
	}
	q := of.Question(l.Question)
	if q == nil || q.Kind() != l.Kind() || q.Scale != l.Scale || l.Answer != "" && q.Choice(l.Answer) == nil {
		return of, nil
	}
	return of, q
}

func idsOf(q *survey.Question) (out []string) {
	for _, c := range q.Choices {
		out = append(out, c.ID)
	}
	return out
}

// goesOn is the page after an answer: it thanks, and shows what else the survey asks.
func (g *Gateway) goesOn(s site, l link.Link, c *customer.Customer) view {
	of := g.surveyOf(s, l)
	if of == nil {
		return thanks(s)
	}
	f := &form{Hidden: []hidden{{"more", "1"}}, Button: s.say("more_button"), Note: s.say("more_note")}
	for i := range of.More {
		f.Questions = append(f.Questions, questionFor(s, &of.More[i]))
	}
	if g.asksBirthday(s, of, c) {
		f.Born = &born{birthdayOf(s, c), s}
		f.Born.Hint = s.say("more_birthday")
	}
	if f.Questions == nil && f.Born == nil {
		return thanks(s)
	}
	return view{site: s, Tone: done, Title: s.say("thanks_title"), Text: []string{s.say("more_text")}, Form: f}
}

func questionFor(s site, q *survey.Question) question {
	out := question{Legend: s.of(q.Text), Field: fieldOf(q)}
	switch q.Kind() {
	case events.AnswerScale:
		out.Scores = scoresOf(s, q.Scale, out.Field, noScore)
	case events.AnswerChoice:
		for _, c := range q.Choices {
			out.Choices = append(out.Choices, choice{Value: c.ID, Label: s.of(c.Text)})
		}
	default:
		out.Words = &words{Name: out.Field, Label: out.Legend, Most: events.MaxAnswerText}
	}
	return out
}

func fieldOf(q *survey.Question) string { return "q_" + q.ID }

// asksBirthday reports whether a survey asks a person for their birthday: if it isn't known,
// they are asked themselves, get our email, and somebody would greet them.
func (g *Gateway) asksBirthday(s site, of *survey.Survey, c *customer.Customer) bool {
	return of.Birthday && c.Born() == "" && themselves(c) && !preference.Left(c) && s.store.WantsBirthdays() != nil
}

// answeredMore records what else was answered, each as an answer of its own, and the
// birthday as what somebody says of themselves.
func (g *Gateway) answeredMore(r *http.Request, s site, l link.Link, of *survey.Survey, form url.Values) (view, int) {
	again := []hidden{{"more", "1"}}
	for i := range of.More {
		if said := form.Get(fieldOf(&of.More[i])); said != "" {
			again = append(again, hidden{fieldOf(&of.More[i]), said})
		}
	}
	for _, name := range []string{"day", "month", "year"} {
		if said := form.Get(name); said != "" {
			again = append(again, hidden{name, said})
		}
	}
	return g.change(r, s, l, again, func(ctx context.Context, c *customer.Customer) (view, error) {
		day := ""
		if g.asksBirthday(s, of, c) {
			var ok bool
			if day, ok = dayOf(form.Get("day"), form.Get("month"), form.Get("year"), g.o.Now()); !ok {
				return g.goesOn(s, l, c).filled(form), nil
			}
		}
		for i := range of.More {
			to, text, some := replyTo(l, &of.More[i], form.Get(fieldOf(&of.More[i])))
			if !some {
				continue
			}
			if err := g.record(ctx, to, c, text); err != nil {
				return view{}, err
			}
		}
		if e, some := (preference.Choices{Birthday: day}).Event(l.Customer, c, g.o.Now()); some {
			if err := g.take(ctx, l.Customer, e); err != nil {
				return view{}, err
			}
		}
		return view{site: s, Tone: done, Title: s.say("thanks_title"), Text: []string{s.say("more_thanks")}}, nil
	})
}

// replyTo is the answer to a question of the same survey about the same thing as a link's,
// and the words that come with it; false: there is none, or none that may be given.
func replyTo(l link.Link, q *survey.Question, said string) (to link.Link, text string, some bool) {
	l.Question, l.Scale, l.Score, l.Answer = q.ID, "", 0, ""
	switch q.Kind() {
	case events.AnswerScale:
		low, high, _ := events.ScoresOf(q.Scale)
		score, err := strconv.Atoi(strings.TrimSpace(said))
		l.Scale, l.Score = q.Scale, score
		return l, "", err == nil && score >= low && score <= high
	case events.AnswerChoice:
		l.Answer = said
		return l, "", q.Choice(said) != nil
	}
	text = events.CleanText(said, events.MaxAnswerText)
	return l, text, text != ""
}

// filled is the page as it was sent, with a day that does not exist: a mistake costs nobody
// what they had filled in.
func (v view) filled(sent url.Values) view {
	if v.Form == nil {
		return v
	}
	for i := range v.Form.Questions {
		q := &v.Form.Questions[i]
		said := sent.Get(q.Field)
		for j := range q.Choices {
			q.Choices[j].Chosen = q.Choices[j].Value == said
		}
		if q.Scores != nil {
			for j := range q.Scores.List {
				q.Scores.List[j].Chosen = strconv.Itoa(q.Scores.List[j].Value) == said
			}
		}
		if q.Words != nil {
			q.Words.Said = events.CleanText(said, events.MaxAnswerText)
		}
	}
	if b := v.Form.Born; b != nil {
		b.choose(sent.Get("day"), sent.Get("month"), sent.Get("year"))
		v.Tone = problem
	}
	return v
}
