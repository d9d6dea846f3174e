package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/click"
	"homing/pkg/customer"
	"homing/pkg/gateway"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/pkg/render"
)

var errAway = errors.New("redis: connection refused")

// shop is one store with one customer, ann, and a gateway over a real socket.
type shop struct {
	t        *testing.T
	links    *link.Signer
	ann      customer.Key
	customer customer.Customer
	timeline []events.Event
	away     error // of Redis
	nats     error
	waiting  []click.Click // for Redis to be back
	now      time.Time
	left     []string
	served   []string
	logs     *observer.ObservedLogs
	url      string
}

func (s *shop) person(context.Context, customer.Key) (customer.Customer, error) {
	return s.customer, s.away
}

func (s *shop) take(_ context.Context, entries []customer.Entry) error {
	if s.away != nil {
		return s.away
	}
	for _, e := range entries {
		if e.Key != s.ann {
			s.t.Errorf("taken for %+v", e.Key)
		}
		customer.Apply(&s.customer, e.Event)
		s.timeline = append(s.timeline, e.Event)
	}
	return nil
}

func open(t *testing.T) *shop {
	t.Helper()
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, ann: id.Key("main", "ann"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	if s.links, err = link.New("https://mail.shop.example/mail", []link.Key{{ID: "k1", Secret: "only tests use it"}}); err != nil {
		t.Fatal(err)
	}
	s.customer.ID.Value, s.customer.ID.Stamp = "ann", customer.Stamp{At: 1}
	server := httptest.NewServer(gateway.New(s.options()))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *shop) options() gateway.Options {
	core, logs := observer.New(zapcore.DebugLevel)
	s.logs = logs
	return gateway.Options{
		Links: s.links, Stores: map[string]*programme.Store{"main": {View: render.Store{Name: "Tea & <Co>", URL: "https://www.tea.example/"}}},
		Leave: func(_ context.Context, x click.Click) error {
			if s.nats == nil {
				s.waiting = append(s.waiting, x)
			}
			return s.nats
		},
		Person: s.person, Take: s.take, Now: func() time.Time { return s.now }, Log: zap.New(core),
		Unsubscribed: func(scope string) { s.left = append(s.left, scope) },
		Served:       func(kind string, code int) { s.served = append(s.served, fmt.Sprint(kind, " ", code)) },
	}
}

func (s *shop) unsubscribe() string {
	return s.local(link.Link{Purpose: link.Unsubscribe, Customer: s.ann, Worker: "birthday"})
}

func (s *shop) answer(code string) string {
	return s.local(link.Link{Purpose: link.Answer, Customer: s.ann, Worker: "win-back", Question: "why_left", Answer: code})
}

func (s *shop) local(l link.Link) string {
	return strings.Replace(s.links.URL(l), "https://mail.shop.example", s.url, 1)
}

// answered is what came back.
type answered struct {
	*http.Response
	body string
}

func (s *shop) do(method, to, contentType, body string) answered {
	s.t.Helper()
	r, err := http.NewRequest(method, to, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		s.t.Fatal(err)
	}
	return answered{res, b.String()}
}

const formType = "application/x-www-form-urlencoded"

func (s *shop) post(to string, form url.Values) answered {
	s.t.Helper()
	return s.do("POST", to, formType, form.Encode())
}

func TestAPostUnsubscribesHoweverItIsWritten(t *testing.T) {
	var m bytes.Buffer
	w := multipart.NewWriter(&m)
	if err := errors.Join(w.WriteField("List-Unsubscribe", "One-Click"), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, contentType, body, scope string }{
		{"one click", formType, "List-Unsubscribe=One-Click", "all"},
		{"one click in parts", w.FormDataContentType(), m.String(), "all"},
		{"one click says more than the page", formType, "List-Unsubscribe=One-Click&scope=birthday", "all"},
		{"the page, all", formType, "scope=all", "all"},
		{"the page, this kind", formType, "scope=birthday", "birthday"},
		{"a worker that the link is not of", formType, "scope=win-back", "all"},
		{"more than the page offers", formType, "scope=everything", "all"},
		{"an empty body", "", "", "all"},
		{"a body that is no form", "application/json", `{"a":`, "all"},
		{"a broken form", formType, "scope=%zz;", "all"},
		{"parts without an end", "multipart/form-data; boundary=x", "--x\r\nbroken", "all"},
		{"parts without a boundary", "multipart/form-data", "broken", "all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			a := s.do("POST", s.unsubscribe(), c.contentType, c.body)
			if a.StatusCode != 200 || !strings.Contains(a.body, "You’re unsubscribed") {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			want := []events.Event{{
				ID: fmt.Sprintf("unsubscribed.%s.%s.%d", s.ann.Token, c.scope, s.now.UnixMilli()), Source: "/homing/gateway",
				Type: events.TypeCustomerUnsubscribed, Store: "main", Time: s.now,
				Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}, Scope: c.scope},
			}}
			if d := cmp.Diff(want, s.timeline); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{c.scope}, s.left); d != "" {
				t.Error(d)
			}
			if len(a.Cookies()) > 0 {
				t.Error("a cookie is set")
			}
		})
	}
}

