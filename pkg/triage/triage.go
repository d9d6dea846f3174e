// Package triage is the section of the console for what shops sent wrong: the events that
// were rejected, by what is wrong with them, and replaying them. It shows what `homing
// rejected` tells, and decides nothing.
package triage

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"homing/docs"
	"homing/pkg/lately"
	"homing/pkg/rejected"
	"homing/pkg/studio"
)

//go:embed page
var assets embed.FS

// path is the section's.
const path = "/rejected"

// Rejected are the rejected events; see rejected.Stream.
type Rejected interface {
	Groups(ctx context.Context) ([]rejected.Group, error)
	// Counts says how many there are, by subject, and up to which one: other ones have others.
	Counts(ctx context.Context) (map[string]uint64, uint64, error)
	Newest(ctx context.Context, c rejected.Choice, limit int) ([]rejected.Entry, int, error)
	Choose(ctx context.Context, c rejected.Choice) ([]uint64, error)
	// Events returns events with what they said, but for those that are gone.
	Events(ctx context.Context, seqs []uint64) ([]*rejected.Event, error)
	// ReplayAll replays events, and says what became of each.
	ReplayAll(ctx context.Context, seqs []uint64) ([]rejected.Replayed, error)
}

type section struct {
	rejected Rejected
	found    *lately.Answer[[]rejected.Group] // which all who look at once share
	last     struct {
		sync.Mutex
		of     string // what watch said
		groups []rejected.Group
	}
	stores []string
	app    studio.App
	page   struct{ groups, group, sure, done *template.Template }
}

const (
	// patience is how long reading may take, and effort replaying.
	patience, effort = 30 * time.Second, 2 * time.Minute
	// shown is how many events of a group are shown at a time, and looked how many are
	// read to say what would become of them now.
	shown, looked = 20, 200
	// most is how many events are replayed at a time.
	most = 2000
	// longest is how much of a payload is shown, in bytes.
	longest = 32 << 10
	maxForm = 64 << 10
)

// Section returns the section of the console, of an installation with some stores.
func Section(of Rejected, stores []string) studio.Section {
	files, err := fs.Sub(assets, "page")
	if err != nil {
		panic(err) // it is in the binary
	}
	s := &section{rejected: of, stores: stores}
	s.found = lately.New(0, patience, s.read)
	s.page.groups, s.page.group = studio.PageOf(files, "groups.html"), studio.PageOf(files, "group.html")
	s.page.sure, s.page.done = studio.PageOf(files, "sure.html"), studio.PageOf(files, "done.html")
	return studio.Section{Path: path, Name: "Rejected", Assets: files, Watch: s.watch, Routes: func(mux *http.ServeMux, app studio.App) {
		s.app = app
		mux.HandleFunc("GET "+path, s.groups)
		mux.HandleFunc("GET "+path+"/{store}/{reason}", s.group)
		mux.HandleFunc("POST "+path+"/replay", studio.Editors(s.replay))
	}}
}

// watch returns what the pages show, in short: no event is read.
func (s *section) watch(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	counts, last, err := s.rejected.Counts(ctx)
	if err != nil {
		return "", err
	}
	return studio.Said(counts, last)
}

// read returns the groups: thousands of events are looked at if there are others than the
// last time.
func (s *section) read(ctx context.Context) ([]rejected.Group, error) {
	s.last.Lock()
	defer s.last.Unlock()
	now, err := s.watch(ctx)
	if err != nil {
		return nil, err
	}
	if now == s.last.of {
		return slices.Clone(s.last.groups), nil
	}
	groups, err := s.rejected.Groups(ctx)
	if err != nil {
		return nil, err
	}
	s.last.of, s.last.groups = now, groups
	return slices.Clone(groups), nil
}

// groups is the first page.
type groups struct {
	Trouble string
	Groups  []group
	Total   int
	Stores  bool // it is told whose they are
}

type group struct {
	rejected.Group
	Path string
}

// Words say what is wrong, without the field, which is said before.
func (g group) Words() string {
	_, index, _ := strings.Cut(g.Field, "[]")
	if field, words, ok := strings.Cut(g.Detail, ": "); ok && g.Field != "" && strings.HasSuffix(field, index) {
		return words
	}
	return g.Detail
}

func (s *section) groups(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	found, _, err := s.found.Now(ctx)
	page := groups{Stores: len(s.stores) > 1}
	status := http.StatusOK
	if err != nil {
		page.Trouble, status = err.Error(), http.StatusBadGateway
	}
	editor := studio.VisitorOf(r.Context()).Editor
	for _, g := range found {
		page.Total += g.Count
		if !editor && g.ForPerson() != "" {
			g.Detail = ""
		}
		page.Groups = append(page.Groups, group{g, to(g)})
	}
	s.app.Show(w, r, status, path, "Rejected", s.page.groups, page)
}

