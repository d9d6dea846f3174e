// Package running has the sections of the console that say whether Homing runs: Today, with
// what went out and what waits, Workers, with what each does and is going to do, and System,
// with what the doctor finds. They show what `homing status`, `homing pending` and `homing
// doctor` tell, and change nothing but what `homing pause` and `homing resume` do.
package running

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"homing/pkg/doctor"
	"homing/pkg/installation"
	"homing/pkg/lately"
	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/studio"
)

//go:embed page
var assets embed.FS

// The sections' paths.
const (
	todayPath   = "/today"
	workersPath = "/workers"
	systemPath  = "/system"
)

// An Installation tells how it is.
type Installation interface {
	Status(ctx context.Context) (*installation.Status, error)
	Examine(ctx context.Context) (doctor.Report, error)
	// Pending counts what is pending by day; see installation.Installation.
	Pending(ctx context.Context, days int) (Pending, error)
	// Night returns what the last night counted of a store; nil: nothing yet.
	Night(ctx context.Context, store string) (*numbers.Snapshot, error)
	// Rule says what a worker does in a store; false: there is no such worker or store.
	Rule(worker, store string) (installation.Rule, bool)
	// Pause has a worker send nothing in a store, or, with store "", in any, and Resume
	// lets it go on.
	Pause(ctx context.Context, worker, store, why string) (installation.Switched, error)
	Resume(ctx context.Context, worker, store string) (installation.Switched, error)
}

// Pending is what is pending, by store, worker and day.
type Pending struct {
	Counts []installation.DayCounts
	First  map[string]time.Time // the first of the days, by store
}

// How long an answer is shown before it is asked for again, and how long asking may take.
// A status costs NATS some dozens of questions, an examination seconds of all servers.
const (
	statusFor, statusTime           = 5 * time.Second, 15 * time.Second
	examinationFor, examinationTime = 5 * time.Minute, time.Minute
	nightTime                       = 3 * time.Second
	pendingFor, pendingTime         = 15 * time.Minute, 5 * time.Minute // it reads all that is pending
)

type section struct {
	status      *lately.Answer[*installation.Status]
	examination *lately.Answer[doctor.Report]
	pending     *lately.Answer[Pending]
	of          Installation
	today       *template.Template
	system      *template.Template
	workers     *template.Template
	worker      *template.Template
	pause       *template.Template
	looking     *template.Template
	app         studio.App
}

// Sections returns the sections of the console: Today is its first page.
func Sections(of Installation) []studio.Section {
	files, err := fs.Sub(assets, "page")
	if err != nil {
		panic(err) // it is in the binary
	}
	s := &section{
		status:      lately.New(statusFor, statusTime, of.Status),
		examination: lately.New(examinationFor, examinationTime, of.Examine),
		pending:     lately.New(pendingFor, pendingTime, func(ctx context.Context) (Pending, error) { return of.Pending(ctx, days) }),
		of:          of,
		today:       studio.PageOf(files, "today.html", "findings.html", "reasons.html"), system: studio.PageOf(files, "system.html", "findings.html"),
		workers: studio.PageOf(files, "workers.html"), worker: studio.PageOf(files, "worker.html", "reasons.html"), pause: studio.PageOf(files, "pause.html"),
		looking: studio.PageOf(files, "looking.html"),
	}
	return []studio.Section{
		{Path: todayPath, Name: "Today", Before: true, Assets: files, Watch: s.watchToday, Routes: func(mux *http.ServeMux, app studio.App) {
			s.app = app
			mux.HandleFunc("GET "+todayPath, s.showToday)
		}},
		{Path: workersPath, Name: "Workers", Before: true, Assets: files, Watch: s.watchWorkers, Routes: func(mux *http.ServeMux, app studio.App) {
			s.app = app
			mux.HandleFunc("GET "+workersPath, s.showWorkers)
			mux.HandleFunc("GET "+workersPath+"/{worker}", s.showWorker)
			mux.HandleFunc("GET "+workersPath+"/{worker}/pause", studio.Editors(s.askPause))
			mux.HandleFunc("POST "+workersPath+"/{worker}/pause", studio.Editors(s.doPause))
		}},
		{Path: systemPath, Name: "System", Assets: files, Watch: s.watchSystem, Routes: func(mux *http.ServeMux, app studio.App) {
			s.app = app
			mux.HandleFunc("GET "+systemPath, s.showSystem)
			mux.HandleFunc("POST "+systemPath, s.examine)
		}},
	}
}

