// Package bulletin is the section of the console for announcements: who gets each, when, and
// how far along it is. It shows what `homing announce status` tells without reading
// customers, and changes nothing but what `homing announce pause`, `resume` and `cancel` do.
package bulletin

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"homing/docs"
	"homing/pkg/announcement"
	"homing/pkg/lately"
	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/reason"
	"homing/pkg/studio"
)

//go:embed page
var assets embed.FS

// path is the section's.
const path = "/announcements"

// Announcements are those of an installation.
type Announcements interface {
	// All returns them, the last one that was sent off first.
	All(ctx context.Context) ([]*announcement.Announcement, error)
	// Get returns one, or announcement.ErrUnknown.
	Get(ctx context.Context, store, id string) (*announcement.Announcement, error)
	// Pending counts the touches of one that are pending: on the schedule, and fallen due.
	Pending(ctx context.Context, d *announcement.Definition) (scheduled, due int, err error)
	// Trial compares those who get one with those who are held out of it alone, as of last
	// night; nil: no night has counted it.
	Trial(ctx context.Context, store, id string) (*numbers.Trial, error)
	// Held counts those of one that fell due and wait for a later time, by reason. It reads
	// all that are on the schedule.
	Held(ctx context.Context, d *announcement.Definition) (map[reason.Reason]int, error)
	// Turn pauses, resumes or cancels one; false: it was so already. What is over gives
	// announcement.ErrOver.
	Turn(ctx context.Context, do Action, store, id string) (bool, error)
}

// An Action is what editors can do.
type Action string

// The actions.
const (
	Pause  Action = "pause"
	Resume Action = "resume"
	Cancel Action = "cancel"
)

const (
	// patience is how long reading and changing may take.
	patience = 15 * time.Second
	// shown is how many announcements are listed, the latest.
	shown = 50
	// pace is how often it is looked how far they are while somebody watches.
	pace = 3 * time.Second
	// heldAtMost is of how many on the schedule it is counted which are held, and why: a
	// page must not read more.
	heldAtMost = 50_000
	// heldPace is how often that is counted while somebody watches.
	heldPace = 10 * time.Second
)

type section struct {
	announcements Announcements
	list          *lately.Answer[list] // which all who look at once share
	watched       *lately.Answer[string]
	held          sync.Map // of *lately.Answer[map[reason.Reason]int], by the path of one
	stores        []string
	app           studio.App
	page          struct{ all, one, sure *template.Template }
}

// Section returns the section of the console, of an installation with some stores.
func Section(of Announcements, stores []string) studio.Section {
	files, err := fs.Sub(assets, "page")
	if err != nil {
		panic(err) // it is in the binary
	}
	s := &section{announcements: of, stores: stores}
	s.list, s.watched = lately.New(0, patience, s.read), lately.New(pace, patience, s.watch)
	s.page.all, s.page.one, s.page.sure = studio.PageOf(files, "all.html", "bar.html"), studio.PageOf(files, "one.html", "bar.html"), studio.PageOf(files, "turn.html")
	return studio.Section{Path: path, Name: "Announcements", Before: true, Assets: files, Watch: func(ctx context.Context) (string, error) {
		said, _, err := s.watched.Now(ctx)
		return said, err
	}, Routes: func(mux *http.ServeMux, app studio.App) {
		s.app = app
		mux.HandleFunc("GET "+path, s.all)
		mux.HandleFunc("GET "+path+"/{store}/{id}", s.one)
		mux.HandleFunc("GET "+path+"/{store}/{id}/{do}", studio.Editors(s.ask))
		mux.HandleFunc("POST "+path+"/{store}/{id}/{do}", studio.Editors(s.turn))
	}}
}

// list is the announcements that are listed.
type list struct {
	Them []*progress
	More int
}

// read lists them. What is pending of each is counted, if that is possible.
func (s *section) read(ctx context.Context) (l list, err error) {
	found, err := s.announcements.All(ctx)
	l.More = max(0, len(found)-shown)
	for _, a := range found[:min(len(found), shown)] {
		p, perr := s.progressOf(ctx, a)
		err = cmp.Or(err, perr)
		l.Them = append(l.Them, p)
	}
	return l, err
}

// watch returns what the pages show.
func (s *section) watch(ctx context.Context) (string, error) {
	l, _, err := s.list.Now(ctx)
	if err != nil {
		return "", err
	}
	return studio.Said(l)
}

