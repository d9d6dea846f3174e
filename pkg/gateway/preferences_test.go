package gateway_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gateway"
	"homing/pkg/link"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// programmeOf is a store with all workers as they are by default.
func programmeOf(t *testing.T) *programme.Store {
	t.Helper()
	s := &programme.Store{ID: "main", View: render.Store{Name: "Tea & <Co>", URL: "https://www.tea.example/", Locale: "en-GB"}}
	for _, k := range programme.Kinds {
		w, err := k.New(func(any) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		s.Workers = append(s.Workers, &programme.Worker{Kind: k, Worker: w})
	}
	return s
}

// choosing is a shop whose customers may choose.
func choosing(t *testing.T) (s *shop, page string) {
	s = open(t)
	s.customer.Email.Value = "ann.lee@example.com"
	s.serve(func(o *gateway.Options) {
		o.Stores["main"] = programmeOf(t)
		o.Mailbox = func(_, address string) string {
			if address == "ann.lee@example.com" {
				return "abcdefghijklmnop"
			}
			return "ponmlkjihgfedcba"
		}
	})
	return s, s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"})
}

// untouched is the form as the page has it.
func untouched(t *testing.T, body string) url.Values {
	t.Helper()
	form := url.Values{"do": {"save"}, "often": {"usual"}, "pause": {"none"}, "day": {""}, "month": {""}, "year": {""}, "language": {"en"}, "zone": {"UTC"}}
	for part := range strings.SplitSeq(body, `name="kind" value="`) {
		if name, rest, ok := strings.Cut(part, `"`); ok && strings.HasPrefix(rest, " checked>") {
			form.Add("kind", name)
		}
	}
	for part := range strings.SplitSeq(body, `name="shown" value="`) {
		if name, _, ok := strings.Cut(part, `"`); ok && !strings.Contains(name, "<") {
			form.Add("shown", name)
		}
	}
	if len(form["kind"]) == 0 || len(form["shown"]) < len(form["kind"]) {
		t.Fatalf("no kinds of email in\n%s", body)
	}
	return form
}

func TestThePreferencePageShowsWhatIsAndNoMoreThanItMust(t *testing.T) {
	s, page := choosing(t)
	s.customer.FirstName.Value, s.customer.Birthday.Value, s.customer.TimeZone.Value = "Ann", "1990-02-28", "Antarctica/Troll"
	a := s.do("GET", page, "", "")
	for _, part := range []string{
		"Your emails from Tea &amp; &lt;Co&gt;", "a•••@example.com", `name="kind" value="birthday" checked`, `value="Antarctica/Troll" selected`,
		"Reminders of a basket you left", "Fill this in only to change it", `<option value="en" lang="en" selected>English`, "Emails about your orders",
	} {
		if !strings.Contains(a.body, part) {
			t.Errorf("no %s in\n%s", part, a.body)
		}
	}
	for _, secret := range []string{"ann.lee", "Ann", "1990", `value="thank-you"`, "selected>28"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("shows %s", secret)
		}
	}
	if a.StatusCode != http.StatusOK || len(s.timeline) > 0 {
		t.Errorf("%d, %v", a.StatusCode, s.timeline)
	}
	knowsStyle(t, a)
}

