package older

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/clock"
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
