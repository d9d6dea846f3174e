package studio_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// signIn signs in with the keyboard alone, and waits for a page of the app.
func (b *tab) signIn(d *desk, path, token string) {
	b.t.Helper()
	b.do(chromedp.Navigate(d.URL() + path))
	b.waitFor(`document.activeElement.id === "token"`)
	b.do(chromedp.KeyEvent(token + "\r"))
	b.waitFor(`document.querySelector("nav")`)
}

func TestMarketersPublishFromABrowser(t *testing.T) {
	d := openedConsole(t)
	bob := d.signedIn(t, bobsToken)
	b := browse(t)
	b.fine = []string{"401", "409"}
	b.do(chromedp.Navigate(d.URL() + "/emails"))
	b.waitFor(`document.getElementById("token")`)
	b.picture("sign-in")
	b.signIn(d, "/emails/"+inEmail, annsToken)
	b.waitFor("document.documentElement.dataset.shown")
	b.put("---\ndescription: ", "---\ndescription: Of Ann. ")
	b.waitFor(stateText + ` === "1 file not saved"`)
	// Bob saves the same file first: Ann is told, and saves hers over it.
	bob.change(inEmail+".html", "<!-- of Bob -->")
	b.waitFor(`document.getElementById("notice").innerText.includes("was changed by Bob")`)
	b.press("Close")
	b.do(chromedp.Click("#save"))
	b.waitFor(`[...document.querySelectorAll("#notice button")].some((b) => b.textContent === "Save mine")`)
	b.press("Save mine")
	b.waitFor(stateText + ` === "Saved in the draft"`)
	if f := bob.source(inEmail + ".html"); !strings.Contains(f.Text, "description: Of Ann.") || strings.Contains(f.Text, "of Bob") {
		t.Fatalf("saved:\n%s", f.Text)
	}
	b.do(chromedp.Click("#tab-text"))
	b.put("\n\n", "\n\nHello from Ann.\n\n")
	b.waitFor(stateText + ` === "1 file not saved"`)
	b.do(chromedp.Click("#save"))
	b.waitFor(stateText + ` === "Saved in the draft"`)

	b.do(chromedp.Navigate(d.URL() + "/versions/draft"))
	b.waitFor(`document.body.innerText.includes("Hello from Ann.") && document.querySelector(".sample")`)
	b.picture("draft")
	b.do(chromedp.Focus("#note"))
	b.do(chromedp.KeyEvent("A hello\r"))
	b.waitFor(`document.body.innerText.includes("All processes change to version 1")`)
	b.picture("versions")
	if v, _, err := d.versions.Get(t.Context(), 1); err != nil || v.Author != "Ann" || v.Message != "A hello" || d.told != 1 {
		t.Errorf("%+v, told %d, %v", v, d.told, err)
	}
	// Vic looks, and has nothing to press.
	bob.change(inText, "P.S. of Bob")
	b.do(chromedp.Click(".visitor button"))
	b.waitFor(`document.getElementById("token")`)
	b.signIn(d, "/versions/draft", vicsToken)
	b.waitFor(`document.body.innerText.includes("P.S. of Bob")`)
	if found := eval[string](b, `[...document.querySelectorAll("main button, main form")].map((e) => e.outerHTML).join("\n")`); found != "" {
		t.Errorf("a viewer can press\n%s", found)
	}
	b.open(d.Studio, inEmail)
	if !eval[bool](b, `document.getElementById("save").disabled && document.querySelector("#code .cm-content").getAttribute("aria-readonly") === "true"`) {
		t.Error("a viewer can type")
	}
	for _, width := range []int64{375, 1024} {
		b.size(width, 800)
		for _, path := range []string{"/versions", "/versions/draft", "/versions/1"} {
			b.do(chromedp.Navigate(d.URL() + path))
			if over := eval[float64](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s at %d: %v px too wide", path, width, over)
			}
		}
	}
}