// all is the list as a page.
type all struct {
	list
	Trouble string
	Stores  bool
}

func (s *section) all(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	page := all{Stores: len(s.stores) > 1}
	var err error
	page.list, _, err = s.list.Now(ctx)
	status := http.StatusOK
	if err != nil {
		page.Trouble, status = err.Error(), http.StatusBadGateway
	}
	s.app.Show(w, r, status, path, "Announcements", s.page.all, page)
}

// progress is how far one is.
type progress struct {
	*announcement.Announcement
	Path           string
	When, For      string
	Pending        bool // it is counted what is pending
	Scheduled, Due int
	Decided        int // about
	Percent        int // of what was planned that is decided
}

// progressOf counts what is pending of an announcement that isn't over: the server does,
// without reading.
func (s *section) progressOf(ctx context.Context, a *announcement.Announcement) (*progress, error) {
	p := &progress{Announcement: a, Path: path + "/" + url.PathEscape(a.Store) + "/" + url.PathEscape(a.ID), When: when(&a.Definition), For: audience(&a.Definition)}
	switch {
	case !a.Done.IsZero():
		p.Percent = 100
		return p, nil
	case a.State() == announcement.Scheduled:
		return p, nil
	}
	var err error
	p.Scheduled, p.Due, err = s.announcements.Pending(ctx, &a.Definition)
	if p.Pending = err == nil; p.Pending && !a.Planned.IsZero() {
		p.Decided = a.Walk.Decided(p.Scheduled, p.Due)
		p.Percent = 100 * p.Decided / max(1, a.Walk.Counts.Planned)
	}
	return p, err
}

// Tag is how the state is drawn.
func (p *progress) Tag() string {
	switch p.State() {
	case announcement.Sending, announcement.Planning:
		return "good"
	case announcement.Held:
		return "bad"
	}
	return ""
}

// Late is for how much longer than its time it is worth sending; "": as the worker has it.
func (p *progress) Late() string {
	if p.Expires == 0 {
		return ""
	}
	return localtime.InWords(p.Expires)
}

func when(d *announcement.Definition) string {
	switch {
	case d.At.IsZero():
		return "at once"
	case d.Zone != "":
		return d.At.String() + " in " + d.Zone
	}
	return d.At.String() + " on each recipient’s own clocks"
}

// audience says whom it is for, but for an expression of its own.
func audience(d *announcement.Definition) string {
	var parts []string
	if len(d.Countries) > 0 {
		parts = append(parts, "in "+strings.Join(d.Countries, ", "))
	}
	if len(d.Languages) > 0 {
		parts = append(parts, "who read "+strings.Join(d.Languages, ", "))
	}
	if len(d.Segments) > 0 {
		parts = append(parts, "in the segment "+strings.Join(d.Segments, " or "))
	}
	if len(d.NotSegments) > 0 {
		parts = append(parts, "not in the segment "+strings.Join(d.NotSegments, " or "))
	}
	if len(parts) == 0 && d.Who == "" {
		return "all customers"
	}
	return strings.TrimSpace("customers " + strings.Join(parts, ", "))
}

// one is the page of one.
type one struct {
	*progress
	Trouble, Said string
	First, Last   time.Time // when it leaves
	Left, Dropped []count
	Held          []count
	HeldUnknown   bool    // so many are on the schedule that it is not counted
	Subjects      []count // of several, how often each was sent
	Actions       []Action
	Stores        bool
	Trial         *effect // nil: nobody is held out of it alone
}

// effect is what can be said of what it adds.
type effect struct {
	Verdict, Because string
	Said             bool // it can be said
}

// trial is what can be said of one as of last night.
func (s *section) trial(ctx context.Context, a *announcement.Announcement) (*effect, error) {
	if a.Holdout == 0 {
		return nil, nil
	}
	t, err := s.announcements.Trial(ctx, a.Store, a.ID)
	if err != nil || t == nil {
		return &effect{Verdict: "too early to say", Because: "no night has counted it yet"}, err
	}
	verdict, because := t.Say()
	return &effect{verdict, because, t.Said()}, nil
}

// count is how many there are for a reason.
type count struct {
	Reason string
	Count  int
	Means  string // in Markdown, one sentence
}

func counts(of map[reason.Reason]int) (out []count) {
	for why, n := range of {
		out = append(out, count{string(why), n, docs.Short(string(why))})
	}
	slices.SortFunc(out, func(a, b count) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Reason, b.Reason)) })
	return out
}

