package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"homing/pkg/mailer"
)

// What listmonk is to send is what Homing sent, but for the link to unsubscribe.
func TestWhatAnEmailSaysIsReadBack(t *testing.T) {
	link := benchURL + "/u/abc.def"
	m, err := mailer.Build(mailer.Mail{
		From: `"Example Shop" <hello@shop.example>`, To: "c-1@example.com", MessageID: "x@shop.example", Subject: "Spring – at last",
		Text: "Spring is here\n\n" + link + "\n", HTML: `<p>Spring is here</p><a href="` + link + `">Stop</a> <a href="https://shop.example/?a=b">` + strings.Repeat("long ", 40) + `</a>`,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	w, err := beginSink(json.RawMessage(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	r, err := mailer.New(mailer.Options{URL: "smtp+insecure://" + w.ready.Addr})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out := c.Send(t.Context(), m, nil); out.State != mailer.Accepted {
		t.Fatalf("%+v", out)
	}
	c.Release()
	raw, err := w.answers["first"]()
	if err != nil {
		t.Fatal(err)
	}
	got, err := contentOf(raw.([]byte))
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "Spring – at last" || !strings.Contains(got.From, "hello@shop.example") {
		t.Errorf("%q from %q", got.Subject, got.From)
	}
	for _, part := range []string{got.HTML, got.Text} {
		if !strings.Contains(part, "Spring is here") || !strings.Contains(part, "{{ UnsubscribeURL }}") || strings.Contains(part, link) {
			t.Errorf("%s", part)
		}
	}
	if !strings.Contains(got.HTML, `https://shop.example/?a=b`) {
		t.Errorf("other links are not as they were: %s", got.HTML)
	}
}

// The memory of a process is counted with that of those that it started.
func TestAForestHasTheChildren(t *testing.T) {
	if share(os.Getpid()) == 0 {
		t.Skip("this machine doesn't say what memory processes share")
	}
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err == nil {
		err = cat.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	f := watchForest(map[string]int{"us": os.Getpid(), "cat": cat.Process.Pid})
	u := f.stop()
	if u[0]["cat"] == 0 || u[0]["us"] <= u[0]["cat"] {
		t.Errorf("%v", u[0])
	}
	all, each := u.peak()
	if all != each["us"]+each["cat"] || len(u.quarters("us")) != 5 {
		t.Errorf("%d of %v, %v", all, each, u.quarters("us"))
	}
	_ = in.Close()
	_ = cat.Wait()
}

func TestSQLIsQuoted(t *testing.T) {
	if got := quote("it's <b>'</b>"); got != "'it''s <b>''</b>'" {
		t.Error(got)
	}
}
