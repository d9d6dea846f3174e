package visit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/visit"
)

func TestLinksOfAnEmailAreChangedAndNothingElse(t *testing.T) {
	const body = `<!doctype html><html><head><link href="https://a.example/x.css"><base href="https://a.example"></head><body>` +
		`<a class=x href="https://a.example/?a=1&amp;b=2" style="x">one</a><A HREF='https://a.example/q'>two</A><a href=https://a.example/r>three</a>` +
		`<!--[if mso]><v:roundrect href="https://a.example/v" x="y"><![endif]--><!-- href="https://a.example/no" -->` +
		`<img src="https://a.example/i.png" data-href="https://a.example/no"><a name="x">no</a><p>https://a.example/no</p></body></html>`
	var saw []string
	if same := visit.Links(body, func(u string) string { saw = append(saw, u); return u }); same != body {
		t.Errorf("%s", same)
	}
	if got := strings.Join(saw, " "); got != "https://a.example/?a=1&b=2 https://a.example/q https://a.example/r https://a.example/v" {
		t.Error(got)
	}
	got := visit.Links(body, func(string) string { return `https://m.example/l/x?"<&` })
	if n := strings.Count(got, `"https://m.example/l/x?&#34;&lt;&amp;"`); n != 4 || strings.Count(got, "https://a.example") != 6 {
		t.Errorf("%d: %s", n, got)
	}
	if got := visit.TextLinks("See https://a.example/b?c=d. (https://a.example/e)\n", func(u string) string { return u + "#x" }); got != "See https://a.example/b?c=d#x. (https://a.example/e#x)\n" {
		t.Error(got)
	}
	if got := visit.WithPicture(body, "https://m.example/o/x"); !strings.HasSuffix(got, `border:0"></body></html>`) {
		t.Error(got)
	}
}

func FuzzLinks(f *testing.F) {
	f.Add(`<a href="x">`)
	f.Add(`<!--[if mso]><v:a href='y'><![endif]-->`)
	f.Add(`<a href=`)
	f.Fuzz(func(t *testing.T, body string) {
		if got := visit.Links(body, func(u string) string { return u }); got != body {
			t.Errorf("%q became %q", body, got)
		}
	})
}

func TestParametersAreAddedOnce(t *testing.T) {
	const pattern = "utm_source=homing&utm_campaign={worker}"
	fill := strings.NewReplacer("{worker}", "win-back")
	for to, want := range map[string]string{
		"https://a.example":                      "https://a.example?utm_source=homing&utm_campaign=win-back",
		"https://a.example/p?q=%20#top":          "https://a.example/p?q=%20&utm_source=homing&utm_campaign=win-back#top",
		"https://a.example/?utm_source=shop":     "https://a.example/?utm_source=shop&utm_campaign=win-back",
		"https://a.example/?":                    "https://a.example/?utm_source=homing&utm_campaign=win-back",
		"https://a.example/?utm_source=&x=1#a#b": "https://a.example/?utm_source=&x=1&utm_campaign=win-back#a#b",
	} {
		if got := visit.WithUTM(to, pattern, fill); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		} else if again := visit.WithUTM(got, pattern, fill); again != got {
			t.Errorf("twice: %s", again)
		}
	}
	if got := visit.Plain("https://u:p@a.example/r%2Fs?token=1#x"); got != "https://a.example/r%2Fs" {
		t.Error(got)
	}
}