func TestWhatIsChosenIsRecordedAndOnlyThat(t *testing.T) {
	s, page := choosing(t)
	form := untouched(t, s.do("GET", page, "", "").body)
	if a := s.post(page, form); a.StatusCode != http.StatusOK || len(s.timeline) > 0 || !strings.Contains(a.body, "like that already") {
		t.Fatalf("nothing chosen: %d, %v", a.StatusCode, s.timeline)
	}
	form["kind"] = []string{"cart-recovery"}
	form.Set("often", "week")
	form.Set("pause", "30")
	form.Set("day", "29")
	form.Set("month", "2")
	form.Set("language", "de")
	form.Set("zone", "Europe/Berlin")
	for range 2 { // pressing twice is once
		if a := s.post(page, form); a.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	if len(s.timeline) != 1 {
		t.Fatalf("%d events", len(s.timeline))
	}
	d := s.timeline[0].Data.(*events.CustomerPreferences)
	c := &s.customer
	if d.ID != "ann" || len(d.Kinds) < 3 || d.Kinds["birthday"] || s.timeline[0].Source != "/homing/gateway" {
		t.Errorf("%+v", s.timeline[0])
	}
	if c.Unsubscribed("cart-recovery") || !c.Unsubscribed("birthday") || c.AtMost().Window != "7d" || !c.PausedUntil().Equal(s.now.AddDate(0, 0, 30)) ||
		c.Born() != "--02-29" || c.Language() != "de" || c.Zone() != "Europe/Berlin" {
		t.Errorf("%+v", c.Chosen)
	}
	a := s.do("GET", page, "", "")
	for _, part := range []string{"No emails until 31 March 2026", `value="week" checked`, `value="de" lang="de" selected`, `value="keep" checked`} {
		if !strings.Contains(a.body, part) {
			t.Errorf("afterwards there is no %s", part)
		}
	}
	back := url.Values{"do": {"save"}, "shown": {"birthday"}, "kind": {"birthday"}, "often": {"usual"}, "pause": {"none"}}
	if s.post(page, back); len(s.timeline) != 2 || c.Unsubscribed("birthday") || !c.Unsubscribed("win-back") || c.AtMost().Limit != 0 || c.PausedUntil().After(s.now) {
		t.Errorf("back again: %v, %v", s.timeline, c.Chosen)
	}
}

func TestADayThatDoesNotExistIsAskedForAgain(t *testing.T) {
	for _, day := range [][3]string{{"31", "4", ""}, {"29", "2", "2023"}, {"", "2", ""}, {"3", "", "1990"}, {"3", "3", "90"}, {"3", "3", "2999"}, {"x", "3", ""}, {"3", "13", ""}} {
		s, page := choosing(t)
		form := untouched(t, s.do("GET", page, "", "").body)
		form.Set("day", day[0])
		form.Set("month", day[1])
		form.Set("year", day[2])
		form.Set("often", "month")
		form["kind"] = nil
		a := s.post(page, form)
		if len(s.timeline) > 0 || !strings.Contains(a.body, "There is no such day") || !strings.Contains(a.body, `value="month" checked`) ||
			strings.Contains(a.body, `name="kind" value="birthday" checked`) || !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%v: %d, %v", day, a.StatusCode, s.timeline)
		}
	}
	s, page := choosing(t)
	form := untouched(t, s.do("GET", page, "", "").body)
	form.Set("day", "29")
	form.Set("month", "02")
	form.Set("year", " 1992 ")
	if s.post(page, form); s.customer.Born() != "1992-02-29" {
		t.Errorf("born %q", s.customer.Born())
	}
}

// What no page has, or an old one had, changes nothing.
func TestWhatIsNoChoiceChangesNothing(t *testing.T) {
	for _, form := range []url.Values{
		{}, {"do": {"x"}}, {"scope": {"all"}}, {"do": {"back"}}, {"do": {"save"}},
		{"do": {"save"}, "often": {"never"}, "pause": {"31"}, "language": {"xx"}, "zone": {"Mars/Base"}},
		{"do": {"save"}, "shown": {"no-such-worker", "thank-you", "all"}},
		{"do": {"save"}, "zone": {"../../etc/passwd"}, "language": {strings.Repeat("x", 500)}},
	} {
		s, page := choosing(t)
		if a := s.post(page, form); a.StatusCode != http.StatusOK || len(s.timeline) > 0 {
			t.Errorf("%v: %d, %v", form, a.StatusCode, s.timeline)
		}
	}
	s, page := choosing(t)
	if a := s.post(page, url.Values{"zone": {strings.Repeat("x", 9000)}}); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a form that is too large: %d", a.StatusCode)
	}
	if a := s.do("PUT", page, "", ""); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", a.StatusCode)
	}
}

