// Package mailview prepares the HTML of an email to be shown in a browser, in a frame:
// with drawn pictures instead of those that do not exist or must not be fetched, in the
// dark or the light, and with a policy under which it can do nothing by itself. It
// renders no emails and serves no pages.
package mailview

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Drawn leads to a picture that Picture draws, instead of the one whose URL follows.
const Drawn = "/picture.svg?of="

// elsewhere are the attributes in which an element names pictures that a browser
// fetches by itself.
var elsewhere = map[string][]string{
	"img":    {"src", "srcset"},
	"source": {"src", "srcset"},
	"input":  {"src"},
	"video":  {"poster"},
}

// WithDrawn returns the HTML of an email with drawn pictures instead of those from
// elsewhere that are chosen by their URL.
func WithDrawn(email string, choose func(url string) bool) string {
	return rewrite(email, func(t *html.Token) bool {
		changed := false
		for i := range t.Attr {
			a := &t.Attr[i]
			for _, name := range elsewhere[t.Data] {
				if a.Key != name || !remote(a.Val) || !choose(a.Val) {
					continue
				}
				if changed = true; name == "srcset" {
					a.Val = "" // src is enough
				} else {
					a.Val = Drawn + url.QueryEscape(a.Val)
				}
			}
		}
		return changed
	})
}

// Every chooses all pictures.
func Every(string) bool { return true }

// MadeUp chooses the pictures of hosts that cannot exist: those of RFC 2606, which
// samples use.
func MadeUp(picture string) bool {
	u, err := url.Parse(strings.TrimSpace(picture))
	if err != nil {
		return false
	}
	if u.Scheme == "cid" { // a sample has no pictures
		return true
	}
	host := strings.ToLower(u.Hostname())
	return strings.HasSuffix(host, ".example") || host == "example" || strings.HasSuffix("."+host, ".example.com")
}

// WithoutLinks returns the HTML of an email as it is, but for link elements.
func WithoutLinks(email string) string {
	return rewrite(email, func(*html.Token) bool { return false })
}

// rewrite returns HTML with the tags that change changes, and without link elements: a
// browser may look up other machines for those, and no policy prevents it.
func rewrite(email string, change func(*html.Token) bool) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(email))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			out.Write(z.Raw())
			return out.String()
		}
		raw := string(z.Raw()) // Token reads it
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			t := z.Token()
			if t.Data == "link" {
				continue
			}
			if change(&t) {
				raw = t.String()
			}
		}
		out.WriteString(raw)
	}
}

// remote reports whether a URL, or the first of a list of them, leads to another machine, or
// to a part of the email that isn't here.
func remote(u string) bool {
	u = strings.ToLower(strings.TrimSpace(u))
	return strings.HasPrefix(u, "//") || strings.HasPrefix(u, "cid:") || strings.HasPrefix(u, "http:") || strings.HasPrefix(u, "https:")
}

// Picture draws: a tile of a colour of its own for each picture, with hills and a sun.
func Picture(w http.ResponseWriter, r *http.Request) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.URL.Query().Get("of")))
	x := h.Sum32()
	hue, sun, hill := x%360, 18+x>>9%28, 30+x>>17%16
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // the sandbox of an email has an origin of its own
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" preserveAspectRatio="xMidYMid slice">`+
		`<path fill="hsl(%[1]d 38%% 88%%)" d="M0 0h64v64H0z"/><circle cx="%[2]d" cy="20" r="6" fill="hsl(%[1]d 45%% 97%%)"/>`+
		`<path fill="hsl(%[1]d 30%% 72%%)" d="M0 64V48l18-%[3]d.5 16 20 10-12 20 18V64z"/></svg>`, hue, sun, hill-14)
}
