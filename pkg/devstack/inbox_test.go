package devstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gomail "github.com/wneessen/go-mail"
)

func startInbox(t *testing.T, o InboxOptions) *Inbox {
	t.Helper()
	i, err := StartInbox(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := i.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return i
}

// post hands raw to the inbox as it is and waits for it.
func post(t *testing.T, i *Inbox, raw string) {
	t.Helper()
	if err := smtp.SendMail(i.SMTPAddr(), nil, "bounce@shop.example", []string{"ann@example.com"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func plain(subject string) string {
	return "From: shop@shop.example\r\nSubject: " + subject + "\r\n\r\nHello\r\n"
}

// do sends a request to the inbox and returns the answer with its body read.
func do(t *testing.T, i *Inbox, method, path string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, i.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		if k == "Host" {
			req.Host = v
		}
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func getJSON(t *testing.T, i *Inbox, path string, into any) {
	t.Helper()
	res, body := do(t, i, http.MethodGet, path, nil)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", path, res.Status, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, body)
	}
}

func sendWithGoMail(t *testing.T, i *Inbox) {
	t.Helper()
	m := gomail.NewMsg()
	if err := m.FromFormat("Fjällkaffe, Ltd", "hej@shop.example"); err != nil {
		t.Fatal(err)
	}
	if err := m.AddToFormat("Ann Öberg", "ann@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := m.AddBcc("archive@example.com"); err != nil {
		t.Fatal(err)
	}
	m.Subject("Tack för din beställning, Ann — order 1029 är på väg till Kungsbacka 🎁")
	m.SetDateWithValue(time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600)))
	m.SetMessageIDWithValue("touch-1@shop.example")
	m.SetBodyString(gomail.TypeTextPlain, "Tack, Ann!\n\nEn mugg: 145 kr = ungefär £10.\n")
	m.AddAlternativeString(gomail.TypeTextHTML, `<html><head><title>no</title><style>p{}</style></head>
		<body><div style="display:none">Vi packar den <b>n</b>u.&#847;&zwnj;&nbsp;</div><p>Tack, Ann!</p></body></html>`)
	host, port, _ := net.SplitHostPort(i.SMTPAddr())
	n, _ := strconv.Atoi(port)
	// Credentials are taken, whatever they are.
	c, err := gomail.NewClient(host, gomail.WithPort(n), gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithSMTPAuth(gomail.SMTPAuthPlainNoEnc), gomail.WithUsername("any"), gomail.WithPassword("thing"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DialAndSendWithContext(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestAnEmailIsShownDecoded(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	sendWithGoMail(t, i)
	if err := i.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	var got Message
	getJSON(t, i, "/api/messages/1", &got)
	want := Message{
		ID: "1", From: "hej@shop.example", FromName: "Fjällkaffe, Ltd", EnvelopeFrom: "hej@shop.example",
		To:      []string{"ann@example.com", "archive@example.com"},
		Subject: "Tack för din beställning, Ann — order 1029 är på väg till Kungsbacka 🎁",
		Date:    time.Date(2026, 3, 4, 4, 6, 7, 0, time.UTC), Received: got.Received,
		Text: "Tack, Ann!\r\n\r\nEn mugg: 145 kr = ungefär £10.\r\n", HTML: got.HTML, Headers: got.Headers, Size: got.Size,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the email differs (-want +got):\n%s", diff)
	}
	for name, value := range map[string]string{
		"Message-ID": "<touch-1@shop.example>", "Subject": want.Subject, "To": "Ann Öberg <ann@example.com>",
	} {
		if diff := cmp.Diff([]string{value}, got.Headers[name]); diff != "" {
			t.Errorf("header %s (-want +got):\n%s", name, diff)
		}
	}
	if !strings.Contains(got.HTML, "<p>Tack, Ann!</p>") {
		t.Errorf("HTML is %q", got.HTML)
	}

	var list []Message
	getJSON(t, i, "/api/messages", &list)
	if diff := cmp.Diff([]Message{got}, list); diff != "" {
		t.Errorf("the list differs from the email (-mail +list):\n%s", diff)
	}
	if diff := cmp.Diff(list, i.Messages()); diff != "" {
		t.Errorf("Messages differs from the API (-API +Go):\n%s", diff)
	}
	var page briefs
	getJSON(t, i, "/api/summaries?q=KUNGSBACKA", &page)
	if len(page.Messages) != 1 || page.Messages[0].Snippet != "Vi packar den nu. Tack, Ann!" {
		t.Errorf("summaries: %+v", page)
	}
}

func TestTheSourceStaysAsItCame(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	raw := "Subject: one\r\n two\r\nX-Long: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\n\r\n.dot\r\nbare end\r\n"
	post(t, i, raw)
	m := i.Messages()[0]
	if m.Subject != "one two" || m.Headers["X-Long"][0] != "ab" {
		t.Errorf("subject %q, X-Long %q", m.Subject, m.Headers["X-Long"])
	}
	res, source := do(t, i, http.MethodGet, "/api/messages/1/source", nil)
	if diff := cmp.Diff(raw, source); diff != "" {
		t.Errorf("source (-sent +got):\n%s", diff)
	}
	if got := res.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("source is served as %q", got)
	}
}

func TestBrokenEmailsAreListedWithTheirSource(t *testing.T) {
	for name, raw := range map[string]string{
		"no header at all":     "just words\r\n",
		"no boundary":          "Subject: s\r\nContent-Type: multipart/alternative\r\n\r\n--x\r\n\r\nHello\r\n",
		"cut off":              "Subject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHello\r\n",
		"unknown encoding":     "Subject: s\r\nContent-Transfer-Encoding: rot13\r\n\r\nUryyb\r\n",
		"unknown charset":      "Subject: s\r\nContent-Type: text/plain; charset=klingon\r\n\r\nnuqneH\r\n",
		"not base64":           "Subject: s\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%\r\n",
		"parts without end":    "Subject: s\r\n" + nested(maxDepth+2) + "\r\n\r\ndeep\r\n",
		"a line of no header":  "Subject: s\r\nthis is none\r\n\r\nHello\r\n",
		"malformed media type": "Subject: s\r\nContent-Type: ;;\r\n\r\nHello\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			i := startInbox(t, InboxOptions{})
			post(t, i, raw)
			var got []Message
			getJSON(t, i, "/api/messages", &got)
			if len(got) != 1 || got[0].Error == "" {
				t.Fatalf("listed: %+v", got)
			}
			if strings.HasPrefix(raw, "Subject") && got[0].Subject != "s" {
				t.Errorf("subject is %q", got[0].Subject)
			}
			if _, source := do(t, i, http.MethodGet, "/api/messages/1/source", nil); source != raw {
				t.Errorf("source is %q, sent was %q", source, raw)
			}
		})
	}
}

func nested(depth int) string {
	var b strings.Builder
	for n := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", n, n)
	}
	return b.String()
}

func TestHostileHeadersStayData(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	post(t, i, "From: =?utf-8?q?=3Cevil@x.test=3E?= <real@shop.example>\r\n"+
		"Subject: =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E?=\r\nSubject: second\r\n"+
		"Date: Fri, 31 Dec 9999 23:59:59 -1200\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe5\xff\r\n")
	m := i.Messages()[0]
	if m.From != "real@shop.example" || m.Subject != "<script>alert(1)</script>" || !strings.HasPrefix(m.Text, "åÿ") {
		t.Errorf("from %q, subject %q, text %q", m.From, m.Subject, m.Text)
	}
	if !m.Date.Equal(m.Received) {
		t.Errorf("a date beyond year 9999 is taken as %s", m.Date)
	}
	if res, body := do(t, i, http.MethodGet, "/api/messages", nil); res.StatusCode != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("%s: %s", res.Status, body)
	}
}

func TestDelete(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	for n := range 3 {
		post(t, i, plain(strconv.Itoa(n)))
	}
	if res, _ := do(t, i, http.MethodDelete, "/api/messages/2", nil); res.StatusCode != http.StatusNoContent {
		t.Errorf("delete one: %s", res.Status)
	}
	if res, body := do(t, i, http.MethodGet, "/api/messages/2", nil); res.StatusCode != http.StatusNotFound || !strings.Contains(body, `"error":`) {
		t.Errorf("the deleted one: %s: %s", res.Status, body)
	}
	if i.Len() != 2 {
		t.Errorf("%d emails left, want 2", i.Len())
	}
	if res, _ := do(t, i, http.MethodDelete, "/api/messages", nil); res.StatusCode != http.StatusNoContent {
		t.Errorf("delete all: %s", res.Status)
	}
	if _, body := do(t, i, http.MethodGet, "/api/messages", nil); strings.TrimSpace(body) != "[]" {
		t.Errorf("after deleting all: %s", body)
	}
	post(t, i, plain("again"))
	if got := i.Messages()[0].ID; got != "4" {
		t.Errorf("the next id is %s: an old link would lead to another email", got)
	}
}

func TestListIsNewestFirstAndFiltered(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	for n := range 5 {
		if err := smtp.SendMail(i.SMTPAddr(), nil, "a@shop.example", []string{fmt.Sprintf("c%d@example.com", n%2)}, []byte(plain(strconv.Itoa(n)))); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string][]string{
		"/api/messages":                           {"5", "4", "3", "2", "1"},
		"/api/messages?limit=2":                   {"5", "4"},
		"/api/messages?limit=0":                   {},
		"/api/messages?to=C0@example.com":         {"5", "3", "1"},
		"/api/messages?to=c1@example.com&limit=1": {"4"},
		"/api/messages?to=c":                      {},
	} {
		var list []Message
		getJSON(t, i, path, &list)
		got := []string{}
		for _, m := range list {
			got = append(got, m.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for _, path := range []string{"/api/messages?limit=-1", "/api/messages?limit=x", "/api/summaries?after=x"} {
		if res, _ := do(t, i, http.MethodGet, path, nil); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	var part briefs
	getJSON(t, i, "/api/summaries?before=5&after=1&limit=2", &part)
	if len(part.Messages) != 2 || part.Messages[0].ID != "4" || !part.More || part.Total != 5 {
		t.Errorf("summaries between 1 and 5: %+v", part)
	}
}

func TestKeepsTheNewest(t *testing.T) {
	size := int64(len(plain("0")))
	for name, o := range map[string]InboxOptions{
		"by number": {Keep: 3},
		"by bytes":  {MaxBytes: 3*size + 1},
	} {
		t.Run(name, func(t *testing.T) {
			i := startInbox(t, o)
			for n := range 7 {
				post(t, i, plain(strconv.Itoa(n)))
			}
			if err := i.Wait(t.Context(), 7); err != nil { // those dropped have arrived too
				t.Fatal(err)
			}
			got := []string{}
			for _, m := range i.Messages() {
				got = append(got, m.Subject)
			}
			if diff := cmp.Diff([]string{"6", "5", "4"}, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := i.Wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait: %v", err)
	}
}