func TestClickingTwiceIsClickingOnce(t *testing.T) {
	s := open(t)
	for range 3 {
		s.post(s.unsubscribe(), nil)
		s.post(s.answer("other"), nil)
		s.now = s.now.Add(20 * time.Second)
	}
	if len(s.timeline) != 2 {
		t.Fatalf("%d events, want 2", len(s.timeline))
	}
	s.now = s.now.Add(time.Hour)
	s.post(s.unsubscribe(), nil)
	if len(s.timeline) != 3 || !s.timeline[2].Time.Equal(s.now) {
		t.Errorf("an hour later: %+v", s.timeline[2:])
	}
}

// Another replica gets the second click: the event is the same to the letter.
func TestTwoReplicasMakeTheSameEvent(t *testing.T) {
	s := open(t)
	other := httptest.NewServer(gateway.New(s.options()))
	t.Cleanup(other.Close)
	for _, to := range []string{s.unsubscribe(), s.answer("other")} {
		s.timeline = nil
		s.post(to, nil)
		s.now = s.now.Add(20 * time.Second)
		s.post(strings.Replace(to, s.url, other.URL, 1), nil)
		if len(s.timeline) != 2 {
			t.Fatalf("%d events, want 2", len(s.timeline))
		}
		if d := cmp.Diff(s.timeline[0], s.timeline[1]); d != "" {
			t.Error(d)
		}
	}
}

func TestLeavingWinsOverAYesThatIsAheadOfTime(t *testing.T) {
	s := open(t)
	s.customer.Opinion = customer.Opinion{Status: events.Subscribed, At: s.now.Add(time.Minute).UnixMilli()}
	s.post(s.unsubscribe(), nil)
	if !s.customer.Unsubscribed(events.ScopeAll) {
		t.Error("the page says that it is done, and it is not")
	}
}

func TestAnUnknownCustomerCanLeave(t *testing.T) {
	s := open(t)
	s.customer = customer.Customer{}
	if a := s.post(s.unsubscribe(), nil); a.StatusCode != 200 || !s.customer.Unsubscribed(events.ScopeAll) {
		t.Error(a.StatusCode)
	}
}

func TestAnAnswerIsAskedForAndRecorded(t *testing.T) {
	s := open(t)
	to := s.answer("too-expensive")
	page := s.do("GET", to, "", "")
	if page.StatusCode != 200 || !strings.Contains(page.body, "It’s too expensive for me.") || strings.Count(page.body, "<button") != 1 || len(s.timeline) > 0 {
		t.Fatalf("%d, %d events, %s", page.StatusCode, len(s.timeline), page.body)
	}
	if a := s.post(to, nil); a.StatusCode != 200 || !strings.Contains(a.body, "Thank you") {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	want := &events.CustomerAnswered{Customer: events.Customer{ID: "ann"}, Question: "why_left", Kind: events.AnswerChoice, Answer: "too-expensive"}
	if len(s.timeline) != 1 {
		t.Fatalf("%d events", len(s.timeline))
	}
	if d := cmp.Diff(want, s.timeline[0].Data); d != "" {
		t.Error(d)
	}
	if page := s.do("GET", s.answer("no-time-for-tea"), "", ""); !strings.Contains(page.body, "no time for tea") {
		t.Error("an answer that has no words of its own is not shown")
	}
}

func TestLookingChangesNothing(t *testing.T) {
	s := open(t)
	for _, to := range []string{s.unsubscribe(), s.answer("other")} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"} {
			a := s.do(method, to, formType, "List-Unsubscribe=One-Click&scope=all")
			looking := method == "GET" || method == "HEAD"
			switch {
			case looking && a.StatusCode != 200:
				t.Errorf("%s: %d", method, a.StatusCode)
			case !looking && (a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD, POST"):
				t.Errorf("%s: %d, Allow: %s", method, a.StatusCode, a.Header.Get("Allow"))
			}
		}
		s.do("GET", to+"?List-Unsubscribe=One-Click&scope=all", "", "")
	}
	if len(s.timeline) > 0 {
		t.Errorf("%+v", s.timeline)
	}
}

