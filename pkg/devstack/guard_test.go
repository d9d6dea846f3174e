package devstack

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"homing/pkg/localweb"
)

func TestHostileHTMLIsServedInert(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	evil := `<script>parent.document.title="owned"</script><img src=x onerror=alert(1)>`
	post(t, i, "Subject: <b>x</b>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+evil+"\r\n")
	res, body := do(t, i, http.MethodGet, "/messages/1/html", nil)
	if !strings.Contains(body, evil) {
		t.Errorf("the HTML part is not shown as it is: %q", body)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
		"X-Content-Type-Options":  "nosniff",
		"Content-Type":            "text/html; charset=utf-8",
		"Referrer-Policy":         "no-referrer",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestThePageRunsItsOwnCodeOnly(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	res, body := do(t, i, http.MethodGet, "/", nil)
	policy := res.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-src 'self'", "img-src 'self' data:"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	for _, inline := range []string{"<style", "style=", "onclick=", "http://", "https://"} {
		if strings.Contains(body, inline) {
			t.Errorf("the page holds %q, which its policy forbids", inline)
		}
	}
	if !strings.Contains(body, "homing publish order.placed --customer ann --email ann@example.com") {
		t.Error("an empty inbox does not tell what to try next")
	}
	script, err := page.ReadFile("page/inbox.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "srcdoc", "eval(", "allow-scripts", "allow-same-origin"} {
		if strings.Contains(string(script), sink) {
			t.Errorf("the script uses %s: an email could write into the page", sink)
		}
	}
	for _, path := range []string{"/inbox.css", "/inbox.js", "/mark.svg"} {
		if res, _ := do(t, i, http.MethodGet, path, nil); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

func TestForeignNamesAreRefused(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	_, port, err := net.SplitHostPort(i.HTTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"127.0.0.1:" + port: http.StatusOK, "localhost:" + port: http.StatusOK, "LOCALHOST:" + port: http.StatusOK, "[::1]:" + port: http.StatusOK,
		"evil.example:" + port: http.StatusForbidden, "localhost.evil.example:" + port: http.StatusForbidden, "192.168.1.4:" + port: http.StatusForbidden,
		"localhost": http.StatusForbidden, "localhost:1": http.StatusForbidden, "[::1": http.StatusForbidden,
	} {
		if res, body := do(t, i, http.MethodGet, "/api/messages", map[string]string{"Host": host}); res.StatusCode != want {
			t.Errorf("Host %s: %s: %s", host, res.Status, body)
		}
	}
	open := localweb.Hosts{Port: 8025}
	for host, want := range map[string]bool{"192.168.1.4:9000": true, "localhost:9000": true, "evil.example:8025": false} {
		if open.Allows(host) != want {
			t.Errorf("bound to every interface, Host %s allowed: %v", host, !want)
		}
	}
}

func TestOnlyThePageItselfDeletes(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	post(t, i, plain("kept"))
	for name, header := range map[string]map[string]string{
		"another site":         {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another local server": {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
		"an old browser":       {"Origin": "http://evil.example"},
		"a sandboxed mail":     {"Origin": "null"},
	} {
		if res, _ := do(t, i, http.MethodDelete, "/api/messages", header); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
	if i.Len() != 1 {
		t.Fatal("the email is gone")
	}
	if res, _ := do(t, i, http.MethodDelete, "/api/messages", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": i.URL()}); res.StatusCode != http.StatusNoContent {
		t.Errorf("the page itself: %s", res.Status)
	}
}

func TestUnknownPathsAnswerJSON(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	for _, path := range []string{"/api/nothing", "/api/messages/7", "/api/messages/x/source", "/messages/7/html"} {
		res, body := do(t, i, http.MethodGet, path, nil)
		if res.StatusCode != http.StatusNotFound || !strings.Contains(body, `{"error":"`) {
			t.Errorf("%s: %s: %s", path, res.Status, body)
		}
	}
}

func nextState(t *testing.T, lines *bufio.Scanner) state {
	t.Helper()
	var s state
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if err := json.Unmarshal([]byte(data), &s); err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return s
}

func TestOneEventTellsOfManyEmails(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.URL()+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	if s := nextState(t, lines); s.Total != 0 || s.Instance == "" {
		t.Errorf("at the start: %+v", s)
	}
	const mails = 200
	for range mails {
		i.box.add(&mail{received: time.Now(), raw: []byte(plain("x"))})
	}
	events := 0
	for s := (state{}); s.Newest < mails; events++ {
		s = nextState(t, lines)
	}
	if events > mails/10 {
		t.Errorf("%d events for %d emails", events, mails)
	}
	i.Clear()
	if s := nextState(t, lines); s.Total != 0 || s.Removals != 1 {
		t.Errorf("after clearing: %+v", s)
	}
}

func TestStopIsNotHeldUpByIdleConnections(t *testing.T) {
	i, err := StartInbox(InboxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.Dial(i.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("pool.example"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := i.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := i.Stop(ctx); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := c.Noop(); err == nil {
		t.Error("the connection is still open")
	}
}

func TestStopWaitsForTheEmailBeingSent(t *testing.T) {
	i, err := StartInbox(InboxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.Dial(i.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail("a@shop.example"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("ann@example.com"); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for i.recv.busy.Load() == 0 && ctx.Err() == nil {
		if _, err := w.Write([]byte("X: y\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	var stopping sync.WaitGroup
	stopping.Go(func() {
		if err := i.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	<-i.closing
	if _, err := w.Write([]byte(plain("last"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("the last email was cut off: %v", err)
	}
	stopping.Wait()
	if i.Len() != 1 {
		t.Errorf("%d emails, want 1", i.Len())
	}
}

func TestInboxOnTakenPorts(t *testing.T) {
	smtpAddr, httpAddr := addrOf(taken(t)), addrOf(taken(t))
	if _, err := StartInbox(InboxOptions{SMTPAddr: smtpAddr}); err == nil {
		t.Error("a taken SMTP port is no error")
	}
	if _, err := StartInbox(InboxOptions{HTTPAddr: httpAddr}); err == nil {
		t.Error("a taken web port is no error")
	}
	i := startInbox(t, InboxOptions{SMTPAddr: smtpAddr, HTTPAddr: httpAddr, NextFree: true})
	if i.SMTPAddr() == smtpAddr || i.HTTPAddr() == httpAddr {
		t.Errorf("started on %s and %s, which were taken", i.SMTPAddr(), i.HTTPAddr())
	}
	post(t, i, plain("x"))
	if want := "smtp+insecure://" + i.SMTPAddr(); i.SMTPURL() != want {
		t.Errorf("SMTPURL %s, want %s", i.SMTPURL(), want)
	}
	for _, addr := range []string{"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"} {
		if _, err := StartInbox(InboxOptions{SMTPAddr: addr}); err == nil {
			t.Errorf("%s is no error", addr)
		}
	}
}
