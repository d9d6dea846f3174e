package studio

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"homing/pkg/localtime"
)

//go:embed page
var assets embed.FS

// A section is a part of the app, with a place in its navigation and routes of its own.
type section struct {
	Path, Name string
	editors    bool // who may only look doesn't see it
	routes     func(s *Studio, mux *http.ServeMux)
	shown      func(s *Studio) bool // nil: always
}

// sections are those that this studio has.
func (s *Studio) sections() (out []section) {
	elsewhere := func(before bool) {
		for _, x := range s.o.Sections {
			if x.Before == before {
				out = append(out, section{Path: x.Path, Name: x.Name, editors: x.Editors, routes: func(s *Studio, mux *http.ServeMux) { x.Routes(mux, s) }})
			}
		}
	}
	elsewhere(true)
	for _, x := range []section{
		{Path: "/emails", Name: "Emails", routes: (*Studio).emailRoutes},
		{Path: "/versions", Name: "Versions", routes: (*Studio).versionRoutes, shown: func(s *Studio) bool { return s.shared != nil }},
		{Path: "/publish", Name: "Publish", routes: (*Studio).pushRoutes, shown: func(s *Studio) bool { return s.o.Push != nil }},
	} {
		if x.shown == nil || x.shown(s) {
			out = append(out, x)
		}
	}
	elsewhere(false)
	return out
}

// seenBy leaves out the sections that a visitor doesn't see.
func (s *Studio) seenBy(v *Visitor) (out []section) {
	for _, x := range s.shown {
		if v.Editor || !x.editors {
			out = append(out, x)
		}
	}
	return out
}

// A frame is what every page shows around its content.
type frame struct {
	Title    string
	Section  string // path of the section it belongs to
	Sections []section
	Nonce    string
	MailURL  string
	Inbox    string
	Product  string   // what the app is called
	Shared   bool     // it works on versions
	Live     bool     // pages of the section change by themselves
	Visitor  *Visitor // nil: nobody is signed in
	Editor   bool
	Page     any
}

// pageTemplates are all pages, each in the one frame.
var pageTemplates = func() map[string]*template.Template {
	out := map[string]*template.Template{}
	for _, name := range []string{"emails", "email", "missing", "signin", "versions", "version", "push"} {
		out[name] = template.Must(template.New(name).Funcs(inPages).ParseFS(assets, "page/page.html", "page/diff.html", "page/"+name+".html"))
	}
	return out
}()

// inPages are what pages call.
var inPages = template.FuncMap{
	"lines": lines,
	"day":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 MST") },
	"since": func(t time.Time) string {
		if d := time.Since(t); d < 20*24*time.Hour {
			return localtime.Age(d) + " ago"
		}
		return t.UTC().Format("2 January 2006")
	},
	"number": func(n any) string { return grouped(fmt.Sprint(n)) }, // of any integer
	"plural": func(n int, what string) string {
		if n != 1 {
			what += "s"
		}
		return number(n) + " " + what
	},
	"prose": prose,
}

// number writes 12345 as 12,345.
func number(n int) string { return grouped(strconv.Itoa(n)) }