func TestWhoLeftComesBackWithAnExplicitYes(t *testing.T) {
	s, page := choosing(t)
	if a := s.post(page, url.Values{"do": {"off"}}); a.StatusCode != http.StatusOK || !s.customer.Unsubscribed("all") || len(s.left) != 1 {
		t.Fatalf("%d", a.StatusCode)
	}
	a := s.do("GET", page, "", "")
	if !strings.Contains(a.body, "You get no marketing emails") || strings.Contains(a.body, `name="kind"`) {
		t.Error(a.body)
	}
	// A page that was open all the time brings nobody back.
	s.post(page, url.Values{"do": {"save"}, "shown": {"birthday"}, "kind": {"birthday"}, "often": {"usual"}})
	a = s.post(page, url.Values{"do": {"back"}})
	if len(s.timeline) != 1 || !strings.Contains(a.body, "you agree that Tea &amp; &lt;Co&gt; sends you") || !strings.Contains(a.body, "A birthday greeting") {
		t.Fatalf("%v %s", s.timeline, a.body)
	}
	s.now = s.now.Add(time.Minute)
	for range 2 {
		s.post(page, yesOf(t, a.body))
	}
	if len(s.timeline) != 2 || s.customer.Unsubscribed("all") || !s.customer.SaidYes() {
		t.Fatalf("%v", s.timeline)
	}
	k := s.timeline[1].Data.(*events.CustomerUpdated).Consent
	if k.Email != events.Subscribed || k.Source != "preferences" || !k.At.Equal(s.now) {
		t.Errorf("%+v", k)
	}
}

func TestAYesIsLaterThanANoOfAClockThatIsAhead(t *testing.T) {
	s, page := choosing(t)
	customer.Apply(&s.customer, events.Event{ID: "u", Source: "/shop", Type: events.TypeCustomerUnsubscribed, Time: s.now.Add(4 * time.Minute),
		Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}}})
	if s.post(page, yesOf(t, s.post(page, url.Values{"do": {"back"}}).body)); s.customer.Unsubscribed("all") {
		t.Error("still left")
	}
}

var answersNo = regexp.MustCompile(`name="answers" value="([^"]+)"`)

// yesOf is what the page sends that says what is agreed to.
func yesOf(t *testing.T, body string) url.Values {
	t.Helper()
	no := answersNo.FindStringSubmatch(body)
	if no == nil {
		t.Fatalf("the page does not say which no it answers: %s", body)
	}
	return url.Values{"do": {"yes"}, "answers": {no[1]}}
}

// A browser may load a page again that was sent once, long after.
func TestAYesThatIsSentAgainAfterANoBringsNobodyBack(t *testing.T) {
	s, page := choosing(t)
	s.post(page, url.Values{"do": {"off"}})
	yes := yesOf(t, s.post(page, url.Values{"do": {"back"}}).body)
	s.now = s.now.Add(time.Hour)
	if s.post(page, yes); s.customer.Unsubscribed("all") {
		t.Fatal("not back")
	}
	s.now = s.now.Add(time.Hour)
	s.post(s.unsubscribe(), url.Values{"List-Unsubscribe": {"One-Click"}})
	for _, form := range []url.Values{yes, {"do": {"yes"}}} {
		a := s.post(page, form)
		if !s.customer.Unsubscribed("all") || !strings.Contains(a.body, "you agree that") {
			t.Errorf("%v: %d %s", form, a.StatusCode, a.body)
		}
	}
	if s.post(page, yesOf(t, s.post(page, yes).body)); s.customer.Unsubscribed("all") {
		t.Error("a new yes does not count")
	}
}

func TestWhileRedisIsAwayNothingIsSaidToBeSavedAndAllCanBeStopped(t *testing.T) {
	s, page := choosing(t)
	s.away = errAway
	a := s.do("GET", page, "", "")
	if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, `name="do" value="off"`) || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = s.post(page, url.Values{"do": {"save"}, "kind": {"a"}, "shown": {"a", `"><b>`}, "often": {"week"}})
	if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, `name="often" value="week"`) || strings.Contains(a.body, "><b>") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a = s.post(page, url.Values{"do": {"off"}}); a.StatusCode != http.StatusAccepted || len(s.waiting) != 1 || s.waiting[0].Scope != "all" {
		t.Errorf("%d, %v", a.StatusCode, s.waiting)
	}
}

