package homingtest_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/routes"
)

// atMails are what the emails' own host serves: the names of what it shows are on pages.
var atMails = []string{"GET /frame", "GET /frame.js", "GET /frame.css", "GET /picture.svg", "GET /view/{name}", "GET /thumbnail/{key}/{worker}/{step}"}

// Nothing that the console gives a viewer, pages, downloads, JSON and streams, has an address
// or a name of a customer, whatever shops have sent; an editor sees it.
func TestViewersSeeNoCustomer(t *testing.T) {
	d := audited(t)
	const domain, name, id = "private.example", "Zoltana", "zoe.zed"
	shop := spyAs(t, d.srv, "main", "_INBOX_main")
	o := homingtest.Order(id, "4711")
	o.Customer.Email, o.Customer.FirstName = "zoe@"+domain, name
	shop.publish(t, "main", "zoe", 31*time.Minute, o)
	for _, body := range []string{
		`{"customer": {"id": "zoe.zed", "email": "zoe at private.example"}, "order": {"id": "1", "total": {"amount": "1.00", "currency": "GBP"}}}`,
		`{"customer": {"id": "zoe.zed", "email": "zoe@private.example"}, "order": {"id": "1", "total": 27.8}}`,
		`{"customer": {"zoe@private.example": 1, "email": "zoe@private.example", "time_zone": "zoe@private.example"}, "order": {"id": "1", "total": {"amount": "zoe@private.example", "currency": "zoe@private.example"}}}`,
		`{"specversion": "1.0", "id": "zoe@private.example", "source": "/zoe@private.example", "type": "order.placed", "data": {"customer": {"id": "0", "email": "zoe@private.example"}}}`,
		`"zoe@private.example"`,
	} {
		if _, err := shop.js.Publish(t.Context(), events.Subject("main", events.TypeOrderPlaced), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "what is sent and what is rejected", func() bool { return len(d.sink.Mails()) == 2 && d.last(bus.Rejected) == 6 })
	ed, vic := d.as("Ed"), d.as("Vic")
	ed.send("/api/save", saved("P.S.")(ed), own)
	ed.send("/versions/draft/publish", publishes(ed), own)
	who := "/customers/main/" + d.ann
	asked := []string{"/", "/nothing", "/today", "/workers", "/workers/thank-you", "/workers/thank-you/pause", "/announcements", "/announcements/main/spring", "/announcements/main/spring/cancel",
		"/numbers", "/numbers/digest", "/numbers/main/summary.csv", "/numbers/main/months.csv", "/numbers/main/months.json", "/numbers/main/months", "/emails", "/emails/thank-you/thanks", "/api/emails/thank-you/thanks", "/api/vocabulary",
		"/versions", "/versions/1", "/versions/draft", "/rejected", "/system", "/customers", who, who + "/export", who + "/erase", who + "/emails/thank-you.thanks." + d.ann + ".1001", who + "/emails/thank-you.thanks." + d.ann + ".1001/again",
		"/live?section=/today", "/live?section=/workers", "/live?section=/announcements", "/live?section=/rejected", "/live?section=/system", "/live?section=/customers", "/api/changes"}
	asked = append(asked, d.groups(ed)...)
	left, mux := map[string]bool{}, http.NewServeMux()
	all, err := routes.Of("../..", routes.Console...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if strings.HasPrefix(r, "GET ") && ofFolders["POST "+strings.TrimPrefix(r, "GET ")] == "" {
			mux.Handle(r, http.NotFoundHandler())
			left[r] = true
		}
	}
	for _, r := range atMails {
		delete(left, r)
	}
	shown := 0
	for _, path := range asked {
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, path, nil))
		delete(left, pattern)
		text := d.begins(vic, path)
		for _, secret := range []string{domain, name, id, "ann@example.com"} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s tells a viewer %s: … %s …", path, secret, text[max(0, i-100):min(len(text), i+100)])
			}
		}
		if strings.HasPrefix(path, "/rejected/") && strings.Contains(d.begins(ed, path), domain) {
			shown++
		}
	}
	if shown == 0 {
		t.Error("an editor sees no address either, so this test sees nothing")
	}
	for r := range left {
		t.Errorf("%s: nobody looked whether it shows viewers a customer", r)
	}
}

// groups are the pages of rejected events.
func (d *auditing) groups(ed *doer) (out []string) {
	d.t.Helper()
	ed.find("/rejected", `href="(/rejected/main/[^"]+)"`)
	_, page := ed.get("/rejected")
	for part := range strings.SplitSeq(page, `href="/rejected/main/`) {
		if path, _, ok := strings.Cut(part, `"`); ok && strings.Contains(path, "?") && len(path) < 200 {
			out = append(out, "/rejected/main/"+strings.ReplaceAll(path, "&amp;", "&"))
		}
	}
	if len(out) < 3 {
		d.t.Fatalf("%q are the groups of %s", out, page)
	}
	return out
}

// begins is what an address answers, or how its stream begins.
func (d *auditing) begins(p *doer, path string) string {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithCancel(d.t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.at+path, nil)
		if err != nil {
			d.t.Fatal(err)
		}
		res, err := p.http.Do(req)
		if err != nil {
			d.t.Fatal(err)
		}
		var text strings.Builder
		stream := strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream")
		for lines := bufio.NewReader(res.Body); ; {
			line, err := lines.ReadString('\n')
			text.WriteString(line)
			if err != nil || stream && strings.HasPrefix(line, "data:") {
				break
			}
		}
		_ = res.Body.Close()
		cancel()
		if res.Header.Get("Refresh") == "" || time.Now().After(end) {
			return text.String()
		}
	}
}
