package studio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"homing/pkg/templatestore"
)

// Push is what a studio on a folder needs to publish it.
type Push struct {
	Store   *templatestore.Store
	BuiltIn templatestore.Files // what comes with Homing, over which the folder lies
	Author  string
	// Base returns the version that the folder's files were made from; 0: none.
	Base func() (int, error)
	// Noted is told which version the folder's files are now.
	Noted func(version int) error
}

func (s *Studio) pushRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /publish", s.pushPage)
	mux.HandleFunc("POST /publish", editors(s.push))
}

// pushShown is the content of the page on which the folder is published.
type pushShown struct {
	compared
	Folder string
	Base   int    // the version that the folder was made from
	Sum    string // of the files
	Done   string // what was just done
}

// Ready reports whether the folder can be published as it is.
func (p pushShown) Ready() bool {
	return p.Sum != "" && len(p.Files) > 0 && p.Mistakes == nil && p.Base == p.Current
}

func (s *Studio) pushPage(w http.ResponseWriter, r *http.Request) {
	out := pushShown{}
	if n, err := strconv.Atoi(r.URL.Query().Get("published")); err == nil {
		out.Done = fmt.Sprintf("Published. All processes change to version %d within a second.", n)
	}
	s.pushed(w, r, http.StatusOK, out)
}

// pushed shows what publishing the folder would change.
func (s *Studio) pushed(w http.ResponseWriter, r *http.Request, status int, out pushShown) {
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	if err := s.compareFolder(ctx, &out); err != nil {
		out.Moved, status = strings.TrimSpace(out.Moved+" "+err.Error()), http.StatusServiceUnavailable
	}
	s.page(w, r, status, "/publish", "push", "Publish", out)
}

// compareFolder fills a page with what the folder has, and what is in force.
func (s *Studio) compareFolder(ctx context.Context, out *pushShown) (err error) {
	out.Folder = s.o.Dir
	if out.Current, err = s.o.Push.Store.Current(ctx); err != nil {
		return fmt.Errorf("the published templates cannot be read: %w", err)
	}
	if out.Base, err = s.o.Push.Base(); err != nil {
		return err
	}
	var inForce templatestore.Files
	if out.Current > 0 {
		if _, inForce, err = s.o.Push.Store.Get(ctx, out.Current); err != nil {
			return err
		}
	}
	own, err := templatestore.ReadFiles(os.DirFS(s.o.Dir))
	if err != nil || len(own) == 0 {
		return err
	}
	out.Sum = own.Hash()
	d := s.compare(&out.compared, inForce.Over(s.o.Push.BuiltIn), own.Over(s.o.Push.BuiltIn), "the folder", changedIn(templatestore.Changes(inForce, own)))
	out.Cannot = d.Cannot
	if out.Base != out.Current && out.Since == nil {
		out.Since, err = s.o.Push.Store.History(ctx, max(0, out.Current-out.Base))
	}
	return err
}

func changedIn(changes []templatestore.Change) (out []unpublished) {
	for _, c := range changes {
		out = append(out, unpublished{Edit: templatestore.Edit{Path: c.Path}})
	}
	return out
}

// push publishes the folder, if it and what is in force are as they were looked at.
func (s *Studio) push(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	base, err := strconv.Atoi(r.PostFormValue("base"))
	if err != nil {
		http.Error(w, "this form is not complete; open the page again", http.StatusBadRequest)
		return
	}
	out := pushShown{compared: compared{Note: strings.TrimSpace(r.PostFormValue("note"))}}
	refuse := func(status int, why string) {
		out.Moved = "Nothing was published: " + why
		s.pushed(w, r, status, out)
	}
	own, err := templatestore.ReadFiles(os.DirFS(s.o.Dir))
	switch {
	case err != nil:
		refuse(http.StatusUnprocessableEntity, err.Error())
		return
	case own.Hash() != r.PostFormValue("sum"):
		refuse(http.StatusConflict, "files were saved since you looked. This is how it is now.")
		return
	case s.wrongWith(own.Over(s.o.Push.BuiltIn)) != nil: // which the page lists
		refuse(http.StatusUnprocessableEntity, "there are mistakes to correct.")
		return
	}
	v, err := s.o.Push.Store.Publish(ctx, templatestore.Draft{Files: own, Base: base, Author: s.o.Push.Author, Message: out.Note})
	if _, conflict := errors.AsType[*templatestore.Conflict](err); conflict {
		refuse(http.StatusConflict, "somebody else did since you looked.")
		return
	}
	if err != nil {
		refuse(http.StatusUnprocessableEntity, err.Error())
		return
	}
	err = s.o.Push.Noted(v.Number)
	if s.o.Published != nil {
		err = errors.Join(err, s.o.Published(ctx))
	}
	if err != nil {
		out.Done, out.Moved = fmt.Sprintf("Version %d is in force.", v.Number), err.Error()
		s.pushed(w, r, http.StatusOK, out)
		return
	}
	http.Redirect(w, r, fmt.Sprintf("/publish?published=%d", v.Number), http.StatusSeeOther)
}
