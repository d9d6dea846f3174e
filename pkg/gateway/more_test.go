package gateway_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/link"
	"homing/pkg/preference"
)

// asked is the link that a survey's email has for an answer.
func (s *shop) asked(survey, question, answer string, score int) string {
	l := link.Link{Purpose: link.Answer, Customer: s.ann, Worker: "survey", Survey: survey, Question: question, Order: "#1001"}
	if l.Answer = answer; answer == "" {
		l.Scale, l.Score = question, score
	}
	return s.local(l)
}

// said lists what was recorded, in order.
func (s *shop) said() (out []string) {
	for _, e := range s.timeline {
		switch d := e.Data.(type) {
		case *events.CustomerAnswered:
			what := d.Survey + "/" + d.Question + " " + d.Kind + " " + d.Answer + d.Text
			if d.Score != nil {
				what += string(rune('0' + *d.Score))
			}
			if d.OrderID != "#1001" || e.Source != events.Gateway {
				what += " of " + d.OrderID + e.Source
			}
			out = append(out, what)
		case *events.CustomerPreferences:
			out = append(out, "born "+d.Birthday)
		}
	}
	return out
}

// Links are followed by scanners: a GET shows the answer and a button, and records nothing.
func TestASurveyAsksInTheWordsOfItsFile(t *testing.T) {
	s, _ := choosing(t)
	for to, want := range map[string][]string{
		s.asked("order", "csat", "", 4):            {"How did we do with your order?", `value="4" checked`},
		s.asked("shop", "nps", "", 10):             {"How likely are you to recommend us to a friend?", `value="10" checked`},
		s.asked("complaint", "solved", "no", 0):    {"Has the problem been solved?", "Yes, it has", `value="no" checked`, "No, not yet"},
		s.asked("gone", "solved", "no", 0):         {"Your answer", "no"},
		s.asked("complaint", "solved", "maybe", 0): {"Your answer", "maybe"},
	} {
		for _, method := range []string{"GET", "HEAD", "GET"} {
			page := s.do(method, to, "", "")
			if page.StatusCode != 200 || page.Header.Get("Allow") != "" {
				t.Fatal(page.StatusCode)
			}
			for _, w := range want {
				if method == "GET" && !strings.Contains(page.body, w) {
					t.Errorf("%s lacks %q:\n%s", to, w, page.body)
				}
			}
			if strings.Contains(page.body, "next time") || strings.Contains(page.body, "<script") {
				t.Errorf("it asks more before the answer:\n%s", page.body)
			}
		}
	}
	if len(s.timeline) > 0 {
		t.Errorf("looking recorded %v", s.said())
	}
}

func TestThePageThanksAndAsksMore(t *testing.T) {
	s, _ := choosing(t)
	to := s.asked("order", "csat", "", 4)
	page := s.post(to, nil)
	for _, w := range []string{"Thank you", "If you have another minute", "How long did the delivery take?", `name="q_delivery" value="fast">`, "What could we do better next time?", "When is your birthday?", `name="more" value="1"`} {
		if !strings.Contains(page.body, w) {
			t.Errorf("the page lacks %q:\n%s", w, page.body)
		}
	}
	end := s.post(to, url.Values{"more": {"1"}, "q_delivery": {"slow"}, "q_better": {" Tea,\r\n please. "}, "day": {"3"}, "month": {"5"}})
	if end.StatusCode != 200 || !strings.Contains(end.body, "all your answers") || strings.Contains(end.body, "<form") {
		t.Errorf("%d %s", end.StatusCode, end.body)
	}
	want := []string{"order/csat scale 4", "order/delivery choice slow", "order/better text Tea, please.", "born --05-03"}
	if got := s.said(); !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
	if s.customer.Born() != "--05-03" {
		t.Errorf("born %q", s.customer.Born())
	}
	if page := s.post(to, url.Values{"score": {"5"}}); strings.Contains(page.body, "birthday") || !strings.Contains(page.body, "delivery take") {
		t.Errorf("the birthday is known:\n%s", page.body)
	}
}

func TestEverythingMoreIsOptional(t *testing.T) {
	for name, form := range map[string]url.Values{
		"nothing":       {},
		"no such score": {"q_delivery": {"eventually"}, "q_better": {" \r\n"}, "q_other": {"x"}},
		"half a year":   {"year": {""}, "day": {""}, "month": {""}},
	} {
		s, _ := choosing(t)
		form.Set("more", "1")
		if page := s.post(s.asked("order", "csat", "", 4), form); page.StatusCode != 200 || !strings.Contains(page.body, "all your answers") || len(s.timeline) > 0 {
			t.Errorf("%s: %d, recorded %q, %s", name, page.StatusCode, s.said(), page.body)
		}
	}
}

func TestADayThatDoesNotExistCostsNobodyTheirAnswers(t *testing.T) {
	s, _ := choosing(t)
	page := s.post(s.asked("order", "csat", "", 4), url.Values{"more": {"1"}, "q_delivery": {"fast"}, "q_better": {"<b>"}, "day": {"31"}, "month": {"2"}})
	for _, w := range []string{"There is no such day", `value="fast" checked>`, "&lt;b&gt;</textarea>", "<option selected>31</option>"} {
		if !strings.Contains(page.body, w) {
			t.Errorf("the page lacks %q:\n%s", w, page.body)
		}
	}
	if len(s.timeline) > 0 {
		t.Errorf("recorded %q", s.said())
	}
}

func TestWhoIsAskedForTheirBirthday(t *testing.T) {
	ask := func(s *shop) bool {
		return strings.Contains(s.post(s.asked("order", "csat", "", 4), nil).body, "When is your birthday?")
	}
	if s, _ := choosing(t); !ask(s) {
		t.Error("somebody whose birthday is not known is not asked")
	}
	left, _ := choosing(t)
	left.post(left.unsubscribe(), nil)
	if !preference.Left(&left.customer) || ask(left) {
		t.Error("somebody who left is asked")
	}
	left.post(left.asked("order", "csat", "", 4), url.Values{"more": {"1"}, "day": {"3"}, "month": {"5"}})
	if left.customer.Born() != "" {
		t.Error("their birthday was recorded")
	}
	nobody, _ := choosing(t)
	nobody.customer.Email.Value = ""
	if ask(nobody) {
		t.Error("the reader of somebody else's email is asked")
	}
	if plain := open(t); ask(plain) {
		t.Error("a shop that greets nobody asks")
	}
}

func TestAfterAComplaintTheAnswerIsAChoice(t *testing.T) {
	s, _ := choosing(t)
	s.post(s.asked("complaint", "solved", "yes", 0), url.Values{"answer": {"no"}})
	s.post(s.asked("complaint", "solved", "yes", 0), url.Values{"more": {"1"}, "q_help": {"5"}})
	s.post(s.asked("complaint", "solved", "yes", 0), url.Values{"more": {"1"}, "q_help": {"6"}})
	if got, want := s.said(), []string{"complaint/solved choice no", "complaint/help scale 5"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestASurveyInAnotherLanguage(t *testing.T) {
	s, _ := choosing(t)
	if page := s.in("GET", s.asked("order", "csat", "", 4), "de-AT,de;q=0.8"); !strings.Contains(page.body, "Wie zufrieden bist du mit deiner Bestellung?") {
		t.Error(page.body)
	}
}
