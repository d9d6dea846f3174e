package homingtest_test

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/link"
	"homing/pkg/render"
)

var ourLink = regexp.MustCompile(regexp.QuoteMeta(homingtest.PublicURL) + `/[^\s"'<>\])]+`)

// linksIn adds the links of ours in some texts.
func linksIn(to map[string]bool, texts ...string) {
	for _, text := range texts {
		for _, l := range ourLink.FindAllString(html.UnescapeString(text), -1) {
			to[l] = true
		}
	}
}

// shippedLinks renders every email that comes with Homing, in every language and with
// every sample, with links as they would be sent to ann; and returns these.
func shippedLinks(t *testing.T, set *render.Set, ann customer.Key, links *link.Signer, mailbox string, now time.Time) map[string]bool {
	t.Helper()
	found, purposes := map[string]bool{}, map[string]bool{}
	for _, name := range set.Names() {
		worker, _, _ := strings.Cut(name, "/")
		say := func(l link.Link) string {
			l.Customer, l.Worker = ann, worker
			return links.URL(l)
		}
		for _, lang := range set.Languages(name) {
			for _, sample := range set.Samples(name) {
				d := sample.Data
				d.Customer.Locale = lang
				if d.UnsubscribeURL != "" {
					d.UnsubscribeURL, d.PreferencesURL = say(link.Link{Purpose: link.Unsubscribe}), say(link.Link{Purpose: link.Preferences})
				}
				if d.ConfirmURL != "" {
					d.ConfirmURL = say(link.Link{Purpose: link.Confirm, Mailbox: mailbox, At: now.Unix()})
				}
				d.ViewURL = say(link.Link{Purpose: link.View, Touch: customer.ClaimKey(name)})
				for i := range d.Answers {
					d.Answers[i].URL = say(link.Link{Purpose: link.Answer, Question: "why_left", Answer: d.Answers[i].Code})
				}
				d.Ask = render.Asking(func(r render.Reply) string {
					return say(link.Link{Purpose: link.Answer, Survey: r.Survey, Question: r.Question, Answer: r.Choice, Scale: r.Scale, Score: r.Score})
				})
				m, err := set.Render(name, d)
				if err != nil {
					t.Fatalf("%s, %s, %s: %v", name, lang, sample.Name, err)
				}
				linksIn(found, m.HTML, m.Text)
			}
		}
	}
	for l := range found {
		purposes[strings.TrimPrefix(l, homingtest.PublicURL+"/")[:1]] = true
	}
	if len(purposes) != 5 {
		t.Fatalf("links of %v only", slices.Collect(maps.Keys(purposes)))
	}
	return found
}

// shopLinks are those of an email that lead on to the shop, and its picture.
func shopLinks(links *link.Signer, ann customer.Key) []string {
	of := link.Link{Customer: ann, Worker: "win-back", Step: "hello", Occasion: "2026", At: time.Now().Add(-time.Hour).Unix()}
	var out []string
	for _, to := range []string{"https://shop.example/", "https://shop.example/tea?a=b", "https://elsewhere.example/"} {
		of.Purpose, of.URL = link.Visit, to
		out = append(out, links.URL(of))
	}
	of.Purpose, of.URL = link.Opened, ""
	return append(out, links.URL(of))
}

// scans are how scanners of links ask, and what else must change nothing.
var scans = []struct {
	method string
	header http.Header
}{
	{"GET", nil},
	{"HEAD", nil},
	{"GET", http.Header{"User-Agent": {"Mozilla/5.0 (compatible; SafeLinks)"}, "Accept-Language": {"de"}, "Accept": {"*/*"}}},
	{"GET", http.Header{"Accept-Language": {"fr, en;q=0.1"}, "Cookie": {"a=b"}, "Range": {"bytes=0-10"}, "If-None-Match": {"*"}, "X-Forwarded-For": {"203.0.113.9"}}},
	{"HEAD", http.Header{"Accept-Language": {"es"}, "Sec-Purpose": {"prefetch;prerender"}, "Purpose": {"prefetch"}}},
	{"GET", http.Header{"List-Unsubscribe": {"One-Click"}, "Content-Type": {"application/x-www-form-urlencoded"}, "X-HTTP-Method-Override": {"POST"}, "X-Method-Override": {"POST"}}},
}

