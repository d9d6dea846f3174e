package studio_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"homing/pkg/render"
	"homing/pkg/studio"
	"homing/templates"
)

// opened is a studio over a copy of the shipped templates.
func opened(t *testing.T, o studio.Options) (s *studio.Studio, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "templates")
	if err := os.CopyFS(dir, templates.Files); err != nil {
		t.Fatal(err)
	}
	if o.Dir == "" {
		o.Dir = dir
	}
	s, err := studio.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Stop(ctx)
	})
	return s, dir
}

// outbox is a Sender that keeps what it gets.
type outbox struct {
	mu   sync.Mutex
	sent []render.Mail
	to   []string
}

func (o *outbox) Send(_ context.Context, _, to string, m render.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent, o.to = append(o.sent, m), append(o.to, to)
	return nil
}

// A tab is a page in a headless Chromium, whose complaints fail the test.
type tab struct {
	t   *testing.T
	ctx context.Context
	mu  sync.Mutex
	bad []string
	// fine are parts of complaints that are expected.
	fine []string
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
		t.Skip("there is no chromium here: what the studio looks like in a browser is not tested")
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	said := chromedp.Console(ctx)
	go func() {
		for m, err := range said {
			if err != nil {
				return
			}
			if m.Type == "error" || m.Type == "warning" || m.Type == chromedp.ConsoleException {
				b.mu.Lock()
				b.bad = append(b.bad, m.Text)
				b.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
	complaints:
		for _, text := range b.bad {
			for _, fine := range b.fine {
				if strings.Contains(text, fine) {
					continue complaints
				}
			}
			t.Errorf("the page complains: %s", text)
		}
	})
	b.size(1280, 800)
	return b
}

// do does one after the other, and once more what found an element that the page drew
// again before it could be used.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		err := chromedp.Do(b.ctx, a)
		// A page that was on its way, or was left, is in the way of the next at times.
		for n := 0; n < 5 && err != nil && (strings.Contains(err.Error(), "Could not find node") || strings.Contains(err.Error(), "net::ERR_ABORTED")); n++ {
			err = chromedp.Do(b.ctx, a)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

func (b *tab) scheme(name string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns what an expression is, which may be a promise.
func eval[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// waitFor waits until an expression is true.
func (b *tab) waitFor(js string) {
	b.t.Helper()
	for end := time.Now().Add(40 * time.Second); ; {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+js+")"))
		if err == nil && ok {
			return
		}
		if time.Now().After(end) {
			body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			b.t.Fatalf("%s is still not so (%v); the page:\n%s", js, err, body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// open opens the page of an email, and waits until it is shown.
func (b *tab) open(s *studio.Studio, email string) {
	b.t.Helper()
	b.do(chromedp.Navigate(s.URL() + "/emails/" + email))
	b.waitFor("document.documentElement.dataset.shown")
}

// put has the editor's text begin with more, as if it were typed there.
func (b *tab) put(find, text string) {
	b.t.Helper()
	f, _ := json.Marshal(find)
	x, _ := json.Marshal(text)
	ok := eval[bool](b, `(() => { const view = document.querySelector("#code .cm-content").cmTile?.view ?? document.querySelector("#code .cm-content").cmView?.view;
		const at = view.state.doc.toString().indexOf(`+string(f)+`); if (at < 0) return false;
		view.focus(); view.dispatch({ changes: { from: at, to: at + `+string(f)+`.length, insert: `+string(x)+` }, userEvent: "input.type" }); return true; })()`)
	if !ok {
		b.t.Fatalf("the editor does not have %q", find)
	}
}

// fits reports what is wider than the screen.
func (b *tab) fits(what string) {
	b.t.Helper()
	if over := eval[float64](b, `Math.max(document.documentElement.scrollWidth, document.getElementById("main").scrollWidth) - innerWidth`); over > 0 {
		b.t.Errorf("%s: %v px too wide", what, over)
	}
	// Tables that are made for narrow screens, too, need no scrolling.
	if over := eval[float64](b, `Math.max(0, ...[...document.querySelectorAll(".scroll:has(> .close)")].map((e) => e.scrollWidth - e.clientWidth))`); over > 0 {
		b.t.Errorf("%s: a table is %v px too wide", what, over)
	}
}

// unreached are the things to press or fill in that the Tab key does not come to.
func (b *tab) unreached() string {
	b.t.Helper()
	// In the order of the page, from its beginning.
	all := eval[float64](b, `(() => { document.activeElement.blur(); getSelection().collapse(document.body, 0); let n = 0;
		for (const e of document.querySelectorAll("a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, summary, [tabindex='0']")) {
			if (e.matches("[tabindex='-1']") || !e.checkVisibility({ visibilityProperty: true })) continue;
			e.dataset.toReach = n++;
		}
		addEventListener("focusin", (e) => delete e.target.dataset.toReach); return n; })()`)
	left := ""
	for _, presses := range []int{int(all) + 1, 40} { // a frame has more than one
		b.do(chromedp.KeyEvent(strings.Repeat("\t", presses)))
		if left = eval[string](b, `[...document.querySelectorAll("[data-to-reach]")].map((e) => e.outerHTML.slice(0, 120)).join("\n")`); left == "" {
			break
		}
	}
	return left
}

// picture keeps a screenshot where STUDIO_PICTURES says, for people to look at.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("STUDIO_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
