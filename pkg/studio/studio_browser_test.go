package studio_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"homing/pkg/homingtest/lengthy"
	"homing/pkg/studio"
)

const (
	stateText = `document.getElementById("state").textContent`
	inEmail   = "thank-you/thanks"
)

func TestAMarketerChangesAnEmailAndSavesIt(t *testing.T) {
	s, dir := opened(t, studio.Options{})
	b := browse(t)
	b.do(chromedp.Navigate(s.URL()))
	b.waitFor(`document.querySelectorAll(".card").length >= 13`)
	b.open(s, inEmail)
	before := shown(b)
	b.put("---\ndescription: ", "---\ndescription: Changed. ")
	b.waitFor(`document.getElementById("about").textContent.startsWith("Changed.")`)
	if shown(b) == before {
		b.waitFor(`document.documentElement.dataset.shown !== "` + before + `"`)
	}
	b.waitFor(stateText + ` === "1 file not saved"`)
	file := filepath.Join(dir, inEmail+".html")
	if text, _ := os.ReadFile(file); strings.Contains(string(text), "Changed.") {
		t.Fatal("it was saved by itself")
	}
	// What was typed is there after the page was closed.
	b.open(s, inEmail)
	b.waitFor(stateText + ` === "1 file not saved"`)
	b.do(chromedp.Click("#save"))
	b.waitFor(stateText + ` === "Saved"`)
	if text, _ := os.ReadFile(file); !strings.Contains(string(text), "description: Changed.") {
		t.Errorf("not saved:\n%s", text)
	}
}

func shown(b *tab) string { return eval[string](b, `document.documentElement.dataset.shown`) }

func TestAMistakeIsShownAtItsLineAndTheLastGoodPreviewStays(t *testing.T) {
	s, _ := opened(t, studio.Options{})
	b := browse(t)
	b.open(s, inEmail)
	b.put("---\n", "---\n") // nothing changes
	b.do(chromedp.Click("#tab-text"))
	b.put("\n", "\n{{.Custmer.FirstName}}\n")
	b.waitFor(`document.querySelector("#code .cm-lint-marker-error")`)
	b.waitFor(`/thanks\.txt:2.*Custmer/.test(document.getElementById("mistakes-list").innerText.replace(/\s+/g, " "))`)
	b.waitFor(`document.getElementById("stale").textContent === "This is how it was before the mistake."`)
	b.picture("mistake")
	b.do(chromedp.Focus("#code .cm-content"))
	b.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.waitFor(`document.getElementById("mistakes").hidden && document.getElementById("stale").hidden`)
}

func TestAFileThatAnotherEditorChangedIsReadAgain(t *testing.T) {
	lengthy.Always(t)
	s, dir := opened(t, studio.Options{})
	b := browse(t)
	b.fine = []string{"409"}
	b.open(s, inEmail)
	file := filepath.Join(dir, inEmail+".html")
	change := func(find, with string) {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), find) {
			t.Fatalf("%v, or no %q in\n%s", err, find, text)
		}
		// In one step: half a file would be two changes.
		part := filepath.Join(t.TempDir(), "part")
		if err := os.WriteFile(part, []byte(strings.Replace(string(text), find, with, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(part, file); err != nil {
			t.Fatal(err)
		}
	}
	change("description: ", "description: Theirs. ")
	b.waitFor(`document.getElementById("about").textContent.startsWith("Theirs.")`)
	// And one that is being changed here stays, with a question.
	b.put("Theirs.", "Mine.")
	b.waitFor(stateText + ` === "1 file not saved"`)
	change("Theirs.", "Theirs again.")
	b.waitFor(`document.getElementById("notice").innerText.includes("was changed by another program")`)
	b.waitFor(`document.querySelector("#code .cm-content").innerText.includes("Mine.")`)
	b.press("Close")
	b.do(chromedp.Click("#save"))
	b.waitFor(`document.getElementById("notice").innerText.includes("was changed by another program")`)
	b.fileHas(file, "Theirs again.") // nothing was saved over it, and somebody is asked
	// Theirs changes once more: mine is to be saved over what was shown, and over no more.
	change("Theirs again.", "Theirs, the third.")
	// It may be asked about what was there before first.
	b.waitFor(`(() => {
		const press = (label) => { const b = [...document.querySelectorAll("#notice:not([hidden]) button")].find((b) => b.textContent === label); b?.click(); return b; };
		if (press("Keep mine")) document.getElementById("save").click();
		else press("Save mine");
		return ` + stateText + ` === "Saved";
	})()`)
	b.fileHas(file, "Mine.")
	// And taking theirs.
	b.put("Mine.", "Mine again.")
	b.waitFor(stateText + ` === "1 file not saved"`)
	change("Mine.", "Theirs at last.")
	b.waitFor(`!document.getElementById("notice").hidden`)
	b.press("Take theirs")
	b.waitFor(`document.querySelector("#code .cm-content").innerText.includes("Theirs at last.")`)
	b.waitFor(stateText + ` === "Saved"`)
	b.fileHas(file, "Theirs at last.")
}

// press presses a button of the notice.
func (b *tab) press(label string) {
	b.t.Helper()
	if !eval[bool](b, `(() => { const x = [...document.querySelectorAll("#notice button")].find((b) => b.textContent === "`+label+`"); x?.click(); return Boolean(x); })()`) {
		b.t.Fatalf("the notice has no %q", label)
	}
}

func (b *tab) fileHas(file, want string) {
	b.t.Helper()
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
		b.t.Fatalf("%v, or no %q in\n%s", err, want, text)
	}
}