func (s *section) one(w http.ResponseWriter, r *http.Request) {
	page, status := s.about(r)
	switch r.URL.Query().Get("done") {
	case string(Pause):
		page.Said = "What falls due of it waits."
	case string(Resume):
		page.Said = "It goes on. What waited leaves within a quarter of an hour."
	case string(Cancel):
		page.Said = "It is called off. Each email that has not left ends as called_off when it falls due."
	case "before":
		page.Said = "It was so already: nothing has changed."
	case "over":
		page.Said = "It was over before: nothing has changed."
	}
	s.show(w, r, status, page)
}

func (s *section) show(w http.ResponseWriter, r *http.Request, status int, page one) {
	if page.progress == nil && status == http.StatusNotFound {
		http.Redirect(w, r, path, http.StatusSeeOther)
		return
	}
	s.app.Show(w, r, status, path, r.PathValue("id"), s.page.one, page)
}

func (s *section) about(r *http.Request) (page one, status int) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	page.Stores = len(s.stores) > 1
	a, err := s.announcements.Get(ctx, r.PathValue("store"), r.PathValue("id"))
	if errors.Is(err, announcement.ErrUnknown) {
		return page, http.StatusNotFound
	}
	if err == nil {
		page.progress, err = s.progressOf(ctx, a)
	}
	if err == nil {
		page.Trial, err = s.trial(ctx, a)
	}
	if err == nil {
		err = s.holds(ctx, &page)
	}
	if err != nil {
		page.Trouble = err.Error()
		return page, http.StatusBadGateway
	}
	page.First, page.Last = a.Earliest(a.Sent).UTC(), a.Latest(a.Sent).UTC()
	page.Left = counts(a.Walk.Left)
	if a.Outcomes != nil {
		page.Dropped = counts(a.Outcomes.Dropped)
		for _, subject := range slices.Sorted(maps.Keys(a.Outcomes.Subjects)) {
			page.Subjects = append(page.Subjects, count{Reason: subject, Count: a.Outcomes.Subjects[subject]})
		}
	}
	switch a.State() {
	case announcement.Held:
		page.Actions = []Action{Resume, Cancel}
	case announcement.Scheduled, announcement.Planning, announcement.Sending:
		page.Actions = []Action{Pause, Cancel}
	}
	return page, http.StatusOK
}

// holds counts what is held of one, for all who look at its page.
func (s *section) holds(ctx context.Context, page *one) error {
	p := page.progress
	if page.HeldUnknown = p.Scheduled > heldAtMost; page.HeldUnknown || !p.Pending || p.Scheduled == 0 {
		return nil
	}
	answer, _ := s.held.LoadOrStore(p.Path, lately.New(heldPace, patience, func(ctx context.Context) (map[reason.Reason]int, error) {
		return s.announcements.Held(ctx, &p.Definition)
	}))
	held, _, err := answer.(*lately.Answer[map[reason.Reason]int]).Now(ctx)
	page.Held = counts(held)
	return err
}

// turn is the page on which somebody says that they mean it.
type turn struct {
	one
	Do Action
}

func (s *section) ask(w http.ResponseWriter, r *http.Request) {
	page, status := s.about(r)
	do := Action(r.PathValue("do"))
	if status != http.StatusOK || !slices.Contains(page.Actions, do) {
		s.show(w, r, status, page)
		return
	}
	s.app.Show(w, r, http.StatusOK, path, string(do)+" "+page.ID, s.page.sure, turn{page, do})
}

func (s *section) turn(w http.ResponseWriter, r *http.Request) {
	do := Action(r.PathValue("do"))
	if !slices.Contains([]Action{Pause, Resume, Cancel}, do) {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	store, id := r.PathValue("store"), r.PathValue("id")
	changed, err := s.announcements.Turn(ctx, do, store, id)
	s.list.Forget()
	s.watched.Forget()
	said := string(do)
	switch {
	case errors.Is(err, announcement.ErrUnknown):
		http.Redirect(w, r, path, http.StatusSeeOther)
		return
	case errors.Is(err, announcement.ErrOver):
		said = "over"
	case err != nil:
		page, _ := s.about(r)
		page.Trouble = err.Error()
		s.show(w, r, http.StatusBadGateway, page)
		return
	case !changed:
		said = "before"
	}
	http.Redirect(w, r, path+"/"+url.PathEscape(store)+"/"+url.PathEscape(id)+"?done="+said, http.StatusSeeOther)
}
