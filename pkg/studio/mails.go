package studio

import (
	"crypto/subtle"
	"fmt"
	"net/http"

	"homing/pkg/mailview"
)

// mailRoutes are those of the emails' own origin.
func (s *Studio) mailRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /frame", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", s.framePolicy())
		serveAsset(w, "frame.html")
	})
	mux.HandleFunc("GET /frame.js", func(w http.ResponseWriter, _ *http.Request) { serveAsset(w, "frame.js") })
	mux.HandleFunc("GET /frame.css", func(w http.ResponseWriter, _ *http.Request) { serveAsset(w, "frame.css") })
	mux.HandleFunc("GET /picture.svg", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=86400") // it is the same with each key
		mailview.Picture(w, r)
	})
	mux.HandleFunc("GET /view/{name}", s.view)
	mux.HandleFunc("GET /thumbnail/{key}/{worker}/{step}", s.thumbnail)
	return s.guardMails(mux)
}

// view shows a preview's HTML part: dark or light, with or without its pictures.
func (s *Studio) view(w http.ResponseWriter, r *http.Request) {
	html, ok := s.views.find(r.PathValue("name"))
	if !ok {
		http.Error(w, "this preview is gone; the page makes another with the next key", http.StatusNotFound)
		return
	}
	q := r.URL.Query()
	s.show(w, mailview.InScheme(html, q.Get("scheme") == "dark"), q.Get("pictures") != "off")
}

func (s *Studio) show(w http.ResponseWriter, html string, pictures bool) {
	w.Header().Set("Content-Security-Policy", s.mailPolicy(pictures))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The pictures of samples are on hosts that don't exist.
	_, _ = fmt.Fprint(w, mailview.WithDrawn(html, mailview.MadeUp))
}

// thumbnail shows an email as it was saved, with its first sample, to those whom a page
// told the key: nobody is signed in at this origin.
func (s *Studio) thumbnail(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PathValue("key")), []byte(s.peek)) != 1 {
		http.NotFound(w, r)
		return
	}
	out, mail, err := s.render(r.Context(), look{Email: r.PathValue("worker") + "/" + r.PathValue("step"), Store: r.URL.Query().Get("store")}, s.compile.draft(""))
	if err != nil || !out.Rendered {
		http.Error(w, "it cannot be shown: see what is wrong with it", http.StatusNotFound)
		return
	}
	s.show(w, mailview.InScheme(mail.HTML, false), true)
}
