package studio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"homing/pkg/templatediff"
	"homing/pkg/templatestore"
)

// mostVersions is how many versions are listed.
const mostVersions = 50

// mostPairs is how many emails are shown as they were and as they are; of all others
// there are the words.
const mostPairs = 30

// bucketTime bounds what a page asks of the bucket, and the loading in between.
const bucketTime = 30 * time.Second

func (s *Studio) versionRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /versions", s.versionsPage)
	mux.HandleFunc("GET /versions/draft", s.draftPage)
	mux.HandleFunc("GET /versions/{number}", s.versionPage)
	mux.HandleFunc("POST /versions/draft/publish", editors(s.publish))
	mux.HandleFunc("POST /versions/draft/decide", editors(s.decide))
	mux.HandleFunc("POST /versions/{number}/restore", editors(s.restore))
}

// versionsListed is the content of the page of all versions.
type versionsListed struct {
	Done    string // what was just done
	Trouble string // what is wrong, nevertheless
	Current int
	Draft   []unpublished
	History []templatestore.Version
}

func (s *Studio) versionsPage(w http.ResponseWriter, r *http.Request) {
	done := ""
	if n, err := strconv.Atoi(r.URL.Query().Get("published")); err == nil {
		done = fmt.Sprintf("Published. All processes change to version %d within a second.", n)
	}
	s.versions(w, r, done, "")
}

func (s *Studio) versions(w http.ResponseWriter, r *http.Request, done, trouble string) {
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	out := versionsListed{Done: done, Trouble: trouble}
	status := http.StatusOK
	now, err := s.shared.now(ctx)
	if err == nil {
		out.Current, out.Draft = now.version, now.changes()
		out.History, err = s.o.Versions.History(ctx, mostVersions)
	}
	if err != nil {
		out.Trouble, status = err.Error(), http.StatusServiceUnavailable
	}
	s.page(w, r, status, "/versions", "versions", "Versions", out)
}

// An emailPair is an email that two states render in another way.
type emailPair struct {
	templatediff.Email
	BeforeView, AfterView string // at the emails' origin; "": not kept
}

// compared is what pages show of templates against those in force.
type compared struct {
	Current int    // the version in force; 0: none was published
	Note    string // what was typed
	// Moved says what happened since somebody looked, and Since what was published.
	Moved    string
	Since    []templatestore.Version
	Mistakes []mistake
	Remarks  []mistake
	Files    []templatediff.File
	Emails   []emailPair
	Cannot   []string
}

// compare fills in what would be if some files, of which some changed, were in force.
func (s *Studio) compare(out *compared, inForce, files templatestore.Files, name string, changed []unpublished) templatediff.Diff {
	if out.Mistakes = s.wrongWith(files); out.Mistakes == nil {
		out.Remarks = s.remarksOn(files, changed)
	}
	d := templatediff.Compare(s.side(versionName(out.Current), inForce), s.side(name, files))
	out.Files, out.Emails = d.Files, s.pairs(d)
	return d
}

// versionName is a version as pages call it.
func versionName(n int) string {
	if n == 0 {
		return "what comes with Homing"
	}
	return fmt.Sprintf("version %d", n)
}

// versionShown is the content of the page of one version, or of the draft.
type versionShown struct {
	compared
	Version  *templatestore.Version // nil: the draft
	Revision uint64                 // of the draft
	Draft    []unpublished
	Stale    int // of these
}

// pairs keeps what changed to be looked at.
func (s *Studio) pairs(d templatediff.Diff) (out []emailPair) {
	for _, e := range d.Emails {
		p := emailPair{Email: e}
		if e.HTML && len(out) < mostPairs {
			if e.Before != "" {
				p.BeforeView = s.views.keep(e.Before)
			}
			if e.After != "" {
				p.AfterView = s.views.keep(e.After)
			}
		}
		out = append(out, p)
	}
	return out
}

// versionPage shows what a version changed.
func (s *Studio) versionPage(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || n < 1 {
		s.page(w, r, http.StatusNotFound, "/versions", "missing", "Nothing here", "version "+r.PathValue("number"))
		return
	}
	s.version(w, r, http.StatusOK, n, versionShown{})
}

func (s *Studio) version(w http.ResponseWriter, r *http.Request, status, n int, out versionShown) {
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	now, err := s.shared.now(ctx)
	if err == nil {
		out.Current = now.version
		err = s.fillVersion(ctx, n, &out)
	}
	switch {
	case errors.Is(err, templatestore.ErrNoVersion):
		s.page(w, r, http.StatusNotFound, "/versions", "missing", "Nothing here", fmt.Sprintf("version %d", n))
	case err != nil:
		s.versions(w, r, "", err.Error())
	default:
		s.page(w, r, status, "/versions", "version", fmt.Sprintf("Version %d", n), out)
	}
}

func (s *Studio) fillVersion(ctx context.Context, n int, out *versionShown) error {
	v, files, err := s.o.Versions.Get(ctx, n)
	if err != nil {
		return err
	}
	var before templatestore.Files
	if n > 1 {
		if _, before, err = s.o.Versions.Get(ctx, n-1); err != nil {
			return err
		}
	}
	d := templatediff.Compare(s.side(versionName(n-1), before.Over(s.shared.builtIn)), s.side(versionName(n), files.Over(s.shared.builtIn)))
	out.Version, out.Files, out.Emails, out.Cannot = &v, d.Files, s.pairs(d), d.Cannot
	return nil
}

// side renders a state of the templates.
func (s *Studio) side(name string, files templatestore.Files) templatediff.Side {
	set, err := s.sets.load(files, s.o.Load)
	return templatediff.SideOf(name, files, set, err)
}
