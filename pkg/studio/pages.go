package studio

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed page
var assets embed.FS

// A section is a part of the app, with a place in its navigation. Further ones, about
// people, numbers and controls, join here.
type section struct{ Path, Name string }

var sections = []section{{"/emails", "Emails"}}

// A frame is what every page shows around its content.
type frame struct {
	Title    string
	Section  string // path of the section it belongs to
	Sections []section
	Nonce    string
	MailURL  string
	Inbox    string
	Editor   bool
	Page     any
}

// pageTemplates are all pages, each in the one frame.
var pageTemplates = func() map[string]*template.Template {
	out := map[string]*template.Template{}
	for _, name := range []string{"emails", "email", "missing"} {
		out[name] = template.Must(template.ParseFS(assets, "page/page.html", "page/"+name+".html"))
	}
	return out
}()

// page writes a page in the frame.
func (s *Studio) page(w http.ResponseWriter, r *http.Request, status int, name, title string, content any) {
	q := requestOf(r)
	var b bytes.Buffer
	err := pageTemplates[name].ExecuteTemplate(&b, "page.html", frame{
		Title: title, Section: "/emails", Sections: sections, Nonce: q.nonce, MailURL: s.mailURL, Inbox: s.o.Inbox, Editor: q.visitor.Editor, Page: content,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// serveAsset serves a file of the pages.
func serveAsset(w http.ResponseWriter, name string) {
	content, err := assets.ReadFile("page/" + name)
	if err != nil {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".txt" {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(content)
}

// asset serves what pages need; their templates are no assets.
func asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if strings.HasSuffix(name, ".html") {
		http.NotFound(w, r)
		return
	}
	serveAsset(w, name)
}

func (s *Studio) pageRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/emails", http.StatusFound))
	mux.HandleFunc("GET /assets/{name}", asset)
	mux.HandleFunc("GET /emails", s.listPage)
	mux.HandleFunc("GET /emails/{worker}/{step}", s.emailPage)
	mux.HandleFunc("GET /api/emails/{worker}/{step}", s.apiEmail)
	mux.HandleFunc("GET /api/vocabulary", s.apiVocabulary)
	mux.HandleFunc("GET /api/changes", s.apiChanges)
	mux.HandleFunc("POST /api/preview", s.apiPreview)
	mux.HandleFunc("POST /api/check", s.apiCheck)
	mux.HandleFunc("POST /api/save", editors(s.apiSave))
	mux.HandleFunc("POST /api/send", editors(s.apiSend))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.page(w, r, http.StatusNotFound, "missing", "Nothing here", r.URL.Path)
	})
	return s.guardPages(mux)
}

// editors lets only those in who may change things.
func editors(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !requestOf(r).visitor.Editor {
			fail(w, http.StatusForbidden, "you may look at emails here, and not change them")
			return
		}
		next(w, r)
	}
}