func TestALinkThatIsNoneOfOursChangesNothing(t *testing.T) {
	s := open(t)
	good := s.unsubscribe()
	other, err := link.New("https://mail.shop.example/mail", []link.Key{{ID: "k1", Secret: "another"}})
	if err != nil {
		t.Fatal(err)
	}
	old, err := link.New("https://mail.shop.example/mail", []link.Key{{ID: "k0", Secret: "old"}})
	if err != nil {
		t.Fatal(err)
	}
	l := link.Link{Purpose: link.Unsubscribe, Customer: s.ann, Worker: "birthday"}
	elsewhere := l
	elsewhere.Customer.Store = "closed"
	at := func(u string) string { return strings.Replace(u, "https://mail.shop.example", s.url, 1) }
	for _, c := range []struct {
		name, url string
		code      int
	}{
		{"changed", good[:len(good)-1] + "x", 403},
		{"forged", at(other.URL(l)), 403},
		{"signed with a key that was removed", at(old.URL(l)), 403},
		{"cut short", good[:len(good)-40], 404},
		{"of a store that is no more", s.local(elsewhere), 404},
		{"without the path", strings.Replace(good, "/mail/", "/", 1), 404},
		{"the root", s.url + "/", 404},
		{"metrics", s.url + "/metrics", 404},
		{"far too long", good + strings.Repeat("a", 4000), 404},
		{"a path that climbs", s.url + "/mail/../mail/u/x", 404},
		{"a script", s.url + "/mail/u/<script>alert(1)</script>", 404},
	} {
		for _, method := range []string{"GET", "POST"} {
			a := s.do(method, c.url, formType, "List-Unsubscribe=One-Click")
			if a.StatusCode != c.code || !strings.Contains(a.body, "Nothing was changed") || strings.Contains(a.body, "script") {
				t.Errorf("%s %s: %d %s", method, c.name, a.StatusCode, a.body)
			}
		}
	}
	if len(s.timeline) > 0 {
		t.Errorf("%+v", s.timeline)
	}
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	s := open(t)
	if a := s.do("POST", s.unsubscribe(), formType, "x="+strings.Repeat("a", 1<<20)); a.StatusCode != 413 || len(s.timeline) > 0 {
		t.Errorf("%d, %d events", a.StatusCode, len(s.timeline))
	}
}

// Without Redis nothing can be recorded at once, and an unsubscribe is left for later. An
// answer is asked for again: nobody promised anything.
func TestWhileRedisIsAwayAnUnsubscribeIsLeftForLater(t *testing.T) {
	s := open(t)
	s.away = fmt.Errorf("loading: %w", errAway)
	for _, c := range []struct{ form, want string }{{"", "all"}, {"birthday", "birthday"}, {"everything", "all"}} {
		a := s.post(s.unsubscribe(), url.Values{"scope": {c.form}})
		if a.StatusCode != 202 || !strings.Contains(a.body, "unsubscribed") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		want := []click.Click{{Customer: s.ann, Scope: c.want, At: s.now.UnixMilli()}}
		if d := cmp.Diff(want, s.waiting); d != "" {
			t.Error(d)
		}
		s.waiting = nil
	}
	if a := s.post(s.answer("other"), nil); a.StatusCode != 503 {
		t.Errorf("an answer: %d", a.StatusCode)
	}
	if len(s.timeline) > 0 || len(s.waiting) > 0 {
		t.Errorf("%+v, %+v", s.timeline, s.waiting)
	}
	if d := cmp.Diff([]string{"all", "birthday", "all"}, s.left); d != "" {
		t.Error(d)
	}
}

