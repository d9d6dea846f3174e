package events

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// TestLinksAreWhatBrowsersMakeOfThem reads testdata/urls.json: what is in a field,
// what a browser makes of it, what is sent, and why it is not sent although a
// browser would follow it. The second is of Node 20, in a page of https:
//
//	const browser = s => {
//	  try { return new URL(s).href } catch {}
//	  try { const u = new URL(s, "https://mail.example/"); return u.host === "mail.example" ? "" : u.href } catch { return "" }
//	}
func TestLinksAreWhatBrowsersMakeOfThem(t *testing.T) {
	var cases []struct{ In, Browser, Want, Why string }
	if err := json.Unmarshal(readFile(t, "testdata/urls.json"), &cases); err != nil || len(cases) < 60 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		got := webURL(c.In)
		if got != c.Want {
			t.Errorf("webURL(%q) = %q, want %q", c.In, got, c.Want)
		}
		if again := webURL(got); again != got {
			t.Errorf("%q becomes %q when it is read again", got, again)
		}
		if u, err := url.Parse(got); err != nil || got != "" && (u.Host == "" || u.User != nil) {
			t.Errorf("url.Parse(%q): %v", got, err)
		}
		switch {
		case c.Want == "" && (c.Browser == "") != (c.Why == ""):
			t.Errorf("%q: a browser makes %q of it; why is it dropped? %q", c.In, c.Browser, c.Why)
		case c.Want != "" && (spelt(c.Want) != spelt(c.Browser) || c.Why != ""):
			t.Errorf("%q leads to %q, and in a browser to %q", c.In, spelt(c.Want), spelt(c.Browser))
		}
	}
}

// spelt writes an address without what is a matter of spelling: percent code, the
// case of the host, its usual port, and the slash after it.
func spelt(s string) string {
	scheme, rest, _ := strings.Cut(s, "://")
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		i = len(rest)
	}
	host, after := strings.ToLower(rest[:i]), rest[i:]
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":")
	if !strings.HasPrefix(after, "/") {
		after = "/" + after
	}
	var b strings.Builder
	for i := 0; i < len(after); i++ {
		if after[i] == '%' && percent(after[i:]) {
			one, _ := url.PathUnescape(after[i : i+3])
			b.WriteString(one)
			i += 2
		} else {
			b.WriteByte(after[i])
		}
	}
	return strings.ToLower(scheme) + "://" + host + b.String()
}

func TestALinkHasALongestLength(t *testing.T) {
	long := "https://shop.example/" + strings.Repeat("x", maxURL)
	if webURL(long) != "" || webURL(long[:maxURL]) == "" || webURL(long[:maxURL-2]+" x") != "" {
		t.Error("the limit of length is not kept")
	}
}
