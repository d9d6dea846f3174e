package link_test

import (
	"errors"
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/link"
)

// others are links of the forms that came after the first ones.
func others(t testing.TB) []link.Link {
	ann := ann(t)
	return []link.Link{
		{Purpose: link.Answer, Customer: ann, Worker: "survey", Survey: "after-delivery", Question: "happy", Scale: events.CSAT, Score: 4, Order: "1001"},
		{Purpose: link.Answer, Customer: ann, Worker: "survey", Question: "recommend2", Scale: events.NPS, Score: 0},
		{Purpose: link.Answer, Customer: ann, Worker: "survey", Survey: "s", Question: "why", Answer: "too-slow"},
		{Purpose: link.Answer, Customer: ann, Worker: "survey", Survey: "s", Question: "else"},
		{Purpose: link.Visit, Customer: ann, Worker: "win-back", Step: "offer", Occasion: "7", At: 1_772_000_000, URL: "https://shop.example/T%C3%A9?a=B&c#de"},
		{Purpose: link.Opened, Customer: ann, Worker: "win-back", Step: "offer", Occasion: "2026", At: 1_772_000_000},
	}
}

// TestLaterFormsStayGood holds the forms, as TestLinksThatWereMailedStayGood does.
func TestLaterFormsStayGood(t *testing.T) {
	s := signer(t, base, k2026)
	for i, want := range []string{
		"/a/k2026.main.4cem66rc5bo77niw.survey.after-delivery.happy.csat_4.geydami.mfcdnkcrdn7z452zh32cngp2xq",
		"/a/k2026.main.4cem66rc5bo77niw.survey..recommend2.nps_0..",
		"/a/k2026.main.4cem66rc5bo77niw.survey.s.why.choice_too-slow..",
		"/a/k2026.main.4cem66rc5bo77niw.survey.s.else.text..",
		"/l/k2026.main.4cem66rc5bo77niw.win-back.offer.7.tb03y8.aHR0cHM6Ly9zaG9wLmV4YW1wbGUvVCVDMyVBOT9hPUImYyNkZQ.",
		"/o/k2026.main.4cem66rc5bo77niw.win-back.offer.2026.tb03y8.n2eeisghb7ecmuauccr3ejunbi",
	} {
		l := others(t)[i]
		got := strings.TrimPrefix(s.URL(l), base)
		if !strings.HasPrefix(got, want) {
			t.Errorf("made    %s\nmailed  %s", got, want)
		}
		if read, err := s.Verify(got); err != nil || read != l {
			t.Errorf("%s reads as %+v, %v", got, read, err)
		}
		if len(got) > 512 {
			t.Errorf("%d characters", len(got))
		}
	}
}

// The order of a shop may have any id, and a link has room for the longest of plain
// characters. What would not be read again is not made.
func TestAnyOrderFitsIntoALink(t *testing.T) {
	s := signer(t, base+"/some/path", k2026)
	l := others(t)[0]
	l.Worker, l.Survey = strings.Repeat("w", 32), strings.Repeat("s", 64)
	for order, fits := range map[string]bool{
		"": true, "#1001/ä.b": true, strings.Repeat("9", events.MaxID): true, "a\r\nb": false, "a\x00b": false, "\xff": false,
		strings.Repeat("語", events.MaxID): false,
	} {
		l.Order = order
		u := s.URL(l)
		if (u != "") != fits {
			t.Errorf("%.20q: %q", order, u)
		}
		if read, err := s.Verify(strings.TrimPrefix(u, base)); fits && (err != nil || read != l || len(u) > len(base)+512) {
			t.Errorf("%.20q: %+v, %v", order, read, err)
		}
	}
}

func TestNoOtherScoreAndNoOtherPlaceIsRead(t *testing.T) {
	s := signer(t, base, k2026)
	score, visit := s.URL(others(t)[0])[len(base):], s.URL(others(t)[4])[len(base):]
	for _, c := range []struct {
		name, path string
		want       error
	}{
		{"another score", strings.Replace(score, "csat_4", "csat_5", 1), link.ErrForged},
		{"a score that the scale hasn't", strings.Replace(score, "csat_4", "csat_6", 1), link.ErrMalformed},
		{"a score of another form", strings.Replace(score, "csat_4", "csat_04", 1), link.ErrMalformed},
		{"another scale", strings.Replace(score, "csat_4", "nps_4", 1), link.ErrForged},
		{"no scale", strings.Replace(score, "csat_4", "4", 1), link.ErrMalformed},
		{"another order", strings.Replace(score, "geydami", "geydamq", 1), link.ErrForged},
		{"another survey", strings.Replace(score, "after-", "before-", 1), link.ErrForged},
		{"another purpose", strings.Replace(visit, "/l/", "/o/", 1), link.ErrMalformed},
		{"another letter of the place", strings.Replace(visit, "zaG9w", "zaG9x", 1), link.ErrForged},
		{"another occasion", strings.Replace(visit, ".7.", ".8.", 1), link.ErrForged},
		{"another time", strings.Replace(visit, "tb03y8", "tb03y9", 1), link.ErrForged},
		{"bits that say nothing", strings.Replace(visit, "ZQ.", "ZR.", 1), link.ErrMalformed},
		{"a place that is too long", strings.Replace(visit, "zaG9w", strings.Repeat("zaG9", 2000), 1), link.ErrMalformed},
	} {
		if got, err := s.Verify(c.path); !errors.Is(err, c.want) || got != (link.Link{}) {
			t.Errorf("%s: %+v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if got, err := s.Verify(strings.ToLower(visit)); err == nil {
		t.Errorf("in small letters it leads to %q", got.URL)
	}
	if upper := strings.ToUpper(score); upper != score {
		if got, err := s.Verify(upper); err != nil || got != others(t)[0] {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestALinkToNowhereIsNotSigned(t *testing.T) {
	s := signer(t, base, k2026)
	for name, change := range map[string]func(l *link.Link){
		"no address":            func(l *link.Link) { l.URL = "" },
		"no step":               func(l *link.Link) { l.Step = "" },
		"no occasion":           func(l *link.Link) { l.Occasion = "" },
		"no time":               func(l *link.Link) { l.At = 0 },
		"a line break":          func(l *link.Link) { l.URL += "\r\nX: y" },
		"a separator":           func(l *link.Link) { l.Occasion = "a\x00b" },
		"far too long":          func(l *link.Link) { l.URL += strings.Repeat("a", 4000) },
		"an answer as well":     func(l *link.Link) { l.Answer = "a" },
		"a picture that leads":  func(l *link.Link) { l.Purpose = link.Opened },
		"an unsubscribe leads":  func(l *link.Link) { l.Purpose = link.Unsubscribe },
		"an answer that leads":  func(l *link.Link) { l.Purpose, l.Question = link.Answer, "q" },
		"a place of a customer": func(l *link.Link) { l.Customer.Token = "" },
	} {
		l := others(t)[4]
		if change(&l); s.URL(l) != "" {
			t.Errorf("%s: %s", name, s.URL(l))
		}
	}
}
