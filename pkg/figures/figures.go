// Package figures is the section of the console that says whether it pays. It shows the
// tables of `homing report`, draws some of them, and decides nothing.
//
// A chart is drawn in the browser, by uPlot, of the table that it belongs to: what a screen
// reader reads, and what is downloaded, are the same numbers. Long tables have a page of
// their own, so that the first one is there soon.
package figures

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/studio"
)

//go:embed page
var assets embed.FS

// path is the section's.
const path = "/numbers"

// Nights are the numbers of stores.
type Nights interface {
	// Read returns the latest of a store; nil: there are none yet.
	Read(ctx context.Context, store string) (*numbers.Snapshot, error)
	// Refresh computes them now.
	Refresh(ctx context.Context, store string) error
	// Digest makes the weekly digest of a store as of now.
	Digest(ctx context.Context, store string) (Digest, error)
}

const (
	// patience is how long reading may take, and effort computing.
	patience, effort = 10 * time.Second, 5 * time.Minute
	// months are shown unless others are asked for.
	months = 12
)

type section struct {
	nights Nights
	stores []string
	now    func() time.Time
	app    studio.App
	page   *template.Template
	digest *template.Template
	table  *template.Template

	mu   sync.Mutex
	made map[made]laidOut
}

// made is what is laid out once, until there is another night.
type made struct {
	of     *numbers.Snapshot
	months int
}

type laidOut struct {
	answers []answer
	tiles   []tile
	parts   []part
}

// mostMade bounds how many are kept.
const mostMade = 16

// layOut is how a snapshot is shown: all who look share it.
func (s *section) layOut(of *numbers.Snapshot, months int) laidOut {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := made{of, months}
	out, ok := s.made[key]
	if !ok {
		if out = (laidOut{answersOf(of), tilesOf(of), partsOf(of, months)}); len(s.made) >= mostMade || s.made == nil {
			s.made = map[made]laidOut{}
		}
		s.made[key] = out
	}
	return out
}

// Section returns the section of the console, of an installation with some stores. now is
// the business time.
func Section(of Nights, stores []string, now func() time.Time) studio.Section {
	files, err := fs.Sub(assets, "page")
	if err != nil {
		panic(err) // it is in the binary
	}
	s := &section{nights: of, stores: stores, now: now, page: studio.PageOf(files, "numbers.html", "rows.html"),
		digest: studio.PageOf(files, "digest.html"), table: studio.PageOf(files, "table.html", "rows.html")}
	return studio.Section{Path: path, Name: "Numbers", Before: true, Assets: files, Routes: func(mux *http.ServeMux, app studio.App) {
		s.app = app
		mux.HandleFunc("GET "+path, s.show)
		mux.HandleFunc("GET "+path+"/digest", s.showDigest)
		mux.HandleFunc("GET "+path+"/{store}/{file}", s.one)
		mux.HandleFunc("POST "+path+"/refresh", studio.Editors(s.refresh))
	}}
}

// page is the page of one store.
type page struct {
	Trouble string
	Store   string
	Stores  []string // where there are several
	Months  int
	Choices []int // of months
	*numbers.Snapshot
	Age     string
	Answers []answer
	Tiles   []tile
	Parts   []part
}

// choices are how many months may be shown.
var choices = []int{3, 6, 12, 24, 36}

func (s *section) show(w http.ResponseWriter, r *http.Request) {
	p := page{Store: r.URL.Query().Get("store"), Months: monthsOf(r), Choices: choices}
	if len(s.stores) > 1 {
		p.Stores = s.stores
	}
	if !slices.Contains(s.stores, p.Store) {
		p.Store = s.stores[0]
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	status := http.StatusOK
	var err error
	if p.Snapshot, err = s.nights.Read(ctx, p.Store); err != nil {
		p.Trouble, status = err.Error(), http.StatusBadGateway
	}
	if p.Snapshot != nil {
		p.Age = localtime.Age(s.now().Sub(p.At))
		out := s.layOut(p.Snapshot, p.Months)
		p.Answers, p.Tiles, p.Parts = out.answers, out.tiles, out.parts
	}
	s.app.Show(w, r, status, path, "Numbers", s.page, p)
}

func monthsOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("months"))
	if err != nil || !slices.Contains(choices, n) {
		return months
	}
	return n
}

// tablePage is the page of one table.
type tablePage struct {
	Store  string
	Stores []string // where there are several
	Months int
	Part   part
	// Of a table that is shown in pieces: which one, from 1, and how many there are.
	Piece, Pieces int
}

// Older and Newer are the pieces before and after; 0: there is none.
func (p tablePage) Older() int { return p.Piece - 1 }
func (p tablePage) Newer() int {
	if p.Piece == p.Pieces {
		return 0
	}
	return p.Piece + 1
}

// one is one table: as a page, as comma-separated values, or, of one that is drawn, as JSON.
func (s *section) one(w http.ResponseWriter, r *http.Request) {
	store := r.PathValue("store")
	if !slices.Contains(s.stores, store) {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	now, err := s.nights.Read(ctx, store)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	name, format, _ := strings.Cut(r.PathValue("file"), ".")
	if now == nil || !s.write(w, r, now, name, format) {
		http.NotFound(w, r)
	}
}

// write writes a table; false: there is no such table or format.
func (s *section) write(w http.ResponseWriter, r *http.Request, now *numbers.Snapshot, name, format string) bool {
	store, months := r.PathValue("store"), monthsOf(r)
	if format == "csv" { // with all rows
		for _, t := range now.Tables(months) {
			if t.Name == name {
				w.Header().Set("Content-Type", "text/csv; charset=utf-8")
				w.Header().Set("Content-Disposition", `attachment; filename="`+store+"-"+t.Name+`.csv"`)
				_ = t.WriteCSV(w) // who asked is gone
				return true
			}
		}
		return false
	}
	parts := s.layOut(now, months).parts
	i := slices.IndexFunc(parts, func(p part) bool { return p.Name == name })
	switch {
	case i < 0:
		return false
	case format == "json" && parts[i].data != nil:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(parts[i].data) // who asked is gone
		return true
	case format == "":
		page := tablePage{Store: store, Months: months}
		page.Part, page.Piece, page.Pieces = parts[i].piece(r.URL.Query().Get("piece"))
		if len(s.stores) > 1 {
			page.Stores = s.stores
		}
		s.app.Show(w, r, http.StatusOK, path, parts[i].Title, s.table, page)
		return true
	}
	return false
}

// refresh computes the numbers of a store now.
func (s *section) refresh(w http.ResponseWriter, r *http.Request) {
	store := r.FormValue("store")
	if !slices.Contains(s.stores, store) {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), effort)
	defer cancel()
	if err := s.nights.Refresh(ctx, store); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("it takes longer than five minutes; the numbers will be there all the same")
		}
		p := page{Trouble: err.Error(), Store: store, Months: months, Choices: choices}
		s.app.Show(w, r, http.StatusBadGateway, path, "Numbers", s.page, p)
		return
	}
	http.Redirect(w, r, path+"?store="+store, http.StatusSeeOther)
}