// today is a page.
type today struct {
	*installation.Status
	Trouble  string // it could not be read
	Age      string // of what is shown, if it is older than that page is
	Sums     installation.Outcomes
	Told     bool // outcomes are told apart by worker
	Hours    []hourly
	Reasons  []verdict
	Workers  []worker
	Off      []string         // workers that do nothing
	Findings []doctor.Finding // warnings and worse
	Looking  bool             // the doctor is still at it, for the first time
}

// worker is one, as a row.
type worker struct {
	installation.WorkerStatus
	Late string // for how long what fell due waits
	Bad  bool   // nothing leaves
}

func (s *section) showToday(w http.ResponseWriter, r *http.Request) {
	now, asOf, err := s.status.Get(r.Context())
	page := today{Status: now, Age: age(asOf)}
	if err != nil {
		page.Trouble = err.Error()
	} else if asOf.IsZero() {
		s.wait(w, r, todayPath, "Today")
		return
	}
	report, _, ok := s.examination.Last()
	page.Looking = !ok
	page.Findings = worth(report)
	if now == nil {
		s.app.Show(w, r, http.StatusBadGateway, todayPath, "Today", s.today, page)
		return
	}
	page.Told = true
	for _, d := range now.Stores {
		page.Sums.Sent, page.Sums.Held = page.Sums.Sent+d.Today.Sent, page.Sums.Held+d.Today.Held
		page.Sums.Dropped, page.Sums.Uncertain = page.Sums.Dropped+d.Today.Dropped, page.Sums.Uncertain+d.Today.Uncertain
	}
	for _, x := range now.Workers {
		page.Told = page.Told && x.Today != nil
		if idle(x) {
			page.Off = append(page.Off, x.Worker)
			continue
		}
		row := worker{WorkerStatus: x, Bad: len(x.Holds) > 0}
		if x.OldestDue != nil {
			row.Late = localtime.Age(now.At.Sub(*x.OldestDue))
		}
		page.Workers = append(page.Workers, row)
	}
	page.Hours, page.Reasons = byHour(now.Workers), byReason(now.Workers)
	s.app.Show(w, r, http.StatusOK, todayPath, "Today", s.today, page)
}

// idle reports whether there is nothing to say of a worker: it is off, and has left nothing.
func idle(w installation.WorkerStatus) bool {
	return w.State() == "off" && len(w.Holds) == 0 && w.Scheduled == 0 && w.Due == 0 && (w.Today == nil || *w.Today == installation.Outcomes{})
}

// system is a page.
type system struct {
	*installation.Status
	Report  doctor.Report
	Trouble string
	Checks  []check
}

// check is what one check found, the worst first.
type check struct {
	Name     string
	Level    doctor.Level
	Findings []doctor.Finding
}

func (s *section) showSystem(w http.ResponseWriter, r *http.Request) {
	var page system
	report, asOf, err := s.examination.Get(r.Context())
	if err != nil {
		page.Trouble = err.Error()
	} else if asOf.IsZero() {
		s.wait(w, r, systemPath, "System")
		return
	}
	page.Report = report
	for _, f := range report.Findings {
		if n := len(page.Checks); n == 0 || page.Checks[n-1].Name != f.Check {
			page.Checks = append(page.Checks, check{Name: f.Check, Level: f.Level})
		}
		last := &page.Checks[len(page.Checks)-1]
		last.Findings = append(last.Findings, f)
	}
	page.Status, _, _ = s.status.Get(r.Context()) // without it the page lacks the processes
	s.app.Show(w, r, http.StatusOK, systemPath, "System", s.system, page)
}

// wait shows that what a page tells is being asked for: the browser looks again.
func (s *section) wait(w http.ResponseWriter, r *http.Request, path, title string) {
	w.Header().Set("Refresh", "1")
	s.app.Show(w, r, http.StatusOK, path, title, s.looking, title)
}

// examine has the doctor look again.
func (s *section) examine(w http.ResponseWriter, r *http.Request) {
	s.examination.Forget()
	http.Redirect(w, r, systemPath, http.StatusSeeOther)
}