// While a server is away the log says so, and not with each click.
func TestWhatGoesWrongWithEachClickIsSaidOnce(t *testing.T) {
	s := open(t)
	s.away = fmt.Errorf("loading: %w", errAway)
	for range 20 {
		s.post(s.unsubscribe(), nil)
		s.post(s.answer("other"), nil)
		s.do("GET", s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"}), "", "")
	}
	said := map[string]int{}
	for _, e := range s.logs.All() {
		said[e.Message]++
	}
	want := map[string]int{
		"an unsubscribe is recorded later, and marketing emails of the store wait for it": 1,
		"not recorded; the customer is asked to try again":                                1,
		"a page could not be shown; the customer is asked to try again":                   1,
	}
	if d := cmp.Diff(want, said); d != "" {
		t.Error(d)
	}
}

func TestWhileServersAreAwayNobodyIsToldItIsDone(t *testing.T) {
	s := open(t)
	s.away = fmt.Errorf("loading: %w", errAway)
	s.nats = errors.New("not connected to NATS")
	for _, to := range []string{s.unsubscribe(), s.answer("other")} {
		if page := s.do("GET", to, "", ""); page.StatusCode != 200 {
			t.Errorf("the page needs no server: %d", page.StatusCode)
		}
		a := s.post(to, url.Values{"scope": {"birthday"}, "text": {"birthday"}})
		if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "not done yet") ||
			!strings.Contains(a.body, `value="birthday"`) {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if len(s.left) > 0 {
		t.Errorf("counted %v", s.left)
	}
	for _, e := range s.logs.All() { // a link is a permission; a log is no place for it
		if text := fmt.Sprint(e.Message, e.ContextMap()); strings.Contains(text, s.ann.Token) {
			t.Error(text)
		}
	}
	s.away, s.nats = nil, nil
	if a := s.post(s.unsubscribe(), nil); a.StatusCode != 200 {
		t.Error(a.StatusCode)
	}
	want := []string{"unsubscribe 200", "unsubscribe 503", "answer 200", "answer 503", "unsubscribe 200"}
	if d := cmp.Diff(want, s.served); d != "" {
		t.Error(d)
	}
}

var styleTag = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

func TestEveryPageIsShutOffFromEverywhereElse(t *testing.T) {
	s := open(t)
	good := s.unsubscribe()
	for name, a := range map[string]answered{
		"ask": s.do("GET", good, "", ""), "done": s.post(good, nil), "one": s.post(good, url.Values{"scope": {"birthday"}}),
		"forged": s.do("GET", good+"a", "", ""), "nothing": s.do("GET", s.url, "", ""), "method": s.do("PUT", good, "", ""),
		"robots": s.do("GET", s.url+"/mail/robots.txt", "", ""),
	} {
		h := a.Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: no %s in %s", name, part, policy)
			}
		}
		for header, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow"} {
			if h.Get(header) != want {
				t.Errorf("%s: %s: %s", name, header, h.Get(header))
			}
		}
		if name == "robots" {
			continue
		}
		knowsStyle(t, a)
		if !strings.Contains(a.body, "Tea &amp; &lt;Co&gt;") || strings.Contains(a.body, "<script") || strings.Contains(a.body, "ZgotmplZ") {
			t.Errorf("%s:\n%s", name, a.body)
		}
	}
}

// knowsStyle fails unless the policy of a page allows its style, by its hash.
func knowsStyle(t *testing.T, a answered) {
	t.Helper()
	style := styleTag.FindStringSubmatch(a.body)
	if style == nil {
		t.Error("no style")
		return
	}
	sum := sha256.Sum256([]byte(style[1]))
	if !strings.Contains(a.Header.Get("Content-Security-Policy"), "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Error("the policy does not know the style of the page")
	}
}
