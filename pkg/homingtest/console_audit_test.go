package homingtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/routes"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
)

// looks are what a page sends that changes nothing and shows no customer: everybody who is
// signed in may, and what another page sends is refused all the same.
var looks = map[string]string{
	"POST /api/preview": "an email as it would look; with a customer, it is told below",
	"POST /api/check":   "what is wrong with an email",
	"POST /system":      "the doctor looks again",
	"POST /sign-in":     "told below",
	"POST /sign-out":    "told below",
}

// ofFolders are routes of the studio that works on a folder, which are tested there.
var ofFolders = map[string]string{"POST /publish": "pkg/studio: TestAFolderIsPublished, TestAFolderIsPublishedByEditorsFromItsOwnPage"}

// made are the patterns that pkg/studio puts together for sections that are for editors.
var made = []string{`method + " " + x.Path`, `method + " " + x.Path + "/"`}

// An auditing is a console with an installation behind it, whose log is read.
type auditing struct {
	t        *testing.T
	at       string
	logs     *observer.ObservedLogs
	js       jetstream.JetStream
	sink     *homingtest.Sink
	srv      *server.Server
	ann      string // token of the customer
	left     map[string]bool
	versions *templatestore.Store
	mux      *http.ServeMux
}

// audited opens a console with a customer who got an email, an event that was rejected and an
// announcement.
func audited(t *testing.T) *auditing {
	t.Helper()
	srv := permitted(t)
	c, sink := underRights(t, srv, "")
	port := strconv.Itoa(homingtest.FreePort(t))
	c.Console = config.Console{Listen: "127.0.0.1:" + port, URL: "http://localhost:" + port, MailURL: "http://127.0.0.1:" + port, Proxy: c.Console.Proxy, TestsTo: []string{"@shop.example"},
		People: config.ConsolePeople{{Name: "Ed", Role: config.RoleEditor, Token: tokenOf("Ed")}, {Name: "Vic", Role: config.RoleViewer, Token: tokenOf("Vic")}}}
	core, logs := observer.New(zap.InfoLevel)
	a, err := app.New(app.Options{Config: c, Log: zap.New(core), RedisEmbedded: true, SMTPDial: sink.Dial, Load: homingtest.Load, Roles: []string{app.RoleIntake, app.RoleCalendar, app.RoleConsole, "thank-you"}})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopApp(t, a) })
	until(t, "ready", func() bool { return a.Ready() == nil })
	shop := spyAs(t, srv, "main", "_INBOX_main")
	shop.publish(t, "main", "1", 31*time.Minute, homingtest.Order("ann", "1001"))
	if _, err := shop.js.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced), []byte(`{"order": {}}`)); err != nil {
		t.Fatal(err)
	}
	nc, err := connect.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := connect.JetStream(c, nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (announcement.Entries{JS: js}).Create(t.Context(), announcement.Definition{ID: "spring", Store: "main", Template: "announcements/newsletter"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	d := &auditing{t: t, at: c.Console.URL, logs: logs, js: js, sink: sink, srv: srv, versions: templatestore.New(js), left: map[string]bool{}, mux: http.NewServeMux()}
	until(t, "an email and its fact, and an event that is rejected", func() bool {
		return len(sink.Mails()) == 1 && len(d.facts(events.TypeEmailSent)) == 1 && d.last(bus.Rejected) == 1
	})
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	d.ann = id.Key("main", "ann").Token

	return d
}

func tokenOf(name string) config.Secret {
	return config.Secret("a-token-of-" + name + "-that-has-32-bytes-or-more")
}

// facts are those of a type, in words.
func (d *auditing) facts(kind events.Type) (out []string) {
	d.t.Helper()
	err := timeline.New(d.js).ReadType(d.t.Context(), "main", kind, nil, func(es []customer.Entry) error {
		for _, e := range es {
			out = append(out, fmt.Sprintf("%+v", e.Event.Data))
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// last is the number of the last message of a stream: whatever is written there moves it.
func (d *auditing) last(stream string) uint64 {
	d.t.Helper()
	s, err := d.js.Stream(d.t.Context(), stream)
	if err != nil {
		d.t.Fatal(err)
	}
	return s.CachedInfo().State.LastSeq
}

// state is all that an action may change: up to where each stream is written, and what was
// sent. What a night counts is left out, since it is counted by itself after the start, and the
// copies of emails, which come when they come. quiet is false while something is on its way.
func (d *auditing) state() (is string, quiet bool) {
	d.t.Helper()
	all, err := d.srv.Jsz(&server.JSzOptions{Streams: true, Consumer: true})
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	quiet = true
	for _, a := range all.AccountDetails {
		for _, x := range a.Streams {
			if x.Name == "OBJ_"+bus.ProductsBucket || x.Name == bus.Mails {
				continue
			}
			out = append(out, fmt.Sprint(x.Name, " ", x.State.LastSeq))
			quiet = quiet && (!strings.HasPrefix(x.Name, "SCHEDULE") || x.State.Msgs == 0)
			for _, c := range x.Consumer {
				idle := strings.HasPrefix(c.Name, "plan-") && c.Name != "plan-thank-you" // nobody has these roles
				taken := x.Name != bus.Storefront || c.AckFloor.Stream == x.State.LastSeq
				quiet = quiet && (idle || c.NumPending == 0 && c.NumAckPending == 0 && taken)
			}
		}
	}
	slices.Sort(out)
	return fmt.Sprint(out, len(d.sink.Mails())), quiet
}

// settled is the state once what was done has had its consequences.
func (d *auditing) settled() (is string) {
	d.t.Helper()
	until(d.t, "all that follows", func() bool {
		was, quiet := d.state()
		again, still := d.state()
		is = again
		return quiet && still && was == again
	})
	return is
}

// told is what the log says of people since some of its entries.
func (d *auditing) told(since int) (out []string) {
	for _, e := range d.logs.All()[since:] {
		if _, ok := e.ContextMap()["by"]; ok {
			out = append(out, fmt.Sprint(e.Message, " ", e.ContextMap()))
		}
	}
	return out
}

// A doer is somebody with a browser.
type doer struct {
	of   *auditing
	http *http.Client
}

func (d *auditing) browser() *doer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &doer{d, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is somebody who signed in.
func (d *auditing) as(name string) *doer {
	d.t.Helper()
	p := d.browser()
	if code, page := p.send("/sign-in", url.Values{"token": {tokenOf(name).Reveal()}}.Encode(), own); code != http.StatusSeeOther {
		d.t.Fatalf("signing in: %d %.300s", code, page)
	}
	return p
}

// own is what a browser says of a form of the page itself, and others of forms of other pages.
var (
	own    = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	others = map[string]http.Header{
		"another site":   {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"a sibling":      {"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://other.localhost:1"}},
		"an old browser": {"Origin": {"http://evil.example"}},
		"an email":       {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"null"}},
	}
)

// send sends a form, or JSON, as a header says.
func (p *doer) send(path, body string, header http.Header) (int, string) {
	req, err := http.NewRequestWithContext(p.of.t.Context(), http.MethodPost, p.of.at+path, strings.NewReader(body))
	if err != nil {
		p.of.t.Fatal(err)
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	return p.do(req)
}

func (p *doer) get(path string) (int, string) {
	req, err := http.NewRequestWithContext(p.of.t.Context(), http.MethodGet, p.of.at+path, nil)
	if err != nil {
		p.of.t.Fatal(err)
	}
	return p.do(req)
}

func (p *doer) do(req *http.Request) (int, string) {
	p.of.t.Helper()
	res, err := p.http.Do(req)
	if err != nil {
		p.of.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.of.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// find is what a page has at the only group of an expression.
func (p *doer) find(path, expression string) string {
	p.of.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // a page may still be asked for
		code, page := p.get(path)
		if m := regexp.MustCompile(expression).FindStringSubmatch(page); m != nil {
			return m[1]
		}
		if time.Now().After(end) {
			p.of.t.Fatalf("%s has no %s: %d %.300s", path, expression, code, page)
		}
	}
}

// An action is what an editor does: what their browser sends, and what is told of it.
type action struct {
	path string
	body func(ed *doer) string
	says string      // in the log: the message, and what it has with it
	fact events.Type // on the timeline instead
}

func form(of ...string) func(*doer) string {
	v := url.Values{}
	for i := 0; i < len(of); i += 2 {
		v.Set(of[i], of[i+1])
	}
	return func(*doer) string { return v.Encode() }
}

// saved is what saves the text of the thank-you with a line more.
func saved(line string) func(*doer) string {
	return func(ed *doer) string {
		_, body := ed.get("/api/emails/thank-you/thanks")
		var all struct {
			Files []struct{ Path, Text, Version string }
		}
		if err := json.Unmarshal([]byte(body), &all); err != nil {
			ed.of.t.Fatal(err, body)
		}
		i := slices.IndexFunc(all.Files, func(f struct{ Path, Text, Version string }) bool { return f.Path == "thank-you/thanks.txt" })
		f := all.Files[i]
		out, _ := json.Marshal(map[string]any{"files": []map[string]string{{"path": f.Path, "text": f.Text + line + "\n", "version": f.Version}}})
		return string(out)
	}
}

func publishes(ed *doer) string {
	return url.Values{"note": {"x"}, "base": {ed.find("/versions/draft", `name="base" value="(\d+)"`)}, "revision": {ed.find("/versions/draft", `name="revision" value="(\d+)"`)}}.Encode()
}

// pausing is a form of the page on which a worker is paused, once it is known how that is.
func pausing(of ...string) func(*doer) string {
	return func(ed *doer) string {
		ed.find("/workers/thank-you/pause", `(name="why")`)
		return form(of...)(ed)
	}
}

// actions are all that editors do, in an order in which each of them changes something.
func (d *auditing) actions() []action {
	who := "/customers/main/" + d.ann
	thanks := "thank-you.thanks." + d.ann + ".1001"
	customer := func(what string) string { return what + " map[by:Ed customer:" + d.ann + " store:main]" }
	paused := func(what string) string { return what + " map[by:Ed store:main worker:thank-you]" }
	announced := func(what string) string {
		return "an announcement is changed map[announcement:spring by:Ed did:" + what + " store:main]"
	}
	draft := "the draft is changed map[by:Ed files:[thank-you/thanks.txt]]"
	return []action{
		{path: "/api/save", body: saved("One."), says: draft},
		{path: "/versions/draft/publish", body: publishes, fact: events.TypeTemplatesPublished},
		{path: "/api/save", body: saved("Two."), says: draft},
		{path: "/versions/draft/publish", body: publishes, fact: events.TypeTemplatesPublished},
		{path: "/versions/1/restore", body: form("base", "2", "note", "x"), fact: events.TypeTemplatesPublished},
		{path: "/api/save", body: saved("Three."), says: draft},
		{path: "/versions/draft/decide", body: func(ed *doer) string {
			desk, err := ed.of.versions.Desk(ed.of.t.Context())
			if err != nil || len(desk.Edits) != 1 {
				ed.of.t.Fatal(desk, err)
			}
			return url.Values{"path": {"thank-you/thanks.txt"}, "take": {"yes"}, "sum": {desk.Edits[0].Sum()}}.Encode()
		}, says: "the draft is decided about map[by:Ed file:thank-you/thanks.txt kept:false]"},
		{path: "/api/send", body: func(*doer) string { return `{"email": "thank-you/thanks", "to": "ed@shop.example"}` },
			says: "a test is sent map[by:Ed domain:shop.example email:thank-you/thanks]"},
		{path: "/workers/thank-you/pause", body: pausing("do", "pause", "store", "main", "why", "a typo"), says: paused("a worker is paused")},
		{path: "/workers/thank-you/pause", body: pausing("do", "resume", "store", "main"), says: paused("a worker is resumed")},
		{path: "/announcements/main/spring/pause", body: form(), says: announced("pause")},
		{path: "/announcements/main/spring/resume", body: form(), says: announced("resume")},
		{path: "/announcements/main/spring/cancel", body: form(), says: announced("cancel")},
		{path: "/rejected/replay", body: form("sequence", "1", "sure", "yes"), says: "rejected events are replayed map[by:Ed failed:0 sequences:[1]]"},
		{path: "/numbers/refresh", body: form("store", "main"), says: "numbers are asked for again map[by:Ed store:main]"},
		{path: "/customers", body: form("q", "ann@example.com"), says: customer("a customer is looked at")},
		{path: "/api/preview", body: func(*doer) string { return `{"email": "thank-you/thanks", "who": "ann@example.com"}` },
			says: "an email to a customer is looked at map[by:Ed customer:" + d.ann + " email:thank-you/thanks store:main]"},
		{path: who + "/emails/" + thanks + "/again", body: func(ed *doer) string {
			return url.Values{"press": {ed.find(who+"/emails/"+thanks+"/again", `name="press" value="([a-z2-7]+)"`)}}.Encode()
		}, says: customer("an email is sent to a customer again")},
		{path: who + "/stop", body: form(), says: customer("a customer's emails are stopped")},
		{path: who + "/erase", body: form(), says: customer("a customer is erased")},
	}
}

// registered are what the console may be sent, by what its packages register.
func (d *auditing) registered() {
	d.t.Helper()
	all, err := routes.Of("../..", routes.Console...)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range all {
		switch {
		case strings.HasPrefix(r, "GET ") || slices.Contains(made, r) || ofFolders[r] != "":
		case !strings.HasPrefix(r, "POST "):
			d.t.Errorf("%s: what it does is not told, nor whom it is for", r)
		default:
			d.mux.Handle(r, http.NotFoundHandler())
			d.left[r] = true
		}
	}
	for _, dir := range sectioned(d.t) {
		if !slices.Contains(routes.Console, dir) {
			d.t.Errorf("%s has a section of the console, and routes.Console does not have it", dir)
		}
	}
}

// sectioned are the packages that have a section of the console.
func sectioned(t *testing.T) (out []string) {
	t.Helper()
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") && strings.Contains(string(text), "studio.Section{") {
			out = append(out, "pkg/"+filepath.Base(filepath.Dir(name)))
		}
	}
	if len(out) == 0 {
		t.Fatal("no package has a section")
	}
	return slices.Compact(out)
}

// Whatever editors do in the console, the log or the timeline has their name and what they did.
// Viewers, strangers and other pages are refused all of it, and nothing changes. A route that
// this test does not know fails it.
func TestEverythingThatEditorsDoIsTold(t *testing.T) {
	d := audited(t)
	d.registered()
	ed, vic, nobody := d.as("Ed"), d.as("Vic"), d.browser()
	if got := fmt.Sprint(d.told(0)); got != "[somebody signed in map[by:Ed] somebody signed in map[by:Vic]]" {
		t.Errorf("of those who signed in it is told %s", got)
	}
	for _, a := range d.actions() {
		_, pattern := d.mux.Handler(httptest.NewRequest(http.MethodPost, a.path, nil))
		delete(d.left, pattern)
		body := a.body(ed)
		d.refused(a.path, body, ed, vic, nobody)
		since, was, facts := d.logs.Len(), d.settled(), len(d.facts(events.TypeTemplatesPublished))
		code, page := ed.send(a.path, body, own)
		if code >= http.StatusBadRequest {
			t.Errorf("%s: %d %.300s", a.path, code, page)
		}
		told := d.told(since)
		if a.fact != "" {
			told = d.facts(a.fact)[facts:]
			a.says = "Author:Ed Message:x"
		}
		if len(told) == 0 || !strings.Contains(told[len(told)-1], a.says) {
			t.Errorf("%s: it is told %q, and not %q", a.path, told, a.says)
		}
		if reads := a.path == "/customers" || a.path == "/api/preview" || a.path == "/numbers/refresh"; !reads && d.settled() == was {
			t.Errorf("%s: nothing changed, so this test would not see if it did for a viewer", a.path)
		}
	}
	for r, why := range looks {
		_, path, _ := strings.Cut(r, " ")
		for name, header := range others {
			if code, page := ed.send(path, "", header); code != http.StatusForbidden {
				t.Errorf("%s (%s), %s: %d %.300s", r, why, name, code, page)
			}
		}
		delete(d.left, r)
	}
	for r := range d.left {
		t.Errorf("%s: what an editor does there is not in actions, nor in looks", r)
	}
	since := d.logs.Len()
	if ed.send("/sign-out", "", own); fmt.Sprint(d.told(since)) != "[somebody signed out map[by:Ed]]" {
		t.Errorf("of who signed out it is told %q", d.told(since))
	}
	d.noAddress()
}

// refused sends what an editor would send as those who may not.
func (d *auditing) refused(path, body string, ed, vic, nobody *doer) {
	d.t.Helper()
	since, was := d.logs.Len(), d.settled()
	if code, page := vic.send(path, body, own); code != http.StatusForbidden {
		d.t.Errorf("%s, a viewer: %d %.300s", path, code, page)
	}
	if code, page := nobody.send(path, body, own); code != http.StatusUnauthorized {
		d.t.Errorf("%s, a stranger: %d %.300s", path, code, page)
	}
	for name, header := range others {
		if code, page := ed.send(path, body, header); code != http.StatusForbidden {
			d.t.Errorf("%s, %s: %d %.300s", path, name, code, page)
		}
	}
	if told := d.told(since); len(told) > 0 {
		d.t.Errorf("%s: it was refused, and it is told %q", path, told)
	}
	if is := d.settled(); is != was {
		d.t.Errorf("%s was refused, and changed something: from\n%s\nto\n%s", path, was, is)
	}
}

// Who looks at a customer, at what they were sent and at what is known of them, and who looks
// at what a rejected event says, is told as well; viewers may do neither.
func TestLookingAtCustomersIsTold(t *testing.T) {
	d := audited(t)
	ed, vic := d.as("Ed"), d.as("Vic")
	who := "/customers/main/" + d.ann
	thanks := "thank-you.thanks." + d.ann + ".1001"
	looked := " map[by:Ed customer:" + d.ann + " store:main]"
	for path, says := range map[string]string{
		who:                                  "a customer is looked at" + looked,
		who + "/erase":                       "a customer is looked at" + looked,
		who + "/export":                      "a customer's data is exported" + looked,
		who + "/emails/" + thanks:            "an email of a customer is looked at map[by:Ed store:main touch:" + thanks + "]",
		who + "/emails/" + thanks + "/again": "a customer is looked at" + looked,
	} {
		since := d.logs.Len()
		if code, page := vic.get(path); code != http.StatusForbidden || strings.Contains(page, "Assam") {
			t.Errorf("%s, a viewer: %d %.300s", path, code, page)
		}
		if told := d.told(since); len(told) > 0 {
			t.Errorf("%s: a viewer is told of: %q", path, told)
		}
		until(t, path, func() bool { // the copy of an email is kept in a moment
			since = d.logs.Len()
			code, _ := ed.get(path)
			return code == http.StatusOK
		})
		if told := d.told(since); len(told) == 0 || told[0] != says {
			t.Errorf("%s: it is told %q, and not %q", path, told, says)
		}
	}
	group := ed.find("/rejected", `href="(/rejected/main/[^"]+)"`)
	since := d.logs.Len()
	ed.get(group)
	if told := fmt.Sprint(d.told(since)); told != "[rejected events are looked at map[by:Ed sequences:[1]]]" {
		t.Errorf("%s: it is told %s", group, told)
	}
	d.noAddress()
}

// noAddress looks whether the log has an address or a token.
func (d *auditing) noAddress() {
	for _, e := range d.logs.All() {
		if text := fmt.Sprint(e.Message, e.ContextMap()); strings.Contains(text, "@") || strings.Contains(text, "a-token") {
			d.t.Errorf("the log: %s", text)
		}
	}
}
