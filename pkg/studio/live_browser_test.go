package studio_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"homing/pkg/console"
	"homing/pkg/control"
	"homing/pkg/installation"
	"homing/pkg/running"
	"homing/pkg/studio"
	"homing/pkg/templatestore"
)

// busy is an installation in which something happens each time that somebody pauses a worker.
type busy struct {
	book
	mu    sync.Mutex
	times int
}

func (b *busy) Pause(ctx context.Context, worker, store, why string) (installation.Switched, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times++
	return b.book.Pause(ctx, worker, store, why)
}

func (b *busy) Status(ctx context.Context) (*installation.Status, error) {
	s, err := b.book.Status(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.times == 0 {
		return s, err
	}
	s.Stores[0].Today.Sent += b.times
	s.Workers[1].Stores["main"] = "paused"
	s.Workers[1].Holds = []control.Hold{{Worker: "welcome", Reason: "paused", Detail: "the sale", Since: s.At}}
	for i := range b.times {
		s.Templates = append(s.Templates, templatestore.Process{Process: fmt.Sprintf("more/%d", i), Version: "3"})
	}
	return s, err
}

// What changes is shown to somebody who looks, who loses neither the place where they are nor
// what they opened, and is told by their screen reader what matters alone.
func TestPagesAreBroughtUpToDate(t *testing.T) {
	d := openedConsole(t, func(o *studio.Options, _ *console.Options) { o.Sections = running.Sections(&busy{}) })
	bob := d.signedIn(t, bobsToken)
	happens := func() {
		t.Helper()
		if code, page := bob.submit("/workers/welcome/pause", nil, "do", "pause", "store", "main", "why", "the sale"); code != http.StatusOK {
			t.Fatalf("%d %s", code, page)
		}
	}
	b := browse(t)
	b.fine = []string{"401"}
	b.signIn(d, "/today", annsToken)
	b.waitFor(`document.documentElement.dataset.renewed && document.body.innerText.includes("the relay refuses us")`)
	b.do(chromedp.Focus(`#w-thank-you a`))
	eval[bool](b, `(window.same = document.activeElement, true)`)
	happens()
	b.waitFor(`document.body.innerText.includes("the sale") && document.querySelector(".sums dd").innerText === "13" && document.getAnimations().length > 0`)
	if n := eval[float64](b, `document.querySelectorAll("[data-live], h1").length`); n != 2 {
		t.Errorf("the page is in itself: %v", n)
	}
	if !eval[bool](b, `document.activeElement === window.same && window.same.innerText === "thank-you"`) {
		t.Error("the focus is somewhere else")
	}
	if said := eval[string](b, `document.getElementById("said").textContent`); said != "welcome sends nothing: paused" {
		t.Errorf("a screen reader says %q", said)
	}

	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(d.URL() + "/system"))
	b.waitFor(`document.documentElement.dataset.renewed && document.querySelector("details[open]")`)
	eval[bool](b, `(document.querySelectorAll("details").forEach((x) => { x.open = !x.open; }), window.were = [...document.querySelectorAll("details")].map((x) => x.open).join(), true)`)
	happens()
	b.waitFor(`document.body.innerText.includes("more/1")`)
	if !eval[bool](b, `[...document.querySelectorAll("details")].map((x) => x.open).join() === window.were`) {
		t.Error("what somebody opened is closed, or the other way round")
	}
	if n := eval[float64](b, `document.getAnimations().length`); n != 0 {
		t.Errorf("%v things move for somebody who wants none to", n)
	}
	// Who signs out elsewhere is shown the way in.
	eval[bool](b, `fetch("/sign-out", { method: "POST", redirect: "manual" }).then(() => true)`)
	b.waitFor(`document.getElementById("token")`)
}

// While the console doesn't answer, the page says of when it is.
func TestALivePageSaysThatItIsOld(t *testing.T) {
	d := openedConsole(t, withCustomers)
	b := browse(t)
	b.fine = []string{"401", "ERR_", "Failed"}
	b.signIn(d, "/today", annsToken)
	b.waitFor(`document.documentElement.dataset.renewed`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := d.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	b.waitFor(`!document.getElementById("lost").hidden`)
	if text := eval[string](b, `document.getElementById("lost").innerText`); !strings.HasPrefix(text, "The console does not answer. This is as it was at ") {
		t.Error(text)
	}
	b.picture("lost")
}