// A scanner follows every link of every email, and what the pages behind them link to,
// with headers of all sorts, twice: nothing happens, on the timeline and in Redis.
func TestAScannerOfLinksChangesNothing(t *testing.T) {
	lengthy.Always(t)
	set, err := render.Load(homingtest.Templates())
	if err != nil {
		t.Fatal(err)
	}
	links, err := link.New(homingtest.PublicURL, []link.Key{{ID: link.DerivedKey, Secret: homingtest.Secret}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "consent: {double_opt_in: true}\n")
		w.Start("intake", "gateway")
		w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "ann@example.com", Consent: &events.Consent{Email: events.Subscribed}}})
		time.Sleep(time.Minute)
		ids := w.Identity()
		todo := shippedLinks(t, set, ids.Key("main", "ann"), links, ids.Mailbox("main", "ann@example.com").Token, time.Now())
		for _, l := range shopLinks(links, ids.Key("main", "ann")) {
			todo[l] = true // of a time when the store still wanted to know
		}
		before, was := len(w.Timeline()), w.Redis.Mini().Dump()
		done := map[string]bool{}
		for len(todo) > 0 {
			next := map[string]bool{}
			for _, l := range slices.Sorted(maps.Keys(todo)) {
				done[l] = true
				for _, query := range []string{"", "?utm_source=x&scope=all&do=off", "?List-Unsubscribe=One-Click&do=yes"} {
					for range 2 {
						for _, s := range scans {
							code, _, body := w.RequestWith(s.method, l+query, s.header, nil)
							if code != 200 && code != 302 && code != 404 && code != 429 {
								t.Errorf("%s %s: %d", s.method, l, code)
							}
							linksIn(next, body)
						}
					}
					time.Sleep(2 * time.Minute) // so that they are answered
				}
			}
			maps.DeleteFunc(next, func(l string, _ bool) bool { return done[l] })
			todo = next
		}
		if n := len(w.Timeline()); n != before {
			t.Errorf("the timeline has %d more: %+v", n-before, w.Timeline()[before:])
		}
		if is := w.Redis.Mini().Dump(); is != was {
			t.Error("Redis has changed")
		}
		if len(done) < 12 {
			t.Errorf("%d links only", len(done))
		}
		// The same page, posted, does something: the scanner was at the right door.
		l := slices.Sorted(maps.Keys(done))
		i := slices.IndexFunc(l, func(l string) bool { return strings.Contains(l, "/c/") })
		if code, _, _ := w.Request("POST", l[i], url.Values{}); code != 410 && code != 200 || len(w.Timeline()) != before+map[int]int{200: 1, 410: 0}[code] {
			t.Errorf("POST: %d", code)
		}
	})
}

// Where a store wants to know of clicks, those of a scanner are noted as a program's, a
// bounded number of times, and change nothing about the customer.
func TestAScannerOfShopLinksIsNotedAndNoMore(t *testing.T) {
	links, err := link.New(homingtest.PublicURL, []link.Key{{ID: link.DerivedKey, Secret: homingtest.Secret}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "clicks: {track: true, opens: true}\n")
		w.Start("intake", "gateway")
		w.Publish("main", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Email: "ann@example.com", Consent: &events.Consent{Email: events.Subscribed}}})
		time.Sleep(time.Minute)
		said := func() (c customer.Customer, visits int) {
			for _, e := range w.Timeline() {
				customer.Apply(&c, e)
				switch d := e.Data.(type) {
				case *events.EmailClicked:
					visits++
					if !d.Machine || strings.Contains(d.URL, "?") || !strings.HasPrefix(d.URL, "https://") {
						t.Errorf("%+v", d)
					}
				case *events.EmailOpened:
					visits++
				}
			}
			return c, visits
		}
		before, _ := said()
		all := shopLinks(links, w.Identity().Key("main", "ann"))
		for _, l := range all {
			for range 50 {
				for _, s := range scans {
					code, header, _ := w.RequestWith(s.method, l, s.header, nil)
					if to := header.Get("Location"); code != 200 && (code != 302 || !strings.HasPrefix(to, "https://shop.example")) {
						t.Fatalf("%s %s: %d to %q", s.method, l, code, to)
					}
				}
			}
		}
		time.Sleep(time.Minute)
		after, visits := said()
		if !reflect.DeepEqual(before, after) {
			t.Errorf("the customer is %+v, and was %+v", after, before)
		}
		if visits == 0 || visits > 4*len(all) {
			t.Errorf("%d visits are noted of %d links", visits, len(all))
		}
	})
}
