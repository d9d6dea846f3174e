package studio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/attribution"
	"homing/pkg/bulletin"
	"homing/pkg/config"
	"homing/pkg/console"
	"homing/pkg/control"
	"homing/pkg/doctor"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/installation"
	"homing/pkg/numbers"
	"homing/pkg/rejected"
	"homing/pkg/running"
	"homing/pkg/studio"
	"homing/pkg/support"
	"homing/pkg/templatestore"
	"homing/pkg/triage"
	"homing/pkg/why"
)

// book has customers as their pages need them: Ann, and two who share an address.
type book struct{}

func (book) Why(_ context.Context, _, who string, _ bool) (why.Report, error) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	r := why.Report{Store: "main", Customer: "ann", Token: "k7q2mzx4p3rvbn5d", Now: at, Zone: "Europe/London", ZoneOf: "store", Older: true, Notes: []string{"one entry cannot be read"},
		Profile: &why.Profile{Name: "Ann Fletcher", Email: "ann@example.com", Orders: 1}, Person: &why.Who{},
		Standing: &why.Standing{Marketing: why.Verdict{Action: "send"}, Transactional: why.Verdict{Action: "send"}, Policy: "soft_opt_in", Consent: "subscribed", ConsentAt: at,
			Caps: []why.Cap{{Limit: 3, Window: "7 d", Used: 1, Free: 2}}},
		Story: []why.Line{
			{At: at.Add(-26 * time.Hour), Type: events.TypeOrderPlaced, Text: "ordered 77: 2 items, £27.80"},
			{At: at.Add(-25 * time.Hour), Type: events.TypeEmailSent, Text: "email thank-you/thanks for 77 sent", Touch: "thank-you.thanks.k7q2mzx4p3rvbn5d.77", Worker: "thank-you", Step: "thanks", Class: "transactional"},
			{At: at.Add(-time.Hour), Type: events.TypeEmailHeld, Text: "email review-request/ask held until tomorrow: quiet_hours", Worker: "review-request", Step: "ask"},
			{At: at, Type: events.TypeEmailDropped, Text: "email replenishment/reorder not sent: repurchased", Worker: "replenishment", Step: "reorder"},
		},
		Pending: []why.Touch{{ID: "x", Worker: "review-request", Step: "ask", About: "order 77", Due: at.Add(time.Hour), Wake: at.Add(time.Hour), Now: why.Verdict{Action: "send"}}},
		Silent:  []why.Silence{{Worker: "birthday", Reason: "insufficient_data", Text: "no birthday is known"}, {Worker: "welcome", Reason: "off", Text: "it is switched off"}},
	}
	switch who {
	case "ann", r.Token:
		return r, nil
	case "both@example.com":
		r.Matches = []why.Match{{Store: "main", Customer: "ann", Token: r.Token, Is: []string{why.IsAddress}}, {Store: "main", Customer: "bob", Token: "b", Is: []string{why.IsAddress}}}
		return r, nil
	}
	return why.Report{}, fmt.Errorf("%w: %s", support.ErrNobody, who)
}

func (book) Shown(_ context.Context, _, touch string) (support.Email, error) {
	if touch == "of-long-ago" {
		return support.Email{}, fmt.Errorf("%w: it left before copies were kept", support.ErrNoCopy)
	}
	return support.Email{Subject: "Thank you", HTML: "<p>Thank you, Ann</p>", Text: "Thank you, Ann", Template: "thank-you/thanks", Version: "12", Times: 1}, nil
}

func (book) Export(context.Context, string, string) (why.Export, error) {
	return why.Export{Token: "k7q2mzx4p3rvbn5d"}, nil
}

func (book) Turn(_ context.Context, do support.Action, _, token string) (bool, error) {
	if token != "k7q2mzx4p3rvbn5d" {
		return false, support.ErrNobody
	}
	return do == support.Stop, nil
}

func (book) Again(_ context.Context, _, _, touch, press string) (support.Resent, error) {
	if touch != "thank-you.thanks.k7q2mzx4p3rvbn5d.77" || press == "" {
		return support.Resent{}, fmt.Errorf("%w: no such email went out", support.ErrNotAgain)
	}
	return support.Resent{Email: "thank-you/thanks", Sent: time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC), Kept: "cancelled (the order was cancelled)"}, nil
}

func (book) SendAgain(_ context.Context, _, _, _, press string) (bool, error) {
	return press != "", nil
}

func (book) Status(context.Context) (*installation.Status, error) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	detail := installation.Detail{Hours: [24]int{8: 10, 9: 2}, Clicked: 3, Reasons: []installation.ReasonCount{{Outcome: "dropped", Reason: "expired", Count: 4}, {Outcome: "held", Reason: "quiet_hours", Count: 3}}}
	some := installation.Outcomes{Sent: 12, Held: 3, Dropped: 4, Uncertain: 1}
	return &installation.Status{At: at, Rejected: 2, Stores: []installation.StoreStatus{{Store: "main", Since: at.Add(-9 * time.Hour), Today: some}},
		Workers: []installation.WorkerStatus{
			{Worker: "thank-you", Stores: map[string]string{"main": "paused"}, Today: &some, Detail: &detail, Due: 7, OldestDue: new(at.Add(-time.Hour)),
				Holds: []control.Hold{{Worker: "thank-you", Reason: "paused", Detail: "a typo", Since: at.Add(-2 * time.Hour)}}},
			{Worker: "welcome", Stores: map[string]string{"main": "off"}, Today: &installation.Outcomes{}},
		}, Templates: []templatestore.Process{{Process: "one/1", Roles: []string{"thank-you"}, Version: "3"}}}, nil
}

