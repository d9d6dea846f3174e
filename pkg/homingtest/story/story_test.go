package story_test

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/story"
)

func TestAShopLives(t *testing.T) {
	began := time.Now()
	dir := t.TempDir()
	identity, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		// One mailbox does not exist.
		w.Sink.Answer = func(command, arg string) string {
			if command == "RCPT" && strings.Contains(arg, "c3@example.com") {
				return "550 5.1.1 no such user"
			}
			return ""
		}
		kept := keep(t, w)
		w.Start()
		start := time.Now()
		shop := story.New(1, start, days, customers)
		for _, s := range shop.Said() {
			if wait := time.Until(s.At); wait > 0 {
				troubles(w, start, s.At)
				time.Sleep(wait)
			}
			w.PublishEvent(s.Event)
		}
		time.Sleep(time.Until(start.Add(days * story.Day)))
		told := kept()
		if days >= 30 {
			everyWorkerSent(t, told)
		}
		ledger := shop.Read(told, func(id string) string { return identity.Key("main", id).Token }, func(email string) string { return identity.Guest("main", email) })
		wrong := ledger.Audit()
		for i, s := range wrong {
			if i == 40 {
				t.Errorf("… and %d more", len(wrong)-i)
				break
			}
			t.Error(s)
		}
		mails := w.Sink.Mails()
		if len(mails) != ledger.Mails() {
			t.Errorf("%d emails arrived, the timeline knows of %d", len(mails), ledger.Mails())
		}
		for _, m := range mails {
			checkMail(t, m)
		}
		t.Logf("%d customers, %d days, %d events, %d emails%s", customers, days, len(shop.Said()), len(mails), ledger.Summary())
	})
	t.Logf("took %s", time.Since(began).Round(time.Second))
}

// everyWorkerSent fails where the story is of some workers only.
func everyWorkerSent(t *testing.T, told []events.Event) {
	t.Helper()
	silent := []string{"birthday", "cart-recovery", "replenishment", "review-request", "thank-you", "win-back"}
	for _, e := range told {
		if f, ok := e.Data.(events.Fact); ok && e.Type == events.TypeEmailSent {
			silent = slices.DeleteFunc(silent, func(w string) bool { return w == f.Body().Worker })
		}
	}
	if len(silent) > 0 {
		t.Errorf("%v sent nothing", silent)
	}
}

// keep notes what is put on the timeline, since nothing about an erased customer
// stays there. It returns what there was up to then.
func keep(t *testing.T, w *homingtest.World) func() []events.Event {
	t.Helper()
	var mu sync.Mutex
	var out []events.Event
	nc := w.JS.Conn()
	_, err := nc.Subscribe("timeline.>", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		e, err := events.DecodeTrusted("main", m.Data)
		if err != nil {
			t.Error(err)
		}
		out = append(out, e)
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []events.Event {
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return out
	}
}

// troubles is what else goes wrong: now and then Homing is restarted, and Redis
// forgets everything.
func troubles(w *homingtest.World, start, next time.Time) {
	day := int(time.Since(start) / story.Day)
	if int(next.Sub(start)/story.Day) == day {
		return
	}
	switch day % 40 {
	case 11:
		w.Stop()
		time.Sleep(min(time.Hour, time.Until(next)))
		w.Start()
	case 23:
		w.Redis.Mini().FlushAll()
	}
}

// checkMail looks at what every email must have.
func checkMail(t *testing.T, m homingtest.Mail) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(m.Raw))
	if err != nil {
		t.Errorf("%s: %v", m.Subject, err)
		return
	}
	text, html := parts(t, msg)
	if text == "" || html == "" || m.Subject == "" {
		t.Errorf("to %s: %q without text, HTML or subject", m.To, m.Subject)
	}
	if !strings.Contains(text, "1 High Street") {
		t.Errorf("%q: no postal address", m.Subject)
	}
	for _, s := range []string{"{{", "<no value>", "%!", "0001-01-01"} {
		if strings.Contains(text+html+m.Subject, s) {
			t.Errorf("%q has %q in it", m.Subject, s)
		}
	}
	out := msg.Header.Get("List-Unsubscribe")
	if thanks := strings.Contains(text, "no. 1"); out == "" && !thanks {
		t.Errorf("%q: no way out", m.Subject)
	}
	if link := strings.Trim(out, "<>"); out != "" && (!strings.HasPrefix(link, "https://") || !strings.Contains(strings.ReplaceAll(text, "\n", ""), link)) {
		t.Errorf("%q: the way out, %s, is not in its text", m.Subject, out)
	}
}

// parts returns the text and the HTML of an email.
func parts(t *testing.T, msg *mail.Message) (text, html string) {
	t.Helper()
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
		return
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			html = string(body)
		} else {
			text = string(body)
		}
	}
}
