package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"homing/pkg/link"
	"homing/pkg/render"
	"homing/pkg/visit"
)

// visited answers a link that leads on to the shop, and the picture that nobody sees. It
// needs no server: where it leads is in the link, and that it was used is noted afterwards.
// It leads to the store's hosts of today alone; to another, to the front page of the shop.
func (g *Gateway) visited(r *http.Request, s site, l link.Link) reply {
	a := reply{kind: "visit", code: http.StatusFound, to: l.URL}
	if l.Purpose == link.Opened {
		a.kind, a.code, a.blank = "opened", http.StatusOK, true
	} else if !render.MayLink(&s.store.View, a.to) {
		a.to = s.store.View.URL
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return reply{kind: a.kind, view: notHere(s), code: http.StatusMethodNotAllowed, allow: "GET, HEAD"}
	}
	if a.to == "" && !a.blank {
		return reply{kind: a.kind, view: incomplete(s), code: http.StatusNotFound}
	}
	if g.o.Visited != nil {
		now := g.o.Now()
		g.o.Visited(l, now, visit.Machine(r, time.Unix(l.At, 0), now))
	}
	return a
}

// inASCII is an address as a header may have it: with the letters of other scripts, which are
// in addresses of products, as bytes with a percent sign.
func inASCII(to string) string {
	var b strings.Builder
	for i := range len(to) {
		if c := to[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// blank is a picture of one transparent dot, as a GIF.
const blank = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func writeBlank(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "image/gif")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // webmail shows it on pages of its own
	h.Set("Content-Length", strconv.Itoa(len(blank)))
	_, _ = w.Write([]byte(blank))
}