// Where not even a click can be left, the button that tries again does what was asked for.
func TestStoppingAllIsTriedAgain(t *testing.T) {
	s, page := choosing(t)
	s.away, s.nats = errAway, errAway
	a := s.post(page, url.Values{"do": {"off"}})
	if a.StatusCode != http.StatusServiceUnavailable || !strings.Contains(a.body, `name="do" value="off"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestTheUnsubscribePageLeadsToFewerEmails(t *testing.T) {
	s, page := choosing(t)
	to := strings.Replace(page, s.url, "https://mail.shop.example", 1)
	for _, a := range []answered{s.do("GET", s.unsubscribe(), "", ""), s.post(s.unsubscribe(), url.Values{"scope": {"birthday"}})} {
		if !strings.Contains(a.body, `<a href="`+to+`">Or get fewer emails instead</a>`) {
			t.Errorf("no %s in %s", to, a.body)
		}
	}
}

// What is kept of a mailbox outlives an erasure.
func TestTheLinkOfAMailboxAsksNothingAboutWhoReadsIt(t *testing.T) {
	s, page := choosing(t)
	s.customer = customer.Customer{}
	a := s.do("GET", page, "", "")
	if strings.Contains(a.body, `name="day"`) || strings.Contains(a.body, "<select") || !strings.Contains(a.body, `name="kind"`) {
		t.Error(a.body)
	}
	s.post(page, url.Values{"do": {"save"}, "day": {"1"}, "month": {"2"}, "language": {"de"}, "zone": {"Europe/Rome"}, "often": {"week"}})
	if d := s.timeline[0].Data.(*events.CustomerPreferences); d.Birthday+d.Locale+d.TimeZone != "" || d.AtMost == nil {
		t.Errorf("%+v", d)
	}
}

func TestAnErasedCustomerHasNoPreferences(t *testing.T) {
	s, page := choosing(t)
	customer.Apply(&s.customer, events.Event{ID: "e", Source: "/shop", Type: events.TypeCustomerErased, Time: s.now, Data: &events.CustomerErased{Customer: events.Customer{ID: "ann"}}})
	for _, do := range []string{"save", "yes"} {
		if s.post(page, url.Values{"do": {do}, "often": {"week"}}); len(s.timeline) > 0 {
			t.Errorf("%s: %v", do, s.timeline)
		}
	}
	if a := s.do("GET", page, "", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("%d", a.StatusCode)
	}
}

// asks has the customer ask for email, which waits for being confirmed.
func (s *shop) asks() {
	customer.Apply(&s.customer, events.Event{ID: "r", Source: "/shop", Type: events.TypeCustomerUpdated, Time: s.now.Add(-time.Hour),
		Data: &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.ConsentRequested}}}})
}

func TestConsentBeginsWithThePostAlone(t *testing.T) {
	confirm := func(s *shop, mailbox string, at time.Time) string {
		return s.local(link.Link{Purpose: link.Confirm, Customer: s.ann, Worker: "double-opt-in", Mailbox: mailbox, At: at.Unix()})
	}
	s, _ := choosing(t)
	s.asks()
	page := confirm(s, "abcdefghijklmnop", s.now.Add(-time.Hour))
	for _, method := range []string{"GET", "HEAD", "GET"} {
		if a := s.do(method, page, "", ""); a.StatusCode != http.StatusOK || len(s.timeline) > 0 || method == "GET" && !strings.Contains(a.body, "Wasn’t it you?") {
			t.Errorf("%s: %d %s", method, a.StatusCode, a.body)
		}
	}
	for range 2 {
		if a := s.do("POST", page, "", ""); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Welcome") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if len(s.timeline) != 1 || !s.customer.SaidYes() || s.timeline[0].Data.(*events.CustomerUpdated).Consent.Source != "double_opt_in" {
		t.Fatalf("%v", s.timeline)
	}
	for name, old := range map[string]func(*shop) string{
		"seven days old":  func(s *shop) string { return confirm(s, "abcdefghijklmnop", s.now.AddDate(0, 0, -7)) },
		"another mailbox": func(s *shop) string { return confirm(s, "ponmlkjihgfedcba", s.now) },
	} {
		s, _ := choosing(t)
		s.asks()
		for _, method := range []string{"GET", "POST"} {
			if a := s.do(method, old(s), "", ""); a.StatusCode != http.StatusGone || !strings.Contains(a.body, "sign up at Tea &amp; &lt;Co&gt; once more") || len(s.timeline) > 0 {
				t.Errorf("%s %s: %d %s", method, name, a.StatusCode, a.body)
			}
		}
	}
}

// The question is over once it is answered with a no: a page that was left open, or the old
// email, brings nobody back. To ask again is to sign up again.
func TestALinkConfirmsNothingAfterANo(t *testing.T) {
	for name, d := range map[string]events.Data{
		"left":            &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}},
		"left altogether": &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}, Scope: events.ScopeEverything},
		"complained":      &events.AddressComplained{},
	} {
		s, _ := choosing(t)
		said := func(at time.Time, d events.Data) {
			customer.Apply(&s.customer, events.Event{ID: fmt.Sprint(at), Source: "/shop", Type: d.Type(), Time: at, Data: d})
		}
		request := &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.ConsentRequested}}}
		said(s.now.Add(-time.Hour), request)
		page := s.local(link.Link{Purpose: link.Confirm, Customer: s.ann, Worker: "double-opt-in", Mailbox: "abcdefghijklmnop", At: s.now.Add(-time.Hour).Unix()})
		if a := s.do("GET", page, "", ""); a.StatusCode != http.StatusOK {
			t.Errorf("%s, before: %d", name, a.StatusCode)
		}
		said(s.now.Add(-time.Minute), d)
		for _, method := range []string{"GET", "POST"} {
			if a := s.do(method, page, "", ""); a.StatusCode != http.StatusGone || len(s.timeline) > 0 {
				t.Errorf("%s, %s: %d %v", name, method, a.StatusCode, s.timeline)
			}
		}
		if name != "left" {
			continue
		}
		said(s.now, request) // they sign up again, and may use either email
		if a := s.do("POST", page, "", ""); a.StatusCode != http.StatusOK || !s.customer.SaidYes() {
			t.Errorf("asked again: %d", a.StatusCode)
		}
	}
}

func TestOneLinkAndOneAddressAreAnsweredOnlySoOften(t *testing.T) {
	s, page := choosing(t)
	codes := map[int]int{}
	for range 40 {
		codes[s.do("GET", page, "", "").StatusCode]++
	}
	if codes[200] != 30 || codes[429] != 10 {
		t.Errorf("one link: %v", codes)
	}
	if a := s.do("GET", page, "", ""); a.StatusCode != 429 || !strings.Contains(a.body, `name="do" value="off"`) {
		t.Errorf("the page has no way out: %d %s", a.StatusCode, a.body)
	}
	if a := s.post(page, url.Values{"do": {"save"}}); a.StatusCode != 429 {
		t.Errorf("saved: %d", a.StatusCode)
	}
	if a := s.post(page, url.Values{"do": {"off"}}); a.StatusCode != http.StatusOK || !s.customer.Unsubscribed("all") {
		t.Errorf("stopping all is one request too many: %d", a.StatusCode)
	}
	for range 400 { // a provider's one-click
		if a := s.post(s.unsubscribe(), url.Values{"List-Unsubscribe": {"One-Click"}}); a.StatusCode != http.StatusOK {
			t.Fatalf("one-click: %d", a.StatusCode)
		}
	}
	id, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	from := func(proxies []netip.Prefix, said func(n int) string) map[int]int {
		s.serve(func(o *gateway.Options) { o.Proxies, o.Stores["main"] = proxies, programmeOf(t) })
		codes := map[int]int{}
		for n := range 310 {
			other := link.Link{Purpose: link.Preferences, Customer: id.Key("main", string(rune('a'+n))), Worker: "birthday"}
			req, err := http.NewRequest("GET", s.local(other), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Forwarded-For", said(n))
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			codes[res.StatusCode]++
		}
		return codes
	}
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for name, c := range map[string]struct {
		proxies []netip.Prefix
		said    func(n int) string
		refused int
	}{
		"one address behind a proxy":                 {local, func(int) string { return "203.0.113.7" }, 10},
		"many addresses behind a proxy":              {local, func(n int) string { return netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}).String() }, 0},
		"one that makes addresses up":                {local, func(n int) string { return "198.51.100." + string(rune('1'+n%9)) + ", 203.0.113.7" }, 10},
		"a network of IPv6":                          {local, func(n int) string { return "2001:db8::" + string("123456789abcdef"[n%15]) }, 10},
		"a proxy that nobody named":                  {nil, func(int) string { return "203.0.113.7" }, 10},
		"a proxy that says nothing that can be read": {local, func(int) string { return "unknown" }, 0},
	} {
		if codes := from(c.proxies, c.said); codes[429] != c.refused {
			t.Errorf("%s: %v", name, codes)
		}
	}
}
