// Package support is the section of the console for those who answer customers: why did
// this person get that email, or none? It shows the story of a customer as `homing why`
// tells it, what is to come, and each email as it was sent. It asks for all of it, and
// decides nothing.
package support

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"homing/pkg/limits"
	"homing/pkg/studio"
	"homing/pkg/why"
)

//go:embed page
var assets embed.FS

// path is the section's.
const path = "/customers"

// Customers tells what there is to tell about customers. Errors are for people: they have
// no address but what was asked for.
type Customers interface {
	// Why tells the story of whoever answers to an id, an address, the number of an order
	// or a token; store may be "": all. An error that wraps ErrNobody says that nobody does.
	// With all, it reads all of the timeline.
	Why(ctx context.Context, store, who string, all bool) (why.Report, error)
	// Shown returns what the email of a touch showed. An error that wraps ErrNoCopy says
	// why there is none.
	Shown(ctx context.Context, store, touch string) (Email, error)
	// Export returns all that is known of a customer.
	Export(ctx context.Context, store, token string) (why.Export, error)
	// Turn publishes what a customer asked for. changed is false if it is so already.
	Turn(ctx context.Context, do Action, store, token string) (changed bool, err error)
	// Again returns what would become of an email that went out as a touch, if it were sent
	// again, and SendAgain has it sent. Who asks, and for what, is the same for one press: it
	// is sent once, and asked is false the second time. An error that wraps ErrNotAgain says
	// why it cannot be.
	Again(ctx context.Context, store, token, touch, press string) (Resent, error)
	SendAgain(ctx context.Context, store, token, touch, press string) (asked bool, err error)
}

// A Resent is an email that may be sent again.
type Resent struct {
	Email string    // "thank-you/thanks"
	Sent  time.Time // when it went out
	// Kept says in words why it would not be sent now; "": it would.
	Kept string
}

// An Action is what somebody does for a customer who asked for it.
type Action string

// The actions.
const (
	Stop  Action = "stop"  // no more marketing email
	Erase Action = "erase" // all that is kept of them
)

// ErrNobody is wrapped if nobody answers to what was asked for, and ErrNoCopy if there is no
// copy of an email.
var (
	ErrNobody = errors.New("nobody is known by that")
	ErrNoCopy = errors.New("there is no copy of the email")
	// ErrNotAgain is wrapped if an email cannot be sent again.
	ErrNotAgain = errors.New("it cannot be sent again")
)

// An Email is one as it was sent.
type Email struct {
	Subject           string
	HTML, Text        string // with no links that lead anywhere
	Sent              time.Time
	Uncertain         bool // the relay's answer never came
	Template, Version string
	Times             int // how often it left
}

// section serves the pages.
type section struct {
	customers Customers
	stores    []string
	app       studio.App
	asked     limits.Counts
	page      pages
}

// Section returns the section of the console.
func Section(customers Customers, stores []string) studio.Section {
	files, err := fs.Sub(assets, "page")
	if err != nil {
		panic(err) // it is in the binary
	}
	s := &section{customers: customers, stores: stores, page: pagesOf(files)}
	return studio.Section{Path: path, Name: "Customers", Editors: true, Before: true, Assets: files, Routes: s.routes}
}

func (s *section) routes(mux *http.ServeMux, app studio.App) {
	s.app = app
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.search(w, r, http.StatusOK, found{}) })
	mux.HandleFunc("POST "+path, s.find)
	mux.HandleFunc("GET "+path+"/{store}/{token}", s.customer)
	mux.HandleFunc("GET "+path+"/{store}/{token}/export", s.export)
	mux.HandleFunc("GET "+path+"/{store}/{token}/emails/{touch}", s.email)
	mux.HandleFunc("GET "+path+"/{store}/{token}/emails/{touch}/again", s.askAgain)
	mux.HandleFunc("POST "+path+"/{store}/{token}/emails/{touch}/again", s.sendAgain)
	mux.HandleFunc("GET "+path+"/{store}/{token}/{do}", s.ask)
	mux.HandleFunc("POST "+path+"/{store}/{token}/{do}", s.turn)
}

const (
	// perMinute is how many customers one person looks up in a minute: more than anybody
	// who answers them needs, and too few to copy a shop's.
	perMinute = 30
	// patience is how long reading about one customer may take.
	patience = 30 * time.Second
	maxForm  = 4 << 10
)

// found is the page on which customers are looked up.
type found struct {
	Asked, Store string
	Stores       []string
	Trouble      string
	Matches      []why.Match // several answer to it
	Back         string      // page of the customer for whom something could not be done
}

func (s *section) search(w http.ResponseWriter, r *http.Request, status int, f found) {
	if len(s.stores) > 1 {
		f.Stores = s.stores
	}
	s.app.Show(w, r, status, path, "Customers", s.page.search, f)
}

// find looks a customer up. What was asked for is in the body of the request, and the page
// that it leads to is named by a token: addresses are in no log of a proxy.
func (s *section) find(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	f := found{Asked: strings.TrimSpace(r.PostFormValue("q")), Store: r.PostFormValue("store")}
	if f.Asked == "" {
		s.search(w, r, http.StatusUnprocessableEntity, found{Store: f.Store, Trouble: "Enter whom you are looking for."})
		return
	}
	if !s.mayLook(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	report, err := s.customers.Why(ctx, f.Store, f.Asked, false)
	switch {
	case errors.Is(err, ErrNobody):
		f.Trouble = "Nobody was found. Enter the whole id or address as the shop knows it, or the number of an order. An old order is found by its customer."
		s.search(w, r, http.StatusNotFound, f)
	case err != nil:
		f.Trouble = err.Error()
		s.search(w, r, http.StatusBadGateway, f)
	case len(report.Matches) > 1:
		f.Matches = report.Matches
		s.search(w, r, http.StatusOK, f)
	default:
		http.Redirect(w, r, to(report.Store, report.Token), http.StatusSeeOther)
	}
}

// to is the page of a customer.
func to(store, token string) string {
	return path + "/" + url.PathEscape(store) + "/" + url.PathEscape(token)
}

// mayLook counts what a visitor looks up, and answers itself if it is too much.
func (s *section) mayLook(w http.ResponseWriter, r *http.Request) bool {
	if s.asked.Count("look", studio.VisitorOf(r.Context()).Name, perMinute) {
		return true
	}
	s.search(w, r, http.StatusTooManyRequests, found{Trouble: fmt.Sprintf("You looked up %d customers within a minute. Wait a minute, then go on.", perMinute)})
	return false
}

// failed answers with what went wrong.
func (s *section) failed(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusBadGateway
	if errors.Is(err, ErrNobody) || errors.Is(err, ErrNoCopy) || errors.Is(err, ErrNotAgain) {
		status = http.StatusNotFound
	}
	f := found{Trouble: sentence(err.Error()), Back: to(r.PathValue("store"), r.PathValue("token"))}
	if errors.Is(err, ErrNobody) {
		f = found{Trouble: "Nothing is known about this customer."}
	}
	s.search(w, r, status, f)
}

// sentence writes an error as one.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
