package gateway_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"homing/events"
	"homing/pkg/brand"
	"homing/pkg/customer"
	"homing/pkg/gateway"
	"homing/pkg/homingtest/axe"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/link"
	"homing/pkg/render"
)

// tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func browse(t *testing.T) *tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium here: what the pages look like in a browser is not tested")
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	return &tab{t, ctx}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		if err := chromedp.Do(b.ctx, a); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *tab) scheme(name string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

func eval[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.80s: %v", js, err)
	}
	return v
}

// waitFor waits until an expression is true of the page that is there by then.
func (b *tab) waitFor(js string) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+js+")")); err == nil && ok {
			return
		} else if time.Now().After(end) {
			b.t.Fatalf("%s is still not so (%v)", js, err)
		}
	}
}

// picture keeps a screenshot of the whole page where GATEWAY_PICTURES says.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("GATEWAY_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// branded is a shop with colours of its own.
func branded(t *testing.T) *shop {
	s, _ := choosing(t)
	b := brand.Default()
	b.Colors.Accent, b.Radius = "#b0125b", 20
	of := programmeOf(t)
	of.View.Brand = render.NewLook(b)
	s.serve(func(o *gateway.Options) {
		o.Stores["main"] = of
		o.Mailbox = func(string, string) string { return "abcdefghijklmnop" }
	})
	return s
}

// Everybody can use the pages: axe-core finds nothing serious, whatever their size and
// colours, and nothing is wider than the screen.
func TestEverybodyCanUseThePagesBehindLinks(t *testing.T) {
	lengthy.WithRace(t)
	core, err := axe.Script()
	if err != nil {
		t.Fatal(err)
	}
	b := browse(t)
	for name, page := range map[string]struct {
		open  func(*shop) string
		press string // a button, by its place
	}{
		"preferences": {func(s *shop) string {
			return s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"})
		}, ""},
		"saved": {func(s *shop) string {
			return s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"})
		}, "button"},
		"stopped": {func(s *shop) string {
			return s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"})
		}, "button.quiet"},
		"back": {func(s *shop) string {
			customer.Apply(&s.customer, events.Event{ID: "u", Source: "/s", Type: events.TypeCustomerUnsubscribed, Time: s.now, Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}}})
			return s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"})
		}, "button"},
		"left": {func(s *shop) string {
			customer.Apply(&s.customer, events.Event{ID: "u", Source: "/s", Type: events.TypeCustomerUnsubscribed, Time: s.now, Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}}})
			return s.local(link.Link{Purpose: link.Preferences, Customer: s.ann, Worker: "birthday"})
		}, ""},
		"unsubscribe": {(*shop).unsubscribe, ""},
		"confirm": {func(s *shop) string {
			s.asks()
			return s.local(link.Link{Purpose: link.Confirm, Customer: s.ann, Worker: "double-opt-in", Mailbox: "abcdefghijklmnop", At: s.now.Unix()})
		}, ""},
		"agreed": {func(s *shop) string {
			s.asks()
			return s.local(link.Link{Purpose: link.Confirm, Customer: s.ann, Worker: "double-opt-in", Mailbox: "abcdefghijklmnop", At: s.now.Unix()})
		}, "button"},
		"expired": {func(s *shop) string {
			return s.local(link.Link{Purpose: link.Confirm, Customer: s.ann, Worker: "double-opt-in", Mailbox: "abcdefghijklmnop", At: 1})
		}, ""},
		"score":     {func(s *shop) string { return s.score(events.CSAT, 4) }, ""},
		"recommend": {func(s *shop) string { return s.score(events.NPS, 6) }, ""},
		"words": {func(s *shop) string {
			return s.local(link.Link{Purpose: link.Answer, Customer: s.ann, Worker: "survey", Survey: "s", Question: "else"})
		}, ""},
		"answer": {func(s *shop) string { return s.answer("other") }, ""},
		"solved": {func(s *shop) string { return s.asked("complaint", "solved", "no", 0) }, ""},
		"more":   {func(s *shop) string { return s.asked("order", "csat", "", 4) }, "button"},
		"help":   {func(s *shop) string { return s.asked("complaint", "solved", "no", 0) }, "button"},
	} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{375, 1280} {
				at := name + " " + scheme + " " + map[int64]string{375: "phone", 1280: "wide"}[width]
				s := branded(t)
				b.scheme(scheme)
				b.do(chromedp.EmulateViewport(width, 800), chromedp.Navigate(page.open(s)))
				b.waitFor(`document.querySelector("h1")`)
				if page.press != "" {
					eval[bool](b, `(document.body.dataset.old = 1, document.querySelector("`+page.press+`").click(), true)`)
					b.waitFor(`document.readyState === "complete" && !document.body.dataset.old`)
				}
				b.picture(at)
				if wide := eval[bool](b, `document.documentElement.scrollWidth > innerWidth`); wide {
					t.Errorf("%s: wider than the screen", at)
				}
				if testing.Short() && (scheme == "dark") != (width == 375) {
					continue // it takes a while
				}
				if found := eval[string](b, core+`; axe.run(document, { resultTypes: ["violations"] }).then((r) => r.violations
					.map((v) => v.impact + " " + v.id + ": " + v.help + "\n" + v.nodes.map((n) => n.html + "\n  " + n.failureSummary).join("\n")).join("\n\n"))`); found != "" {
					t.Errorf("%s:\n%s", at, found)
				}
			}
		}
	}
}

// Somebody without a mouse changes what they get by the keys alone. The page has no
// script, so nothing of it needs one.
func TestThePreferencePageIsUsedByKeys(t *testing.T) {
	lengthy.WithRace(t)
	b := browse(t)
	s, page := choosing(t)
	b.do(chromedp.Navigate(page))
	if n := eval[int](b, `document.scripts.length`); n > 0 {
		t.Errorf("%d scripts", n)
	}
	b.do(chromedp.KeyEvent("\t")) // to the first kind
	if at := eval[string](b, `document.activeElement.value`); at != "cart-recovery" {
		t.Fatalf("the first stop is %q", at)
	}
	b.do(chromedp.KeyEvent(" "), chromedp.KeyEvent("\r"))
	b.waitFor(`document.querySelector("main.done")`)
	if c := s.customer; !c.Unsubscribed("cart-recovery") || len(c.Stops) != 1 {
		t.Errorf("%v", c.Stops)
	}
}