func (book) Pending(context.Context, int) (running.Pending, error) {
	c := installation.DayCounts{Store: "main", Worker: "thank-you", FellDue: 7, Days: make([]int, 30), Later: 12}
	for i := range c.Days {
		c.Days[i] = i * i % 37
	}
	return running.Pending{Counts: []installation.DayCounts{c}, First: map[string]time.Time{"main": time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)}}, nil
}

func (book) Rule(worker, store string) (installation.Rule, bool) {
	about, settings := config.Section{}.Explain(worker)
	return installation.Rule{Emails: worker + " emails", About: about, Settings: settings, Tracked: true,
		Steps: []installation.RuleStep{{Name: "thanks", Template: "thank-you/thanks", Class: "transactional", Late: "3 days"}}}, store == "main"
}

func (book) Night(_ context.Context, store string) (*numbers.Snapshot, error) {
	if store != "main" {
		return nil, nil
	}
	s := &numbers.Snapshot{At: time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC), Zone: "Europe/London", Windows: attribution.Windows{AfterSending: 7 * 24 * time.Hour}}
	for d := s.At.AddDate(0, 0, -40); d.Before(s.At); d = d.AddDate(0, 0, 1) {
		s.Days = append(s.Days, numbers.Day{Date: d.Format(time.DateOnly), Workers: map[string]*numbers.Worker{"thank-you": {Sent: 12, Clicked: 2, Orders: 1, Revenue: map[attribution.Model]numbers.Money{attribution.Last: {"GBP": 2750}}}}})
	}
	return s, nil
}

func (book) Pause(_ context.Context, worker, store, why string) (installation.Switched, error) {
	return installation.Switched{Worker: worker, Store: store, Paused: true, Changed: why != "again"}, nil
}

func (book) Resume(_ context.Context, worker, store string) (installation.Switched, error) {
	return installation.Switched{Worker: worker, Store: store, Changed: true}, nil
}

func (book) Examine(context.Context) (doctor.Report, error) {
	return doctor.NewReport(time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), []doctor.Finding{
		{Check: doctor.Streams, Level: doctor.OK, Text: "all is as it should be"},
		{Check: doctor.DNS, Level: doctor.Warning, About: "store main", Text: "there is no DMARC record", Why: "receivers demand one", Do: "publish one"},
		{Check: doctor.RelayOf, Level: doctor.Trouble, Text: "the relay refuses us"}}), nil
}

func withCustomers(o *studio.Options, _ *console.Options) {
	o.Sections = append(running.Sections(book{}), support.Section(book{}, []string{"main", "second"}), triage.Section(rejected.New(o.Versions.JetStream()), []string{"main", "second"}),
		bulletin.Section(board{announcement.Entries{JS: o.Versions.JetStream()}}, []string{"main"}))
}

// Every page of the console is seen by an editor with a narrow screen and a wide one, in the
// light and in the dark: it fits, axe-core finds nothing wrong with it, and the keyboard
// comes to everything.
func TestTheConsoleInABrowser(t *testing.T) {
	goThrough(t, map[string][]int64{"light": {1280}, "dark": {375}})
}

func TestTheConsoleInABrowserTheOtherWayRound(t *testing.T) {
	lengthy.Always(t)
	goThrough(t, map[string][]int64{"light": {375}, "dark": {1280}})
}

// withAll is a console with all that it may have.
func withAll(t *testing.T) func(*studio.Options, *console.Options) {
	return func(o *studio.Options, who *console.Options) {
		withNumbers(o, who)
		numbers := o.Sections
		withCustomers(o, who)
		o.Sections = append(o.Sections, numbers...)
		o.Carried = someTemplates(t, "thank-you", "digest")
	}
}