// to is the page of a group.
func to(g rejected.Group) string {
	q := url.Values{"field": {g.Field}}
	if g.Older {
		q = url.Values{"upto": {strconv.FormatUint(g.Up, 10)}}
	}
	return path + "/" + url.PathEscape(g.Store) + "/" + url.PathEscape(g.Reason) + "?" + q.Encode()
}

// choiceOf reads which events are meant: those of a field among the newest, or all up to
// one.
func choiceOf(store, reason string, q url.Values) rejected.Choice {
	c := rejected.Choice{Store: store, Reason: reason}
	if q.Has("field") {
		c.Field, c.Recent = new(q.Get("field")), true
	}
	c.Last, _ = strconv.ParseUint(q.Get("upto"), 10, 64)
	return c
}

// one is the page of a group.
type one struct {
	Store, Reason, Field string
	Trouble              string
	Do                   string // what somebody does about such events
	ForPerson            bool   // they are no events
	Total                int
	Events               []event
	Newest               uint64 // the newest that is replayed with the group
	Path                 string // this page
	Older                string // the page with older ones; "": there are none
	Recent, Payloads     bool
	Stores               bool
}

// event is one of a group.
type event struct {
	rejected.Entry
	Text    string // what it said; "" for those who may not see customers
	Cut     bool   // it is longer than that
	Verdict *rejected.Verdict
}

// Now is what it would be rejected for, if that is something else.
func (e event) Now() (out []string) {
	if e.Verdict == nil || e.Verdict.Rejected == "" {
		return nil
	}
	for _, f := range e.Verdict.Faults {
		out = append(out, f.String())
	}
	if strings.HasPrefix(e.Detail, strings.Join(out, " | ")) {
		return nil
	}
	return out
}

func (s *section) group(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	c := choiceOf(r.PathValue("store"), r.PathValue("reason"), r.URL.Query())
	page := one{Path: r.URL.RequestURI(), Store: c.Store, Reason: c.Reason, Recent: c.Recent, Do: docs.Reason(c.Reason), Stores: len(s.stores) > 1}
	if c.Field != nil {
		page.Field = *c.Field
	}
	entries, total, err := s.rejected.Newest(ctx, c, shown)
	page.Total, page.Payloads = total, studio.VisitorOf(r.Context()).Editor
	if err == nil {
		err = s.fill(ctx, &page, entries)
	}
	status := http.StatusOK
	switch {
	case err != nil:
		page.Trouble, status = err.Error(), http.StatusBadGateway
	case total == 0:
		status = http.StatusNotFound
	case total > len(entries):
		q := r.URL.Query()
		q.Set("upto", strconv.FormatUint(entries[len(entries)-1].Sequence-1, 10))
		page.Older = r.URL.Path + "?" + q.Encode()
	}
	s.app.Show(w, r, status, path, strings.TrimSuffix(c.Reason+" "+page.Field, " "), s.page.group, page)
}

// fill adds the events to a page: with what they said for those who may see it.
func (s *section) fill(ctx context.Context, page *one, entries []rejected.Entry) error {
	for _, e := range entries {
		page.ForPerson = e.ForPerson() != ""
		page.Newest = max(page.Newest, e.Sequence)
		page.Events = append(page.Events, event{Entry: e})
	}
	if !page.Payloads {
		for i := range page.Events {
			page.Events[i].unname()
		}
		return nil
	}
	seqs := make([]uint64, len(entries))
	for i, e := range entries {
		seqs[i] = e.Sequence
	}
	full, err := s.rejected.Events(ctx, seqs)
	if err != nil {
		return err
	}
	said := map[uint64]*rejected.Event{}
	for _, e := range full {
		said[e.Sequence] = e
	}
	for i := range page.Events {
		e := &page.Events[i]
		if full := said[e.Sequence]; full != nil {
			e.Text, e.Cut = payload(full)
			if e.ForPerson() == "" {
				e.Verdict = new(full.Now(s.stores))
			}
		}
	}
	return nil
}

// unname takes away what may say who somebody is: a request of a customer says whose it is.
func (e *event) unname() {
	if e.ForPerson() != "" {
		e.Detail = ""
	}
	for _, s := range []*string{&e.Event, &e.Source} {
		if strings.Contains(*s, "@") {
			*s = ""
		}
	}
}
