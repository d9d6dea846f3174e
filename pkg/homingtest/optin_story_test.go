package homingtest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

const confirming = "consent: {policy: explicit, double_opt_in: true}\n" + marketing

// asksFor is that a customer asks for email at the shop.
func asksFor(id, email string, at *time.Time) *events.CustomerUpdated {
	return &events.CustomerUpdated{Customer: events.Customer{ID: id, Email: email, Locale: "fr", Consent: &events.Consent{Email: events.Subscribed, At: at, Source: "newsletter"}}}
}

// only returns the link of ours that an email has for a purpose.
func only(t *testing.T, raw, purpose string) string {
	t.Helper()
	found := map[string]bool{}
	linksIn(found, parts(t, raw)...)
	for l := range found {
		if strings.HasPrefix(l, homingtest.PublicURL+"/"+purpose+"/") {
			return l
		}
	}
	t.Fatalf("no link /%s/ in\n%s", purpose, raw)
	return ""
}

func TestConsentBeginsWhenTheAddressIsConfirmed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, confirming)
		w.Start()
		w.Publish("main", asksFor("ann", "ann@example.com", new(time.Now())))
		time.Sleep(5 * time.Minute)
		mails := w.Sink.Mails()
		if len(mails) != 1 || !strings.Contains(strings.Join(parts(t, mails[0].Raw), ""), "Souhaitez-vous recevoir nos e-mails") || homingtest.Unsubscribe(mails[0].Raw) != "" {
			t.Fatalf("%d emails: %v", len(mails), mails)
		}
		page := only(t, mails[0].Raw, "c")
		w.Publish("main", homingtest.Order("ann", "1001"))
		time.Sleep(time.Hour)
		if got := outcomes(w); len(got) != 2 || got[1] != "no_consent" {
			t.Fatalf("before it is confirmed: %v", got)
		}
		if detail := w.Facts()[len(w.Facts())-1].Data.(*events.EmailDropped).Detail; !strings.Contains(detail, "waiting for confirmation") {
			t.Errorf("the reason is %q", detail)
		}
		for range 2 {
			if code, _, body := w.Request("POST", page, url.Values{}); code != 200 || !strings.Contains(body, "Welcome") {
				t.Fatalf("%d %s", code, body)
			}
		}
		var consents []*events.Consent
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(*events.CustomerUpdated); ok && d.Consent != nil {
				consents = append(consents, d.Consent)
			}
		}
		if len(consents) != 2 || consents[0].Email != events.ConsentRequested || consents[1].Email != events.Subscribed || consents[1].Source != "double_opt_in" || consents[1].At == nil {
			t.Errorf("%+v", consents)
		}
		time.Sleep(17 * time.Hour) // the question takes a place in the caps
		w.Publish("main", homingtest.Order("ann", "1002"))
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != 2 {
			t.Errorf("%d emails after the confirmation", n)
		}
		// And out again, by the preferences of that email; the next one follows it.
		prefs := only(t, w.Sink.Mails()[1].Raw, "p")
		if code, _, body := w.Request("POST", prefs, url.Values{"do": {"save"}, "shown": {"thank-you"}, "often": {"week"}}); code != 200 || !strings.Contains(body, "Saved") {
			t.Fatalf("%d %s", code, body)
		}
		w.Publish("main", homingtest.Order("ann", "1003"))
		time.Sleep(time.Hour)
		if got := outcomes(w); got[len(got)-1] != "unsubscribed" {
			t.Errorf("%v", got)
		}
	})
}

// Ann reads one mailbox, whatever follows a + in its address, or where there are dots in
// one of Gmail's. Others are not counted with her.
func TestNobodyIsBombedUnderOtherTags(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, confirming)
		w.Start("intake", "double-opt-in") // for weeks: nobody else is needed
		sent := func(prefix string) (n int) {
			for _, m := range w.Sink.Mails() {
				if to := strings.ReplaceAll(strings.ToLower(m.To), ".", ""); strings.HasPrefix(to, prefix+"@") || strings.HasPrefix(to, prefix+"+") {
					n++
				}
			}
			return n
		}
		for day := range 40 {
			at := time.Now()
			for n, email := range []string{"ann+%d@example.com", "Ann+x%d@Example.com", "a.n.n.a+%d@gmail.com", "an.na+%d@googlemail.com", "eve.%d@example.com"} {
				w.Publish("main", asksFor(fmt.Sprintf("id-%d-%d", n, day), fmt.Sprintf(email, day), &at))
			}
			if day == 0 { // and a moment later than the rest, by the plain address
				w.Publish("main", asksFor("ann", "ann@example.com", &at))
			}
			time.Sleep(25 * time.Hour)
		}
		if ann, anna, eve := sent("ann"), sent("anna"), len(w.Sink.Mails())-sent("ann")-sent("anna"); ann != 6 || anna != 6 || eve != 40 {
			t.Errorf("ann got %d emails and anna %d, want 6 of each in six weeks; others %d, want 40", ann, anna, eve)
		}
		dropped := 0
		for _, got := range outcomes(w) {
			if got == "already_asked" {
				dropped++
			}
		}
		if dropped != 201-52 {
			t.Errorf("%d dropped", dropped)
		}
	})
}

// Somebody signs a mailbox up a hundred times within a day, under ids of all sorts, also
// such that name it in the same second.
func TestNobodyIsBombedWithConfirmations(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, confirming)
		w.Start("intake", "double-opt-in") // for weeks: nobody else is needed
		for n := range 30 {
			at := time.Now()
			e := asksFor(fmt.Sprint("id", n%15), "victim@example.com", &at)
			if n%3 == 0 {
				e.Consent.At = nil
			}
			if n%7 == 0 {
				e.Customer.ID = ""
			}
			w.Publish("main", e)
			if n%5 == 4 {
				time.Sleep(2 * time.Hour)
			}
		}
		time.Sleep(8 * time.Hour)
		if n := len(w.Sink.Mails()); n != 1 {
			t.Errorf("%d emails", n)
		}
		for range 40 { // and on each day of the next weeks
			at := time.Now()
			w.Publish("main", asksFor("id1", "victim@example.com", &at))
			time.Sleep(25 * time.Hour)
		}
		if n := len(w.Sink.Mails()); n != 6 { // three in the first thirty days, and three in the next
			t.Errorf("%d emails in six weeks, want 6", n)
		}
		w.Publish("main", &events.AddressComplained{Email: "victim@example.com"})
		w.Publish("main", asksFor("id77", "victim@example.com", new(time.Now())))
		before := len(w.Sink.Mails())
		time.Sleep(time.Hour)
		if n := len(w.Sink.Mails()); n != before {
			t.Error("asked after a complaint")
		}
	})
}
