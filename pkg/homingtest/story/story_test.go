package story_test

import (
	"fmt"
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
	"homing/pkg/announcement"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/story"
	"homing/pkg/localtime"
	"homing/pkg/programme"
	"homing/workers/digest"
	"homing/workers/optin"
	"homing/workers/referral"
)

func TestAShopLives(t *testing.T) {
	began, cpu := time.Now(), spent(t)
	dir := t.TempDir()
	identity, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, story.Workers)
		// One mailbox does not exist.
		w.Sink.Answer = func(command, arg string) string {
			if command == "RCPT" && strings.Contains(arg, "c3@example.com") {
				return "550 5.1.1 no such user"
			}
			return ""
		}
		w.LiveLong()
		kept := keep(t, w)
		w.Start()
		start := time.Now()
		shop := story.New(1, start, days, customers)
		news := announce(t, w, start)
		token, guest := func(id string) string { return identity.Key("main", id).Token }, func(email string) string { return identity.Guest("main", email) }
		friends := shop.Friends(token, guest)
		hear := func(e events.Event) []story.Said { return append(shop.Hear(e), friends(e)...) }
		tell := progress(t, start, w)
		said := live(w, shop, hear, kept, start.Add(days*story.Day), func(next time.Time) {
			tell(next)
			troubles(w, start, next)
		})
		told := kept()
		if days >= 30 {
			everyWorkerSent(t, told)
		}
		if days >= 300 {
			friendsCame(t, told)
		}
		ledger := shop.Read(told, token, guest)
		for _, n := range news {
			ledger.Announced(n)
		}
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
		t.Logf("%d customers, %d days, %d events, %d emails%s", customers, days, len(said), len(mails), ledger.Summary())
	})
	t.Logf("took %s, and %s of CPU time", time.Since(began).Round(time.Second), cpu().Round(time.Second))
}

// progress returns what tells every 30 days how far the story is, and what it has cost: a day
// must not cost more the longer a shop has had Homing.
func progress(t *testing.T, start time.Time, w *homingtest.World) func(next time.Time) {
	cpu, told := spent(t), 0
	return func(next time.Time) {
		if day := int(next.Sub(start) / story.Day); day >= told+30 {
			told = day
			t.Logf("day %3d: %5d emails, %s of CPU time", day, len(w.Sink.Mails()), cpu().Round(time.Second))
		}
	}
}

// live has a shop live until the end, and returns all that it said: what it had in mind, and
// what came of what it saw on the timeline, as hear tells it. before is called before time passes.
func live(w *homingtest.World, shop *story.Shop, hear func(events.Event) []story.Said, kept func() []events.Event, end time.Time, before func(next time.Time)) (said []story.Said) {
	var later []story.Said // what it saw leads to, by time
	seen, looked := 0, time.Time{}
	say := func(s story.Said) {
		if time.Until(s.At) > 0 {
			before(s.At)
			time.Sleep(time.Until(s.At))
		}
		s.At = time.Now() // what should have been said before is said now
		w.PublishEvent(s.Event)
		said = append(said, s)
	}
	due := func(until time.Time) {
		if time.Since(looked) < time.Hour {
			return
		}
		looked = time.Now()
		told := kept()
		for _, e := range told[seen:] {
			later = append(later, hear(e)...)
		}
		seen = len(told)
		slices.SortStableFunc(later, func(a, b story.Said) int { return a.At.Compare(b.At) })
		for len(later) > 0 && !later[0].At.After(until) {
			say(later[0])
			later = later[1:]
		}
	}
	for _, s := range shop.Said() {
		due(s.At)
		say(s)
	}
	due(end)
	time.Sleep(time.Until(end))
	return said
}

// announce has the shop announce something on the tenth day, and each 60 days after that.
func announce(t *testing.T, w *homingtest.World, start time.Time) (out []story.News) {
	t.Helper()
	for day := 10; day < days; day += 60 {
		n := story.News{ID: fmt.Sprintf("news-%d", day), On: start.Truncate(story.Day).AddDate(0, 0, day)}
		_, err := announcement.Entries{JS: w.JS}.Create(t.Context(), announcement.Definition{
			ID: n.ID, Store: "main", Template: "announcements/newsletter", Expires: 48 * time.Hour,
			At: announcement.When{Date: localtime.DateOf(n.On), Clock: 9 * 60},
		}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

// everyWorkerSent fails where the story is of some workers only.
func everyWorkerSent(t *testing.T, told []events.Event) {
	t.Helper()
	// One is for shops that ask for a second yes, and one for those who run the shop.
	silent := slices.DeleteFunc(programme.WorkerNames(), func(w string) bool { return w == optin.Name || w == digest.Name })
	for _, e := range told {
		if f, ok := e.Data.(events.Fact); ok && e.Type == events.TypeEmailSent {
			silent = slices.DeleteFunc(silent, func(w string) bool { return w == f.Body().Worker })
		}
	}
	if len(silent) > 0 {
		t.Errorf("%v sent nothing", silent)
	}
}

// friendsCame fails where nobody passed a code on, so that nothing is known about rewards.
func friendsCame(t *testing.T, told []events.Event) {
	t.Helper()
	outcomes := map[string]int{}
	for _, e := range told {
		if f, ok := e.Data.(events.Fact); ok && f.Body().Worker == referral.Name {
			outcomes[f.Body().Step+" "+f.Body().Reason]++
		}
	}
	for _, want := range []string{referral.Reward + " sent", referral.Friend + " sent", referral.Reward + " refunded", referral.Friend + " self_referral"} {
		if outcomes[want] == 0 {
			t.Errorf("no %s: %v", want, outcomes)
		}
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
	// Of an order, a subscription, or a complaint.
	if transactional := strings.Contains(text, "no. 1") || strings.Contains(text, "/subscriptions/"); out == "" && !transactional {
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
