package support

import (
	"cmp"
	"context"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/studio"
	"homing/pkg/touch"
	"homing/pkg/why"
)

type pages struct{ search, customer, email, sure, again *template.Template }

func pagesOf(files fs.FS) pages {
	return pages{studio.PageOf(files, "customers.html"), studio.PageOf(files, "customer.html"), studio.PageOf(files, "sent.html"), studio.PageOf(files, "sure.html"), studio.PageOf(files, "again.html")}
}

// A story is the page of a customer.
type story struct {
	why.Report
	why.Words
	Title string
	Path  string
	Said  string // what was just done
	All   bool   // all of the timeline was read
	Days  []day
	Next  []next
	Off   []string // workers that are switched off
}

// A day is what happened on one, the latest first.
type day struct {
	Date  string
	Lines []line
}

// A line is one thing that happened.
type line struct {
	Time  string
	Kind  string // sent, held, dropped, uncertain; "" of what is no email's fate
	Name  string // of the email
	Text  string
	Seen  string // page of the email as it was sent; "": it wasn't
	Again bool   // it may be sent again
}

// next is an email that is planned.
type next struct {
	When, Name, About string
	By                string // who asked to send it again
	Then              []string
}

// about is who a request is about; it answers itself if that cannot be shown.
func (s *section) about(w http.ResponseWriter, r *http.Request, all bool) (story, bool) {
	if !s.mayLook(w, r) {
		return story{}, false
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	report, err := s.customers.Why(ctx, r.PathValue("store"), r.PathValue("token"), all)
	if err != nil {
		s.failed(w, r, err)
		return story{}, false
	}
	page := story{Title: titleOf(report), Path: to(report.Store, report.Token), All: all}
	report.Silent = slices.DeleteFunc(report.Silent, func(x why.Silence) bool {
		if x.IsOff() {
			page.Off = append(page.Off, x.Worker)
		}
		return x.IsOff()
	})
	page.Report, page.Words = report, report.Words()
	return page, true
}

func (s *section) customer(w http.ResponseWriter, r *http.Request) {
	page, ok := s.about(w, r, r.URL.Query().Has("all"))
	if !ok {
		return
	}
	page.Days, page.Said = daysOf(page.Report), done[r.URL.Query().Get("done")]
	for _, t := range page.Pending {
		page.Next = append(page.Next, next{t.Wake.In(page.In()).Format("Mon 2 Jan 2006, 15:04"), t.Worker + "/" + t.Step, t.About, t.By, page.Then(t)})
	}
	s.app.Show(w, r, http.StatusOK, path, page.Title, s.page.customer, page)
}

// titleOf is how a customer is called.
func titleOf(r why.Report) string {
	if r.Profile != nil && r.Profile.Name != "" {
		return r.Profile.Name
	}
	return r.Customer
}

// kinds are the fates of emails, by the action of their facts.
var kinds = map[string]string{events.ActionSent: "sent", events.ActionHeld: "held", events.ActionDropped: "dropped", events.ActionUncertain: "uncertain"}

// daysOf lays out a report's story by day, the latest first.
func daysOf(r why.Report) (out []day) {
	zone := r.In()
	for _, l := range slices.Backward(r.Story) {
		at := l.At.In(zone)
		date := at.Format("Monday, 2 January 2006")
		if n := len(out); n == 0 || out[n-1].Date != date {
			out = append(out, day{Date: date})
		}
		x := line{Time: at.Format("15:04"), Text: l.Text}
		if l.Type.IsFact() && l.Worker != "" {
			x.Kind, x.Name = kinds[l.Type.Action()], strings.TrimSuffix(l.Worker+"/"+l.Step, "/")
		}
		if x.Kind == "sent" || x.Kind == "uncertain" {
			x.Seen = to(r.Store, r.Token) + "/emails/" + l.Touch
			x.Again = l.Class == string(touch.Transactional)
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, x)
	}
	return out
}

// shown is the page of one email.
type shown struct {
	Email
	Path, When string
	Frame      string
}

// email shows an email as it was sent.
func (s *section) email(w http.ResponseWriter, r *http.Request) {
	if !s.mayLook(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	store, token := r.PathValue("store"), r.PathValue("token")
	e, err := s.customers.Shown(ctx, store, r.PathValue("touch"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	page := shown{Email: e, Path: to(store, token), When: e.Sent.UTC().Format("Monday, 2 January 2006, 15:04 MST"), Frame: s.app.Frame(e.HTML)}
	s.app.Show(w, r, http.StatusOK, path, cmp.Or(e.Subject, "An email"), s.page.email, page)
}

// export is all that is known of a customer, as a file.
func (s *section) export(w http.ResponseWriter, r *http.Request) {
	if !s.mayLook(w, r) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	e, err := s.customers.Export(ctx, r.PathValue("store"), r.PathValue("token"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="customer-`+e.Token+`.json"`)
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(e) // the browser has gone
}
