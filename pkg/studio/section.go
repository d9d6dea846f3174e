package studio

import (
	"context"
	"errors"
	"html/template"
	"io/fs"
	"net/http"

	"homing/pkg/render"
)

// A Section is a part of the app that is made elsewhere: it has a place in the navigation,
// and what is below its path.
type Section struct {
	Path, Name string // "/customers", "Customers"
	Editors    bool   // it is for editors alone, as all is that shows customers
	Before     bool   // it comes before the emails
	Assets     fs.FS  // style sheets and scripts that its pages name as /assets/<name>
	// Watch returns what changes when the section's pages do (Said): browsers that show one
	// then get it again, and replace what is in its element [data-live]. It is called every
	// two seconds while somebody looks, and has to cost little. nil: they don't change by
	// themselves.
	Watch func(ctx context.Context) (string, error)
	// Routes adds what is served at the path and below it.
	Routes func(mux *http.ServeMux, app App)
}

// An App shows the pages of its sections.
type App interface {
	// Show writes a page of the section at a path, in the frame that all pages have. The
	// page is of PageOf; its content is .Page.
	Show(w http.ResponseWriter, r *http.Request, status int, section, title string, page *template.Template, content any)
	// Frame keeps an email for a while, to be shown in a frame, and returns the address
	// that the frame leads to: it is on a host of its own, where no script runs.
	Frame(html string) string
	// InForce renders an email with the templates that are in force, whatever is edited.
	InForce(ctx context.Context, email string, d render.Data) (render.Mail, error)
}

// PageOf returns a page made of files that define "content".
func PageOf(fsys fs.FS, files ...string) *template.Template {
	page := template.Must(template.New("").Funcs(inPages).ParseFS(assets, "page/page.html"))
	return template.Must(page.ParseFS(fsys, files...))
}

// Show implements App.
func (s *Studio) Show(w http.ResponseWriter, r *http.Request, status int, section, title string, page *template.Template, content any) {
	s.frame(w, r, status, section, title, page, content)
}

// InForce implements App. Where a folder is edited, its files are what is in force.
func (s *Studio) InForce(ctx context.Context, email string, d render.Data) (render.Mail, error) {
	files, err := s.withDrafts(nil)
	if s.shared != nil {
		var now *state
		if now, err = s.shared.now(ctx); err == nil {
			files = memory{}
			for p, text := range now.inForce {
				files[p] = string(text)
			}
		}
	}
	if err != nil {
		return render.Mail{}, err
	}
	c, err := s.compile.draft("")(ctx, files, email)
	if err != nil {
		return render.Mail{}, err
	}
	if c.set == nil {
		return render.Mail{}, errors.New(email + ": " + c.mistakes[0].Text)
	}
	return c.try(email, d)
}

// Frame implements App.
func (s *Studio) Frame(html string) string { return s.mailURL + "/view/" + s.views.keep(html) }
