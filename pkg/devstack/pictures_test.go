package devstack

import (
	"net/http"
	"strings"
	"testing"
)

func TestPicturesFromElsewhereAreDrawnUnlessAskedFor(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	mail := `<!--[if mso]><img src="https://a.example/mso.png"><![endif]--><style>.x{background:url(https://b.example/c.png)}</style>` +
		`<link rel="dns-prefetch" href="//d.example"><LINK rel=preconnect href=https://e.example>` +
		`<img src="https://cdn.shop.example/mug.jpg?a=1&amp;b=2" srcset="https://cdn.shop.example/2x.jpg 2x" width="64" alt="A &quot;mug&quot;">` +
		`<IMG SRC='//f.example/x'><img src="data:image/png;base64,AA"><video poster="HTTP://g.example/p"></video><p>Tea &amp; toast`
	post(t, i, "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+mail+"\r\n")

	res, body := do(t, i, http.MethodGet, "/messages/1/html", nil)
	for _, gone := range []string{"<link", "<LINK", `src="https://cdn`, "srcset=\"https", "SRC='//f", `poster="HTTP`} {
		if strings.Contains(body, gone) {
			t.Errorf("%q is still there:\n%s", gone, body)
		}
	}
	for _, kept := range []string{"<!--[if mso]><img", `src="data:image/png`, `width="64"`, "/picture.svg?of=https%3A%2F%2Fcdn.shop.example%2Fmug.jpg%3Fa%3D1%26b%3D2", "<p>Tea &amp; toast", newTab} {
		if !strings.Contains(body, kept) {
			t.Errorf("%q is missing:\n%s", kept, body)
		}
	}
	if policy := res.Header.Get("Content-Security-Policy"); strings.Contains(policy, "*") || res.Header.Get("X-DNS-Prefetch-Control") != "off" {
		t.Errorf("a background may be fetched: %q", policy)
	}

	res, body = do(t, i, http.MethodGet, "/messages/1/html?pictures=remote", nil)
	if policy := res.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "img-src 'self' data: *") {
		t.Errorf("pictures that are asked for may not be fetched: %q", policy)
	}
	if !strings.Contains(body, `src="https://cdn.shop.example/mug.jpg`) || strings.Contains(strings.ToLower(body), "<link") {
		t.Errorf("with pictures from elsewhere:\n%s", body)
	}
}

func TestEachPictureHasADrawingOfItsOwn(t *testing.T) {
	i := startInbox(t, InboxOptions{})
	res, mug := do(t, i, http.MethodGet, "/picture.svg?of=mug", nil)
	_, pot := do(t, i, http.MethodGet, "/picture.svg?of=pot", nil)
	_, again := do(t, i, http.MethodGet, "/picture.svg?of=mug", nil)
	if mug == pot || mug != again || res.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("%s\n%s\n%s", mug, pot, again)
	}
	if got := res.Header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
		t.Errorf("the sandbox of an email may not show it: %q", got)
	}
}