func TestAnEmailIsSeenInEveryWay(t *testing.T) {
	s, _ := opened(t, studio.Options{Sender: &outbox{}})
	b := browse(t)
	b.fine = []string{`"img-src 'none'"`}
	b.size(1400, 900)
	b.open(s, "cart-recovery/last-call")
	b.picture("desktop")
	width := func() float64 {
		return eval[float64](b, `document.getElementById("mail").getBoundingClientRect().width`)
	}
	if w := width(); w < 600 || w > 680 {
		t.Errorf("a desktop is %v wide", w)
	}
	b.do(chromedp.Click(`[data-view="phone"]`))
	if w := width(); w != 375 {
		t.Errorf("a phone is %v wide", w)
	}
	b.picture("phone")
	b.do(chromedp.Click("#dark"))
	b.picture("dark")
	b.do(chromedp.Click("#pictures"))
	b.picture("pictures-off")
	b.do(chromedp.Click(`[data-view="inbox"]`))
	b.waitFor(`document.querySelector("#inbox .subject").textContent.length > 5`)
	b.picture("inbox")
	b.do(chromedp.Click(`[data-view="text"]`))
	b.waitFor(`document.getElementById("plain").textContent.includes("https://")`)
	b.picture("text")
	b.do(chromedp.Click(`[data-view="source"]`))
	b.waitFor(`document.querySelector("#markup .cm-content").innerText.includes("<!DOCTYPE html>")`)
	b.picture("source")
	b.waitFor(`document.getElementById("size").textContent.includes("KB of 102")`)
}

func TestPagesFitEveryWidth(t *testing.T) {
	lengthy.Always(t)
	s, _ := opened(t, studio.Options{Sender: &outbox{}, Stores: []studio.Store{{ID: "main"}, {ID: "tea"}}})
	b := browse(t)
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, width := range []int64{375, 768, 1024, 1400} {
			b.size(width, 800)
			for name, open := range map[string]func(){
				"list": func() { b.do(chromedp.Navigate(s.URL() + "/emails")); b.waitFor(`document.querySelector(".card")`) },
				"email": func() {
					b.do(chromedp.Navigate(s.URL() + "/emails/win-back/offer"))
					b.waitFor(`document.querySelector("#size").textContent && document.querySelector("#about").textContent`)
				},
			} {
				open()
				if over := eval[float64](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s at %d: %v px too wide", name, width, over)
				}
				// Nothing of one half lies over the other.
				if over := eval[string](b, `[...document.querySelectorAll(".edit > *, .see > *")].filter((e) => e.getBoundingClientRect().right > e.parentElement.getBoundingClientRect().right + 1).map((e) => e.className).join()`); over != "" {
					t.Errorf("%s at %d: too wide for their half: %s", name, width, over)
				}
				time.Sleep(pictureDelay())
				b.picture(strings.Join([]string{name, scheme, strconv.FormatInt(width, 10)}, "-"))
			}
		}
	}
}

// pictureDelay lets frames be painted where somebody wants to look at them.
func pictureDelay() time.Duration {
	if os.Getenv("STUDIO_PICTURES") == "" {
		return 0
	}
	return 700 * time.Millisecond
}
