package homingtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
)

// The role console, with the shipped rights: an editor sees what a real customer gets and
// publishes, the processes that send change to it, and the timeline says who did; nothing
// has an address.
func TestTheConsolePublishesToWhatSends(t *testing.T) {
	srv := permitted(t)
	c, sink := underRights(t, srv, "")
	port := strconv.Itoa(homingtest.FreePort(t))
	c.Console = config.Console{Listen: "127.0.0.1:" + port, URL: "http://localhost:" + port, MailURL: "http://127.0.0.1:" + port, Proxy: c.Console.Proxy, People: config.ConsolePeople{
		{Name: "Ann", Role: config.RoleEditor, Token: "a-token-of-ann-that-has-32-bytes-or-more"}, {Name: "Vic", Role: config.RoleViewer, Token: "a-token-of-vic-that-has-32-bytes-or-more"},
	}}
	core, logs := observer.New(zap.InfoLevel)
	a, err := app.New(app.Options{Config: c, Log: zap.New(core), RedisEmbedded: true, SMTPDial: sink.Dial, Load: homingtest.Load, Roles: []string{app.RoleIntake, app.RoleConsole, "thank-you"}})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer stopApp(t, a)
	until(t, "ready", func() bool { return a.Ready() == nil })
	spyAs(t, srv, "main", "_INBOX_main").publish(t, "main", "1", 0, homingtest.Order("ann", "1001"))

	ask := func(who, method, path, kind, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, c.Console.URL+path, bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer a-token-of-"+who+"-that-has-32-bytes-or-more")
		req.Header.Set("Content-Type", kind)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	look := `{"email": "thank-you/thanks", "who": "ann@example.com"}`
	until(t, "what a customer gets", func() bool {
		code, body := ask("ann", http.MethodPost, "/api/preview", "application/json", look)
		return code == http.StatusOK && strings.Contains(body, "Planned for") && strings.Contains(body, "Assam") && strings.Contains(body, "1001")
	})
	if code, body := ask("vic", http.MethodPost, "/api/preview", "application/json", look); code != http.StatusForbidden || strings.Contains(body, "Assam") {
		t.Errorf("a viewer: %d %s", code, body)
	}

	_, body := ask("ann", http.MethodGet, "/api/emails/thank-you/thanks", "", "")
	var all struct {
		Files []struct{ Path, Text, Version string }
	}
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatal(err, body)
	}
	for _, f := range all.Files {
		if f.Path != "thank-you/thanks.txt" {
			continue
		}
		save, _ := json.Marshal(map[string]any{"files": []map[string]string{{"path": f.Path, "text": f.Text + "\nP.S. of the console\n", "version": f.Version}}})
		if code, body := ask("ann", http.MethodPost, "/api/save", "application/json", string(save)); code != http.StatusOK {
			t.Fatal(code, body)
		}
	}
	_, page := ask("ann", http.MethodGet, "/versions/draft", "", "")
	revision := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(page)
	if revision == nil {
		t.Fatalf("nothing to publish: %s", page)
	}
	if code, page := ask("ann", http.MethodPost, "/versions/draft/publish", "application/x-www-form-urlencoded", "base=0&note=A+postscript&revision="+revision[1]); code != http.StatusOK || !strings.Contains(page, "A postscript") {
		t.Fatalf("%d %s", code, page)
	}
	nc, err := connect.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := connect.JetStream(c, nc)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the version in use", func() bool {
		ps, err := templatestore.Ask(t.Context(), nc)
		return err == nil && len(ps) == 1 && ps[0].Version == "1"
	})
	var told []string
	err = timeline.New(js).ReadType(t.Context(), "main", events.TypeTemplatesPublished, nil, func(es []customer.Entry) error {
		for _, e := range es {
			told = append(told, fmt.Sprintf("%+v", e.Event.Data))
		}
		return nil
	})
	if err != nil || fmt.Sprint(told) != "[&{Version:1 Author:Ann Message:A postscript Restores:0}]" {
		t.Errorf("the timeline says %v, %v", told, err)
	}
	looked := 0
	for _, e := range logs.All() {
		text := fmt.Sprint(e.Message, e.ContextMap())
		if strings.Contains(text, "ann@example.com") || strings.Contains(strings.ToLower(text), "permission") || strings.Contains(text, "a-token") {
			t.Errorf("the log: %s", text)
		}
		if strings.Contains(text, "by:Ann") {
			looked++
		}
	}
	if looked == 0 {
		t.Error("the log does not say who looked at a customer")
	}
}
