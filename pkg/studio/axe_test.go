package studio_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"homing/pkg/homingtest/axe"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/render"
	"homing/pkg/studio"
)

func TestEverybodyCanUseThePages(t *testing.T) {
	lengthy.Always(t)
	s, _ := opened(t, studio.Options{Sender: &outbox{}, Stores: []studio.Store{{ID: "main"}}, Load: render.Load, Push: &studio.Push{
		Store: openedConsole(t).versions, Base: func() (int, error) { return 0, nil },
	}})
	b := browse(t)
	check := b.axe()
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.size(1280, 800)
		b.do(chromedp.Navigate(s.URL() + "/emails"))
		b.waitFor(`document.querySelector(".card")`)
		check("the list, " + scheme)
		b.open(s, inEmail)
		check("the editor, " + scheme)
		b.put("description: ", "descriptio: ")
		b.waitFor(`!document.getElementById("mistakes").hidden`)
		check("with a mistake, " + scheme)
		b.do(chromedp.Click(`[data-view="inbox"]`))
		check("the inbox, " + scheme)
		b.do(chromedp.Click(`[data-view="source"]`))
		check("the source, " + scheme)
		b.do(chromedp.Click("#send"))
		check("sending, " + scheme)
		b.do(chromedp.Click("#sending-cancel"))
		b.size(375, 700)
		check("a phone, " + scheme)
		b.do(chromedp.Navigate(s.URL() + "/publish"))
		b.waitFor(`document.querySelector("form.act")`)
		check("publishing, " + scheme)
		eval[bool](b, `(localStorage.clear(), true)`)
	}
}

func TestEverybodyCanUseTheConsole(t *testing.T) {
	lengthy.Always(t)
	d := openedConsole(t)
	ann := d.signedIn(t, annsToken)
	ann.change(inText, "P.S. One.")
	base, revision, _ := ann.review()
	ann.publish(base, revision, "A postscript")
	ann.change(inText, "{{.Custmer}}")
	b := browse(t)
	b.fine = []string{"401"}
	check := b.axe()
	b.size(1280, 800)
	b.do(chromedp.Navigate(d.URL()))
	check("signing in")
	b.signIn(d, "/versions", annsToken)
	pages := func(what string) {
		for _, path := range []string{"/versions", "/versions/1", "/versions/draft"} {
			b.do(chromedp.Navigate(d.URL() + path))
			eval[bool](b, `(document.querySelectorAll("details").forEach((d) => { d.open = true; }), true)`)
			for _, scheme := range []string{"light", "dark"} {
				b.scheme(scheme)
				check(path + ", " + what + ", " + scheme)
			}
		}
	}
	pages("a mistake")
	f := ann.source(inText)
	ann.save(inText, f.Text[:len(f.Text)-len("{{.Custmer}}\n")]+"P.S. Two.\n", f.Version)
	pushed(t, d, 1, "Bob", inText, f.Text[:40])
	pages("another's text")
}

// axe returns what asks axe-core what is wrong with a page.
func (b *tab) axe() func(what string) {
	t := b.t
	core, err := axe.Script()
	if err != nil {
		t.Fatal(err)
	}
	return func(what string) {
		t.Helper()
		found := eval[string](b, core+`; axe.run(document, { iframes: false, resultTypes: ["violations"] }).then((r) => r.violations
				.map((v) => v.impact + " " + v.id + ": " + v.help + "\n" + v.nodes.map((n) => n.html + "\n  " + n.failureSummary).join("\n")).join("\n\n"))`)
		if found != "" {
			t.Errorf("%s:\n%s", what, found)
		}
	}
}
