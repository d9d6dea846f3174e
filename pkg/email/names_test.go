package email_test

import (
	"context"
	"net/mail"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/email"
	"homing/pkg/homingtest"
	"homing/pkg/render"
	"homing/pkg/touch"
)

// thanks is what reaches a customer of these names, of the templates that Homing
// comes with: the name in the header To, and the whole message without soft breaks.
func thanks(t *testing.T, templates email.Renderer, first, last string) (to *mail.Address, raw string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sink := &homingtest.Sink{}
		t.Cleanup(sink.Close)
		send(t, openedWith(t, sink.Dial, templates), first, last)
		raw = strings.ReplaceAll(sink.Mails()[0].Raw, "=\r\n", "")
	})
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if to, err = mail.ParseAddress(m.Header.Get("To")); err != nil {
		t.Fatalf("To: %s: %v", m.Header.Get("To"), err)
	}
	return to, raw
}

// send has a customer thanked.
func send(t *testing.T, ch *email.Channel, first, last string) {
	t.Helper()
	c := content("jill@example.com")
	c.To.FirstName, c.To.LastName = first, last
	c.Touch = touch.Touch{Worker: "thank-you", Snapshot: &touch.Snapshot{Order: "o-1",
		Items: []events.Item{{ProductID: "tea", Name: "Tea", Quantity: 1}}, Total: events.Money{Minor: 1000, Currency: "GBP"}}}
	c.Step = touch.Step{Name: "thanks", Template: "thank-you/thanks", Class: touch.Transactional}
	c.Wording.Variant = "first"
	m, err := ch.Compose(c)
	if err != nil {
		t.Fatalf("%q %q: %v", first, last, err)
	}
	defer m.Release()
	conn, err := ch.Open(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if out := conn.Send(context.Background(), m, lease{}); out.Meaning != channel.Accepted {
		t.Fatal(out.Err)
	}
}

func TestTheHeaderToHasTheNamesThatTheGreetingHas(t *testing.T) {
	templates, err := render.Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ first, last, want string }{
		{"Jill", "Archer", "Jill Archer"},
		{"Jill", "", "Jill"},
		{"", "", ""},
		{"小明", "王", "小明 王"},
		{"  Ann\tMarie ", "O'Neil", "Ann Marie O'Neil"},
		{"Henry", "the 8th", "Henry the 8th"},
		{"Win 500 at https://evil.example/x now", "www.evil.example", ""},
		{"Jill", "www.evil.example", "Jill"},
		{"evil.example", "Archer", "Archer"},
		{"Win at xn--e1afmkfd.xn--p1ai", "", ""},
		{"пример.рф", "Анна", "Анна"},
		{"evil\uff0eexample", "", ""},                  // full-width dot
		{"evil\u3002example", "", ""},                  // ideographic full stop
		{"evil\uff61example", "", ""},                  // its half-width form
		{"evil\u2024example", "", ""},                  // one dot leader
		{"evil.\u200bexample", "", ""},                 // with a space that does not show
		{"ｅｖｉｌ.ｅｘａｍｐｌｅ", "", ""},                       // full-width letters
		{"ｈｔｔｐｓ：／／evil", "Jill", "Jill"},               // full-width scheme
		{"evil＠example", "", ""},                       // full-width at
		{"Call +44 20 7946 0958", "Jill", "Jill"},      // a telephone number
		{"Call ٠٢٠٧٩٤٦٠", "", ""},                      // in other digits
		{"WIN 80088", "", ""},                          // a short code
		{"=?utf-8?q?evil=2Eexample?=", "Jill", "Jill"}, // what a header would decode
		{"=?utf-8?b?ZXZpbC5leGFtcGxl?=", "", ""},
		{"Jill <evil@evil.example>,", "", ""},
		{"Jill\r\nBcc: evil@evil.example", "", ""},
	} {
		to, raw := thanks(t, templates, c.first, c.last)
		if to.Name != c.want || to.Address != "jill@example.com" {
			t.Errorf("%q %q: To: %q <%s>, want the name %q", c.first, c.last, to.Name, to.Address, c.want)
		}
		if strings.Contains(strings.ToLower(raw), "evil") {
			t.Errorf("%q %q is in the message", c.first, c.last)
		}
	}
}

func TestWhateverTheNameTheHeaderToHasTheAddressAndNoLink(t *testing.T) {
	ch := opened(t, (&homingtest.Sink{}).Dial)
	rapid.Check(t, func(rt *rapid.T) {
		part := rapid.StringOfN(rapid.RuneFrom([]rune("ab.。／/@=?_ \"\\<>\r\n1Ä王\u202e\u200d")), 0, 90, -1)
		c := content("jill@example.com")
		first, last := part.Draw(rt, "first"), part.Draw(rt, "last")
		c.To.FirstName, c.To.LastName = first, last
		m, err := ch.Compose(c)
		if err != nil {
			rt.Fatalf("%q %q: %v", first, last, err)
		}
		defer m.Release()
		to, err := mail.ParseAddress(email.Header(m, "To"))
		if err != nil || to.Address != "jill@example.com" || to.Name != render.DisplayName(first, last) {
			rt.Fatalf("%q %q: %v, %v; want the name %q", first, last, to, err, render.DisplayName(first, last))
		}
	})
}
