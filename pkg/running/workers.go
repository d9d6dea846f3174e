package running

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"homing/pkg/control"
	"homing/pkg/installation"
	"homing/pkg/localtime"
)

// days is how many are shown of what is to come.
const days = 30

// workersPage is the list.
type workersPage struct {
	Trouble  string
	On, Off  []listed
	Counting bool // what is pending is being counted for the first time
	Counted  string
}

// listed is one worker in it.
type listed struct {
	installation.WorkerStatus
	Emails string // what people call them
	Late   string
	Ahead  int // emails of the next days
	Bars   []bar
	Bad    bool // nothing leaves
}

// bar is a day in a small chart of 30 by 24.
type bar struct{ X, Y, Height int }

func (s *section) showWorkers(w http.ResponseWriter, r *http.Request) {
	now, at, err := s.status.Get(r.Context())
	pending, asOf, counted := s.pending.Last()
	page := workersPage{Counting: !counted, Counted: age(asOf)}
	if err != nil {
		page.Trouble = err.Error()
	} else if at.IsZero() {
		s.wait(w, r, workersPath, "Workers")
		return
	}
	if now == nil {
		s.app.Show(w, r, http.StatusBadGateway, workersPath, "Workers", s.workers, page)
		return
	}
	for _, x := range now.Workers {
		row := listed{WorkerStatus: x, Bad: len(x.Holds) > 0}
		row.Emails = s.emails(x)
		if x.OldestDue != nil {
			row.Late = localtime.Age(now.At.Sub(*x.OldestDue))
		}
		row.Ahead, row.Bars = ahead(pending, x.Worker)
		if x.State() == "off" {
			page.Off = append(page.Off, row)
		} else {
			page.On = append(page.On, row)
		}
	}
	s.app.Show(w, r, http.StatusOK, workersPath, "Workers", s.workers, page)
}

// emails is what people call a worker's emails.
func (s *section) emails(w installation.WorkerStatus) string {
	for store := range w.Stores {
		if rule, ok := s.of.Rule(w.Worker, store); ok {
			return rule.Emails
		}
	}
	return ""
}

// ahead is how many emails of a worker are pending in all stores, and their days as bars.
func ahead(p Pending, worker string) (n int, bars []bar) {
	var sums [days]int
	for _, c := range p.Counts {
		if c.Worker != worker {
			continue
		}
		sums[0] += c.FellDue
		for i, x := range c.Days {
			sums[i] += x
		}
	}
	most := slices.Max(sums[:])
	for i, x := range sums {
		n += x
		if x > 0 {
			h := max(2, 24*x/most)
			bars = append(bars, bar{i * 4, 24 - h, h})
		}
	}
	return n, bars
}

// workerPage is the page of one.
type workerPage struct {
	installation.WorkerStatus
	installation.Rule
	Trouble, Done string
	Store         string   // whose rule and days are shown
	In            []string // all stores
	Standing      string   // in the store
	Off           bool
	Held          []control.Hold // in the store
	Paused        bool
	Late          string
	FellDue       int
	Later, Sum    int // of the store
	Weeks         [][]dayCell
	Counting      bool
	Counted       string
	Reasons       []verdict
	Past          past
}

// dayCell is a day of the calendar; the zero one is a place before or after.
type dayCell struct {
	Date  time.Time
	Today bool
	shade
}

func (s *section) showWorker(w http.ResponseWriter, r *http.Request) {
	page, status := s.about(r)
	switch status {
	case http.StatusNotFound:
		http.Redirect(w, r, workersPath, http.StatusSeeOther)
		return
	case http.StatusAccepted:
		s.wait(w, r, workersPath, r.PathValue("worker"))
		return
	}
	switch r.URL.Query().Get("done") {
	case "paused":
		page.Done = "It is paused. What falls due waits."
	case "resumed":
		page.Done = "It is running again. What fell due in the meantime leaves at the pace of pacing.throughput; what is too late by now ends as expired."
	case "before":
		page.Done = "It was so already: nothing has changed."
	}
	s.app.Show(w, r, status, workersPath, r.PathValue("worker"), s.worker, page)
}

// about gathers what there is to say of a worker in one store. StatusAccepted says that it
// is being asked for.
func (s *section) about(r *http.Request) (page workerPage, status int) {
	now, at, err := s.status.Get(r.Context())
	if err != nil {
		page.Trouble = err.Error()
	} else if at.IsZero() {
		return page, http.StatusAccepted
	}
	if now == nil {
		return page, http.StatusBadGateway
	}
	i := slices.IndexFunc(now.Workers, func(x installation.WorkerStatus) bool { return x.Worker == r.PathValue("worker") })
	if i < 0 {
		return page, http.StatusNotFound
	}
	page.WorkerStatus = now.Workers[i]
	for store := range page.Stores {
		page.In = append(page.In, store)
	}
	slices.SortFunc(page.In, func(a, b string) int { // first those in which it is on
		off := func(store string) int { return map[bool]int{true: 1}[page.Stores[store] == "off"] }
		return cmp.Or(off(a)-off(b), strings.Compare(a, b))
	})
	page.Store = r.FormValue("store")
	if !slices.Contains(page.In, page.Store) {
		if len(page.In) == 0 {
			return page, http.StatusNotFound
		}
		page.Store = page.In[0]
	}
	slices.Sort(page.In)
	page.Rule, _ = s.of.Rule(page.Worker, page.Store)
	page.Standing = page.Stores[page.Store]
	page.Off = page.Standing == "off"
	for _, h := range page.Holds {
		if h.Store == "" || h.Store == page.Store {
			page.Held = append(page.Held, h)
			page.Paused = page.Paused || h.Reason == control.Paused
		}
	}
	if page.OldestDue != nil {
		page.Late = localtime.Age(now.At.Sub(*page.OldestDue))
	}
	page.Reasons = byReason(now.Workers[i : i+1])
	pending, asOf, counted := s.pending.Last()
	page.Counting, page.Counted = !counted, age(asOf)
	page.fill(pending)
	page.Past = s.pastOf(r.Context(), page.Worker, page.Store, page.Tracked)
	return page, http.StatusOK
}