func grouped(s string) string {
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A span is a piece of a sentence.
type span struct {
	Text string
	Code bool
}

var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// prose takes a sentence of the documentation apart: what is code is to look like it, and
// its links lead nowhere here.
func prose(markdown string) (out []span) {
	for i, text := range strings.Split(link.ReplaceAllString(strings.ReplaceAll(markdown, "**", ""), "$1"), "`") {
		out = append(out, span{text, i%2 == 1})
	}
	return out
}

// A line is one of a unified diff.
type line struct{ Kind, Text string }

// mostLines is how many lines of a diff are shown.
const mostLines = 400

// lines takes a unified diff apart, without its head.
func lines(diff string) (out []line) {
	for text := range strings.Lines(diff) {
		text = strings.TrimSuffix(text, "\n")
		kind := ""
		switch {
		case strings.HasPrefix(text, "--- "), strings.HasPrefix(text, "+++ "):
			continue
		case strings.HasPrefix(text, "@@"):
			kind = "at"
		case strings.HasPrefix(text, "+"):
			kind = "ins"
		case strings.HasPrefix(text, "-"):
			kind = "del"
		}
		if out = append(out, line{kind, text}); len(out) == mostLines {
			return append(out, line{"at", "and more"})
		}
	}
	return out
}

// page writes a page of a section in the frame.
func (s *Studio) page(w http.ResponseWriter, r *http.Request, status int, of, name, title string, content any) {
	s.frame(w, r, status, of, title, pageTemplates[name], content)
}

func (s *Studio) frame(w http.ResponseWriter, r *http.Request, status int, of, title string, page *template.Template, content any) {
	q := requestOf(r)
	f := frame{Title: title, Section: of, Nonce: q.nonce, MailURL: s.mailURL, Inbox: s.o.Inbox, Product: "studio", Visitor: q.visitor, Page: content, Live: s.live.sections[of] != nil}
	if f.Shared = s.shared != nil; f.Shared {
		f.Product = "console"
	}
	if q.visitor != nil {
		f.Sections, f.Editor = s.seenBy(q.visitor), q.visitor.Editor
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "page.html", f); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// What is shown has no such quote: templates escape it.
	_, _ = w.Write(bytes.ReplaceAll(b.Bytes(), []byte(`"/assets/`), []byte(`"/assets/`+s.stamp+`/`)))
}

// stampOf is a hash of all that pages need besides themselves.
func stampOf(sections []Section) string {
	h := sha256.New()
	add := func(fsys fs.FS) {
		_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := fs.ReadFile(fsys, name)
			fmt.Fprintf(h, "%s %d %s", name, len(content), content)
			return err
		}) // it is in the binary
	}
	add(assets)
	for _, x := range sections {
		if x.Assets != nil {
			add(x.Assets)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// serveAsset serves a file of the pages.
func serveAsset(w http.ResponseWriter, name string) {
	content, err := assets.ReadFile("page/" + name)
	if err != nil {
		http.Error(w, "there is no such file", http.StatusNotFound)
		return
	}
	serveFile(w, name, content)
}

func serveFile(w http.ResponseWriter, name string, content []byte) {
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".txt" {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(content)
}

// asset serves what pages need; their templates are no assets.
func (s *Studio) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if stamp, of, ok := strings.Cut(name, "/"); ok && stamp == s.stamp {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		name = of
	}
	if strings.HasSuffix(name, ".html") {
		http.NotFound(w, r)
		return
	}
	for _, x := range s.o.Sections {
		if x.Assets == nil {
			continue
		}
		if content, err := fs.ReadFile(x.Assets, name); err == nil {
			serveFile(w, name, content)
			return
		}
	}
	serveAsset(w, name)
}

func (s *Studio) pageRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		first := "/emails"
		if s.shared != nil {
			first = s.seenBy(requestOf(r).visitor)[0].Path
		}
		http.Redirect(w, r, first, http.StatusFound)
	})
	mux.HandleFunc("GET /live", s.stream)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)
	for _, x := range s.shown {
		if !x.editors {
			x.routes(s, mux)
			continue
		}
		own := http.NewServeMux()
		x.routes(s, own)
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			mux.HandleFunc(method+" "+x.Path, editors(own.ServeHTTP))
			mux.HandleFunc(method+" "+x.Path+"/", editors(own.ServeHTTP))
		}
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.page(w, r, http.StatusNotFound, "", "missing", "Nothing here", r.URL.Path)
	})
	return s.guardPages(mux)
}

func (s *Studio) emailRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /emails", s.listPage)
	mux.HandleFunc("GET /emails/{worker}/{step}", s.emailPage)
	mux.HandleFunc("GET /api/emails/{worker}/{step}", s.apiEmail)
	mux.HandleFunc("GET /api/vocabulary", s.apiVocabulary)
	mux.HandleFunc("GET /api/changes", s.apiChanges)
	mux.HandleFunc("POST /api/preview", s.apiPreview)
	mux.HandleFunc("POST /api/check", s.apiCheck)
	mux.HandleFunc("POST /api/save", editors(s.apiSave))
	mux.HandleFunc("POST /api/send", editors(s.apiSend))
}
