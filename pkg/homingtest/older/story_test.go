package older

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/codelist"
	"homing/pkg/control"
	"homing/pkg/homingtest"
	"homing/pkg/installation"
)

// This file is built with older versions, too: what it uses of Homing must be there in
// each of them, from v0.1.0 on.

const settings = `
consent: {double_opt_in: true}
pacing: {frequency: [], look_ahead: 0s}
workers:
  cart-recovery:
    steps: [{template: cart-recovery/reminder, after: 1h}, {template: cart-recovery/last-call, after: 30h, offer: {percent: 10, valid: 3d, code: list, list: spring}}]
  replenishment: {status: "off"}
`

// left is when the older version was stopped, from the beginning of the story on.
const left = 3*24*time.Hour + 12*time.Hour

func customer(id string) events.Customer {
	return events.Customer{ID: id, Email: id + "@example.com", FirstName: strings.ToUpper(id[:1]) + id[1:], TimeZone: "Europe/London"}
}

func agreed(id string) events.Customer {
	c, at := customer(id), time.Now().UTC().Truncate(time.Second)
	c.Consent = &events.Consent{Email: events.Subscribed, At: &at, Confirmed: true}
	return c
}

func cart(c events.Customer) *events.CartAbandoned {
	return &events.CartAbandoned{Customer: c, Cart: events.Cart{ID: "cart-" + c.ID, URL: "https://shop.example/cart", Items: homingtest.Order(c.ID, "").Order.Items}}
}

// begin is what happens before the older version is stopped.
func begin(t *testing.T, w *homingtest.World) {
	w.Start()
	if _, err := codelist.New(w.JS).Load(t.Context(), "main", "spring", []string{"SPRING-1", "SPRING-2", "SPRING-3", "SPRING-4"}, nil); err != nil {
		t.Fatal(err)
	}
	w.Publish("main", homingtest.Order("ann", "1001")) // thanked at once, asked for a review in weeks
	birthday := agreed("joe")
	birthday.Birthday = "1990-01-08"
	w.Publish("main", &events.CustomerUpdated{Customer: birthday})
	guest := homingtest.Order("", "1002") // one person under two ids
	guest.Customer = events.Customer{Email: "finn@example.com"}
	w.Publish("main", guest)
	w.Publish("main", homingtest.Order("finn", "1003"))
	w.Publish("main", homingtest.Order("hugo", "1004"))
	asks := customer("gina") // asks for email, and does not confirm yet
	asks.Consent = &events.Consent{Email: events.Subscribed, Source: "newsletter"}
	w.Publish("main", &events.CustomerUpdated{Customer: asks})
	time.Sleep(8 * time.Hour)
	w.Publish("main", cart(agreed("cid"))) // gets a code before
	time.Sleep(40 * time.Hour)
	w.Publish("main", &events.CustomerErased{Customer: customer("hugo")})
	unhappy := homingtest.Order("kay", "1005")
	w.Publish("main", unhappy)
	two := 2
	w.Publish("main", &events.CustomerAnswered{Customer: customer("kay"), Question: "how_was_it", Kind: "scale", Scale: "csat", Score: &two, OrderID: "1005"})
	if _, err := w.JS.Publish(t.Context(), "storefront.main.order.placed", []byte(`{"customer":{"id":"lea"}}`)); err != nil { // no order: rejected
		t.Fatal(err)
	}
	time.Sleep(33 * time.Hour)
	until := time.Now().Add(30 * 24 * time.Hour).UTC()
	w.Publish("main", &events.CustomerPreferences{Customer: customer("erin"), PauseUntil: &until})
	for _, id := range []string{"bob", "dora", "erin", "ivy"} {
		w.Publish("main", cart(agreed(id)))
	}
	w.Sink.Answer = func(command, arg string) string {
		if command == "MAIL" || command == "RCPT" {
			ivy = strings.Contains(arg, "ivy@")
		}
		if command == "." && ivy {
			return homingtest.CutAfter // nobody knows what became of hers
		}
		return ""
	}
	time.Sleep(2 * time.Hour)
	for _, m := range w.Sink.Mails() {
		if strings.HasPrefix(m.To, "dora@") {
			if code, _, _ := w.Request("POST", homingtest.Unsubscribe(m.Raw), url.Values{"List-Unsubscribe": {"One-Click"}}); code != 200 {
				t.Errorf("unsubscribing: %d", code)
			}
		}
	}
	if did, err := pauses(w).Pause(t.Context(), control.Hold{Worker: "review-request", Reason: control.Paused}); err != nil || !did {
		t.Fatal(did, err)
	}
	time.Sleep(time.Hour)
}

var ivy bool

func pauses(w *homingtest.World) *control.Controls {
	return installation.Controls(w.Config, w.JS, clock.Scale{})
}

// goOn is what happens afterwards. It returns who got which email on which day.
func goOn(t *testing.T, w *homingtest.World, links map[string]string) []string {
	for what, link := range links {
		method := "GET"
		if what != "view" {
			method = "POST"
		}
		if code, _, body := w.Request(method, link, url.Values{}); code != 200 {
			t.Errorf("the link to %s in an email of before: %d\n%.300s", what, code, body)
		}
	}
	time.Sleep(18 * 24 * time.Hour)
	if did, err := pauses(w).Resume(t.Context(), control.Hold{Worker: "review-request", Reason: control.Paused}); err != nil || !did {
		t.Error("review requests were not paused any more: ", did, err)
	}
	time.Sleep(4 * 24 * time.Hour)
	var out []string
	for _, e := range w.Facts() {
		f, ok := e.Data.(events.Fact)
		if !ok {
			continue
		}
		b := f.Body()
		if e.Type == events.TypeEmailSent {
			out = append(out, fmt.Sprintf("%s %s/%s", e.Time.Format("01-02"), b.Worker, b.Step))
		}
	}
	given := map[string]bool{"SPRING-1": true} // to cid, before
	for _, m := range w.Sink.Mails() {
		what := ""
		if c := code.FindString(m.Raw); c != "" {
			what = ", with a code"
			if given[c] {
				t.Errorf("%s is given to %s, and was to somebody else", c, m.To)
			}
			given[c] = true
		}
		out = append(out, fmt.Sprintf("%s to %s%s", m.At.Format("01-02"), m.To, what))
	}
	slices.Sort(out)
	return out
}

var code = regexp.MustCompile(`SPRING-\d`)