// fill lays out what is pending as a calendar, whose weeks begin with Monday.
func (p *workerPage) fill(of Pending) {
	first, ok := of.First[p.Store]
	i := slices.IndexFunc(of.Counts, func(c installation.DayCounts) bool { return c.Store == p.Store && c.Worker == p.Worker })
	if !ok || i < 0 {
		return
	}
	c := of.Counts[i]
	most := slices.Max(c.Days)
	p.FellDue, p.Later, p.Sum = c.FellDue, c.Later, c.Total()
	week := make([]dayCell, (int(first.Weekday())+6)%7) // what is before today
	for n, count := range c.Days {
		week = append(week, dayCell{first.AddDate(0, 0, n), n == 0, shadeOf(count, most)})
		if len(week) == 7 {
			p.Weeks, week = append(p.Weeks, week), nil
		}
	}
	if len(week) > 0 {
		p.Weeks = append(p.Weeks, append(week, make([]dayCell, 7-len(week))...))
	}
}

// pausePage is the form with which a worker is paused or resumed.
type pausePage struct {
	Worker, Store string // Store "": in all
	Resume        bool
	In            []string
	Today         int // emails that are looked at today
	Why, Trouble  string
	System        []control.Hold // that end as well
	ByConfig      bool
	Back          string
}

const maxWhy = 200

func (s *section) pausing(r *http.Request) (page pausePage, status int) {
	of, status := s.about(r)
	page = pausePage{Worker: of.Worker, Store: r.FormValue("store"), Resume: r.FormValue("do") == "resume", In: of.In, Trouble: of.Trouble,
		Back: workersPath + "/" + url.PathEscape(of.Worker) + "?" + url.Values{"store": {of.Store}}.Encode()}
	if status != http.StatusOK {
		return page, status
	}
	if page.Store != "" && !slices.Contains(of.In, page.Store) {
		return page, http.StatusNotFound
	}
	for _, h := range of.Held {
		if h.Reason != control.Paused {
			page.System = append(page.System, h)
		}
	}
	if pending, _, ok := s.pending.Last(); ok {
		for _, c := range pending.Counts {
			if c.Worker == page.Worker && (page.Store == "" || c.Store == page.Store) {
				page.Today += c.FellDue + c.Days[0]
			}
		}
	}
	return page, status
}

func (s *section) askPause(w http.ResponseWriter, r *http.Request) {
	page, status := s.pausing(r)
	if status == http.StatusAccepted {
		s.wait(w, r, workersPath, r.PathValue("worker"))
		return
	}
	s.showPause(w, r, status, page)
}

func (s *section) showPause(w http.ResponseWriter, r *http.Request, status int, page pausePage) {
	switch status {
	case http.StatusNotFound:
		http.Redirect(w, r, workersPath, http.StatusSeeOther)
		return
	case http.StatusAccepted: // a form that was sent is sent again by hand
		page.Worker, page.Trouble = r.PathValue("worker"), "The state of the workers is being asked for. Try again in a second."
		page.Back, status = workersPath, http.StatusServiceUnavailable
	}
	title := "Pause " + page.Worker
	if page.Resume {
		title = "Resume " + page.Worker
	}
	s.app.Show(w, r, status, workersPath, title, s.pause, page)
}

// doPause pauses or resumes a worker, as `homing pause` and `homing resume` do.
func (s *section) doPause(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	page, status := s.pausing(r)
	page.Why = strings.TrimSpace(r.PostFormValue("why"))
	switch {
	case status != http.StatusOK:
	case !page.Resume && page.Why == "":
		page.Trouble, status = "Write why: anybody who finds it paused next month will want to know.", http.StatusUnprocessableEntity
	case len(page.Why) > maxWhy:
		page.Trouble, status = "Write it in fewer words.", http.StatusUnprocessableEntity
	case installation.CheckPauseReason(page.Why) != nil:
		page.Trouble, status = "Leave the address out: the reason stays on the timeline for years.", http.StatusUnprocessableEntity
	}
	if status != http.StatusOK {
		s.showPause(w, r, status, page)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), statusTime)
	defer cancel()
	var done installation.Switched
	var err error
	said := "paused"
	if page.Resume {
		said = "resumed"
		done, err = s.of.Resume(ctx, page.Worker, page.Store)
	} else {
		done, err = s.of.Pause(ctx, page.Worker, page.Store, page.Why)
	}
	s.status.Forget()
	if err != nil {
		page.Trouble = err.Error()
		s.showPause(w, r, http.StatusBadGateway, page)
		return
	}
	if !done.Changed {
		said = "before"
	}
	http.Redirect(w, r, page.Back+"&done="+said, http.StatusSeeOther)
}