func TestProgramsAreTold(t *testing.T) {
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	made := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		method, agent, header string
		after                 time.Duration
		want                  bool
	}{
		"a person":         {"GET", firefox, "", time.Hour, false},
		"a look":           {"HEAD", firefox, "", time.Hour, true},
		"ahead of time":    {"GET", firefox, "Sec-Purpose: prefetch;prerender", time.Hour, true},
		"of old Firefox":   {"GET", firefox, "X-Moz: prefetch", time.Hour, true},
		"at once":          {"GET", firefox, "", 9 * time.Second, true},
		"before it was":    {"GET", firefox, "", -time.Hour, true},
		"without a name":   {"GET", "", "", time.Hour, true},
		"a search engine":  {"GET", "Mozilla/5.0 (compatible; bingbot/2.0)", "", time.Hour, true},
		"a mail's picture": {"GET", "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "", time.Hour, true},
	} {
		r := httptest.NewRequest(c.method, "/", http.NoBody)
		r.Header.Set("User-Agent", c.agent)
		if k, v, ok := strings.Cut(c.header, ": "); ok {
			r.Header.Set(k, v)
		}
		if got := visit.Machine(r, made, made.Add(c.after)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// taken is what was recorded.
type taken struct {
	all    []customer.Entry
	became map[string]int
	err    error
}

func recorder() (*visit.Recorder, *taken) {
	w := &taken{became: map[string]int{}}
	return &visit.Recorder{
		Take: func(_ context.Context, es []customer.Entry) error {
			if w.err == nil {
				w.all = append(w.all, es...)
			}
			return w.err
		},
		Became: func(what string, n int) { w.became[what] += n },
	}, w
}

func to(url string) link.Link {
	return link.Link{Purpose: link.Visit, Customer: customer.Key{Store: "main", Token: "k7q2mzx4p3rvbn5d"}, Worker: "win-back", Step: "offer", Occasion: "7", At: 1, URL: url}
}

func (w *taken) machines() (n int) {
	for _, e := range w.all {
		if d, ok := e.Event.Data.(*events.EmailClicked); ok && d.Machine {
			n++
		}
	}
	return n
}

func TestVisitsAreRecordedOnceAMinuteAndBurstsAreAPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := recorder()
		ctx, stop := context.WithCancel(t.Context())
		go r.Run(ctx)
		note := func(l link.Link) { r.Note(visit.Visit{Link: l, At: time.Now()}) }
		note(to("https://a.example/1?secret=s"))
		note(to("https://a.example/1?secret=s"))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if len(w.all) != 1 || w.machines() != 0 || w.became["repeated"] != 1 {
			t.Fatalf("%+v, %v", w.all, w.became)
		}
		e := w.all[0].Event
		if d := e.Data.(*events.EmailClicked); d.URL != "https://a.example/1" || d.Touch != "win-back.offer.k7q2mzx4p3rvbn5d.7" {
			t.Errorf("%+v", d)
		}
		if b, err := events.Encode(e); err != nil || strings.Contains(string(b), "secret") {
			t.Errorf("%s: %v", b, err)
		}
		// Three links within five seconds: all of them, also the first, which was alone then.
		for _, u := range []string{"2", "3", "4"} {
			note(to("https://a.example/" + u))
			time.Sleep(2 * time.Second)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if len(w.all) != 4 || w.machines() != 3 {
			t.Errorf("%d, %d by programs", len(w.all), w.machines())
		}
		// A person who reads on: two at a time, and later another.
		note(to("https://a.example/5"))
		time.Sleep(3 * time.Second)
		note(to("https://a.example/6"))
		time.Sleep(3 * time.Second)
		note(to("https://a.example/7"))
		stop()
		synctest.Wait()
		if len(w.all) != 7 || w.machines() != 3 {
			t.Errorf("%d, %d by programs: what waits when it stops is recorded", len(w.all), w.machines())
		}
	})
}

func TestAFloodOfVisitsIsBoundedAndWhatFailsIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := recorder()
		w.err = errors.New("NATS is away")
		for i := range 11_000 {
			r.Note(visit.Visit{Link: to("https://a.example/" + strings.Repeat("x", i%50)), At: time.Now()})
		}
		if w.became["lost"] != 1000 {
			t.Error(w.became)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		r.Run(ctx)
		if w.became["lost"] != 1050 || w.became["repeated"] != 9950 || len(w.all) != 0 {
			t.Error(w.became)
		}
	})
}
