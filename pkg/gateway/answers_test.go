package gateway_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/link"
)

// score is a link to a score about ann's order.
func (s *shop) score(scale string, score int) string {
	return s.local(link.Link{Purpose: link.Answer, Customer: s.ann, Worker: "survey", Survey: "after-delivery", Question: "happy", Scale: scale, Score: score, Order: "#1001"})
}

var radio = regexp.MustCompile(`name="score" value="(\d+)"( checked)?`)

func TestAPageShowsTheScoreThatWasChosenAndAllOthers(t *testing.T) {
	s := open(t)
	for scale, ends := range map[string][2]string{events.CSAT: {"Not well at all", "Very well"}, events.NPS: {"Not at all likely", "Extremely likely"}} {
		low, high, _ := events.ScoresOf(scale)
		for chosen := low; chosen <= high; chosen++ {
			for _, method := range []string{"GET", "HEAD"} {
				if page := s.do(method, s.score(scale, chosen), "", ""); page.StatusCode != 200 {
					t.Fatal(page.StatusCode)
				}
			}
			page := s.do("GET", s.score(scale, chosen), "", "")
			var values, checked []string
			for _, m := range radio.FindAllStringSubmatch(page.body, -1) {
				if values = append(values, m[1]); m[2] != "" {
					checked = append(checked, m[1])
				}
			}
			if len(values) != high-low+1 || !slices.Equal(checked, []string{strconv.Itoa(chosen)}) {
				t.Errorf("%s %d: of %v, %v is chosen", scale, chosen, values, checked)
			}
			if !strings.Contains(page.body, ends[0]) || !strings.Contains(page.body, ends[1]) || strings.Contains(page.body, "1001") || strings.Contains(page.body, "<script") {
				t.Error(page.body)
			}
		}
	}
	if len(s.timeline) > 0 {
		t.Errorf("looking recorded %+v", s.timeline)
	}
}

func TestTheScoreOnThePageIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		form  url.Values
		score int
		text  string
	}{
		"as in the email":          {nil, 4, ""},
		"another one":              {url.Values{"score": {"2"}}, 2, ""},
		"none of the scale":        {url.Values{"score": {"6"}}, 4, ""},
		"no number":                {url.Values{"score": {"best"}}, 4, ""},
		"with words":               {url.Values{"score": {"5"}, "text": {"  So\r\n nice,\x00\u202e <b>tea</b>. "}}, 5, "So nice, <b>tea</b>."},
		"with far too many words":  {url.Values{"text": {strings.Repeat("語", 1500)}}, 4, strings.Repeat("語", events.MaxAnswerText)},
		"with nothing but a break": {url.Values{"text": {"\r\n "}}, 4, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if a := s.post(s.score(events.CSAT, 4), c.form); a.StatusCode != 200 || !strings.Contains(a.body, "Thank you") {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			if len(s.timeline) != 1 {
				t.Fatalf("%d events", len(s.timeline))
			}
			d := s.timeline[0].Data.(*events.CustomerAnswered)
			if *d.Score != c.score || d.Text != c.text || d.Kind != events.AnswerScale || d.Scale != events.CSAT || d.Survey != "after-delivery" || d.OrderID != "#1001" || d.ID != "ann" {
				t.Errorf("%+v, %d", d, *d.Score)
			}
			b, err := events.Encode(s.timeline[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := events.DecodeTrusted("main", b); err != nil {
				t.Error(err)
			}
			for _, l := range s.logs.All() {
				if c.text != "" && strings.Contains(fmt.Sprint(l.Message, l.ContextMap()), c.text) {
					t.Errorf("the log has it: %s", l.Message)
				}
			}
		})
	}
}

// Two presses are one answer; another answer is later, even in the same moment.
func TestTheLastAnswerOnAPageCounts(t *testing.T) {
	s := open(t)
	to := s.score(events.CSAT, 4)
	for _, form := range []url.Values{nil, nil, {"score": {"1"}}, {"score": {"1"}, "text": {"Broken."}}, {"score": {"1"}, "text": {"Broken."}}, {"score": {"5"}}} {
		s.post(to, form)
	}
	if len(s.timeline) != 4 {
		t.Errorf("%d events", len(s.timeline))
	}
	last, _ := s.customer.Answer("after-delivery", "happy", "#1001")
	if score, _, _ := last.Score(); score != 5 {
		t.Errorf("%d counts", score)
	}
	s.now = s.now.Add(2 * time.Minute)
	if s.post(to, url.Values{"score": {"5"}}); len(s.timeline) != 5 {
		t.Errorf("the same answer later: %d events", len(s.timeline))
	}
	// Another process, which remembers nothing of it, has the same event.
	before := s.timeline[len(s.timeline)-1]
	other := open(t)
	other.customer = s.customer
	other.now = s.now.Add(time.Second)
	if other.post(other.score(events.CSAT, 4), url.Values{"score": {"5"}}); len(other.timeline) != 1 || other.timeline[0].ID != before.ID {
		t.Errorf("%+v", other.timeline)
	}
}

func TestAnAnswerInWordsNeedsWords(t *testing.T) {
	s := open(t)
	to := s.local(link.Link{Purpose: link.Answer, Customer: s.ann, Worker: "survey", Question: "else"})
	if a := s.post(to, nil); a.StatusCode != 200 || !strings.Contains(a.body, "<textarea") || len(s.timeline) > 0 {
		t.Fatalf("%d, %d events", a.StatusCode, len(s.timeline))
	}
	if a := s.post(to, url.Values{"text": {"More tea."}}); a.StatusCode != 200 || len(s.timeline) != 1 {
		t.Fatalf("%d, %d events", a.StatusCode, len(s.timeline))
	}
	if d := s.timeline[0].Data.(*events.CustomerAnswered); d.Sort() != events.AnswerText || d.Text != "More tea." {
		t.Errorf("%+v", d)
	}
	if a := s.post(to, url.Values{"text": {strings.Repeat("a", 20<<10)}}); a.StatusCode != 413 {
		t.Errorf("a body that is too large: %d", a.StatusCode)
	}
}

// A flood of answers of one customer is cut off; unsubscribing never is.
func TestAFloodOfAnswersIsCutOff(t *testing.T) {
	s := open(t)
	last := 0
	for range 100 {
		last = s.post(s.score(events.CSAT, 4), nil).StatusCode
	}
	if last != 429 || s.do("GET", s.score(events.CSAT, 4), "", "").StatusCode != 200 || s.post(s.unsubscribe(), nil).StatusCode != 200 {
		t.Errorf("%d", last)
	}
}

func TestAnAnswerThatFailedIsSentAgainAsItWas(t *testing.T) {
	s := open(t)
	s.away = errAway
	a := s.post(s.score(events.CSAT, 4), url.Values{"score": {"2"}, "text": {"Broken."}})
	if a.StatusCode != 503 || !strings.Contains(a.body, `name="score" value="2"`) || !strings.Contains(a.body, `name="text" value="Broken."`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.away = nil
	if s.post(s.score(events.CSAT, 4), url.Values{"score": {"2"}, "text": {"Broken."}}); len(s.timeline) != 1 {
		t.Error(len(s.timeline))
	}
	if _, ok := s.customer.Answer("after-delivery", "happy", "#1001"); !ok || s.customer.LastNoted(customer.Answered).IsZero() {
		t.Error("nothing counts")
	}
}

var answerRadio = regexp.MustCompile(`name="answer" value="([a-z-]+)"( checked)?`)

// The page behind a choice shows what was chosen, and all that may be chosen instead.
func TestAnotherAnswerMayBeChosenOnThePage(t *testing.T) {
	s := open(t)
	page := s.do("GET", s.answer("too-expensive"), "", "")
	var values, checked []string
	for _, m := range answerRadio.FindAllStringSubmatch(page.body, -1) {
		if values = append(values, m[1]); m[2] != "" {
			checked = append(checked, m[1])
		}
	}
	if !slices.Equal(values, events.ChoicesOf("why_left")) || !slices.Equal(checked, []string{"too-expensive"}) {
		t.Errorf("of %v, %v is chosen", values, checked)
	}
	for _, form := range []url.Values{{"answer": {"elsewhere"}}, {"answer": {"of-another-question"}}} {
		s.post(s.answer("too-expensive"), form)
	}
	if len(s.timeline) != 2 {
		t.Fatalf("%d events", len(s.timeline))
	}
	for i, want := range []string{"elsewhere", "too-expensive"} {
		if d := s.timeline[i].Data.(*events.CustomerAnswered); d.Answer != want {
			t.Errorf("%+v", d)
		}
	}
	s.away = errAway
	if a := s.post(s.answer("other"), url.Values{"answer": {"elsewhere"}}); !strings.Contains(a.body, `name="answer" value="elsewhere"`) {
		t.Error("what was chosen is not sent again:", a.body)
	}
}