// goThrough goes through all pages, by schemes and widths.
func goThrough(t *testing.T, widths map[string][]int64) {
	d := openedConsole(t, withAll(t))
	reject(t, d, "bad_money", "order.total.amount: 27.8 is a JSON number | id: missing", `{"customer":{"email":"ann@example.com"}}`)
	announce(t, d, "spring")
	ann := d.signedIn(t, annsToken)
	ann.change(inText, "P.S. One.")
	base, revision, _ := ann.review()
	ann.publish(base, revision, "A postscript")
	ann.change(inText, "P.S. Two.")
	b := browse(t)
	b.fine = []string{"401", "404"}
	check, seen := b.axe(), visiting(t)
	for scheme, widths := range widths {
		b.scheme(scheme)
		for _, width := range widths {
			b.size(width, 800)
			shows := func(what, part string) {
				t.Helper()
				b.waitFor(fmt.Sprintf(`document.body.innerText.includes(%q)`, part))
				what = fmt.Sprintf("%s, %s, %d", what, scheme, width)
				seen.see(eval[string](b, "location.pathname"))
				check(what)
				b.fits(what)
				b.picture(strings.NewReplacer(", ", "-", "/", "-").Replace(what))
				if width > 1000 {
					if left := b.unreached(); left != "" {
						t.Errorf("%s: the keyboard does not come to\n%s", what, left)
					}
				}
			}
			opens := func(path, part string) {
				t.Helper()
				b.do(chromedp.Navigate(d.URL() + path))
				shows(path, part)
			}
			asks := func(who string) {
				b.do(chromedp.Navigate(d.URL() + "/customers"))
				b.waitFor(`document.activeElement.id === "q"`) // by the keyboard alone
				b.do(chromedp.KeyEvent(who + "\r"))
			}
			b.do(chromedp.Navigate(d.URL() + "/"))
			shows("signing in", "Your token")
			b.signIn(d, "/", annsToken)
			opens("/", "the relay refuses us")
			opens("/system", "publish one")
			opens("/workers", "in the next 30 days")
			opens("/workers/thank-you", "Thanks for an order")
			opens("/workers/thank-you/pause", "It sends nothing")
			opens("/announcements", "3,000 planned")
			opens("/announcements/main/spring", "on each recipient")
			opens("/announcements/main/spring/cancel", "This is for good")
			opens("/numbers", "Revenue by worker")
			opens("/numbers/main/offers?months=36", "Offers")
			opens("/numbers/digest", "to 2 people")
			opens("/emails", "thanks")
			b.open(d.Studio, inEmail)
			shows("an email", "thank-you/thanks")
			opens("/versions", "A postscript")
			opens("/versions/draft", "P.S. Two.")
			opens("/versions/1", "A postscript")
			opens("/nothing", "Nothing here")
			opens("/rejected", "27.8 is a JSON number")
			b.do(chromedp.Click(".wrongs a"))
			b.waitFor(`document.querySelector(".events details")`)
			eval[bool](b, `(document.querySelector(".events details").open = true)`)
			shows("a rejected event", "ann@example.com")
			b.do(chromedp.Click(".head form button"))
			shows("replaying", "Replay 1 event?")
			asks("nobody@example.com")
			shows("nobody", "Nobody was found")
			asks("both@example.com")
			shows("several", "Several customers match")
			asks("ann")
			shows("a customer", "Ordered 77")
			b.do(chromedp.Click(`.acts a[href$="/erase"]`))
			shows("erasing", "This is for good")
			b.do(chromedp.Click(".answer a"))
			b.do(chromedp.Click(`.acts a[href$="/stop"]`))
			shows("stopping", "no more marketing email")
			b.do(chromedp.Click(".answer button"))
			shows("stopped", "ends as unsubscribed")
			b.do(chromedp.Click(`.story a[href$="/again"]`))
			shows("sending again", "As things are, it would not be sent: cancelled")
			b.do(chromedp.Click(".answer button"))
			shows("sent again", "It is on its way")
			b.do(chromedp.Click(".story a"))
			shows("a sent email", "Its links are taken out")
			b.do(chromedp.Click(".visitor button"))
		}
	}
	for pattern := range seen.left {
		t.Errorf("no browser looked at %s: open it in goThrough, or say in noPages why it is no page", pattern)
	}
}

func TestCustomersAreForEditors(t *testing.T) {
	d := openedConsole(t, withCustomers)
	vic := d.signedIn(t, vicsToken)
	for _, page := range []string{"/customers", "/customers/main/k7q2mzx4p3rvbn5d", "/customers/main/k7q2mzx4p3rvbn5d/export"} {
		res, err := vic.http.Get(d.URL() + page)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer gets %s: %s", page, res.Status)
		}
	}
	res, err := vic.http.Get(d.URL() + "/emails")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if page, err := io.ReadAll(res.Body); err != nil || strings.Contains(string(page), "Customers") {
		t.Error("a viewer is shown the way to customers")
	}
	ann := d.signedIn(t, annsToken)
	const to = "/customers/main/k7q2mzx4p3rvbn5d"
	if code, page := ann.get(to + "/emails/of-long-ago"); code != http.StatusNotFound || !strings.Contains(page, "There is no copy of the email: it left before copies were kept.") || !strings.Contains(page, `href="`+to+`">Back`) {
		t.Errorf("an email without a copy: %d %s", code, page)
	}
	if _, page := ann.get(to); !strings.Contains(page, "Switched off: welcome.") || strings.Contains(page, "it is switched off") {
		t.Errorf("workers that are off are not told apart: %s", page)
	}
	status := 0
	for range 40 {
		res, err := ann.http.Get(d.URL() + "/customers/main/k7q2mzx4p3rvbn5d")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		status = res.StatusCode
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the fortieth customer in a minute: %d", status)
	}
}
