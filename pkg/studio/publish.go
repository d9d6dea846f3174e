package studio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"homing/pkg/maillint"
	"homing/pkg/templatediff"
	"homing/pkg/templatestore"
)

// draftPage shows what would be published: what is wrong with it, and what it changes.
func (s *Studio) draftPage(w http.ResponseWriter, r *http.Request) {
	s.draft(w, r, http.StatusOK, versionShown{})
}

func (s *Studio) draft(w http.ResponseWriter, r *http.Request, status int, out versionShown) {
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	now, err := s.shared.now(ctx)
	if err != nil {
		s.versions(w, r, "", err.Error())
		return
	}
	out.Current, out.Revision, out.Draft = now.version, now.desk.Revision, now.changes()
	for _, u := range out.Draft {
		if u.Stale {
			out.Stale++
		}
	}
	if len(out.Draft) > 0 {
		s.compare(&out.compared, now.inForce, now.edited(), "the draft", out.Draft)
	}
	s.page(w, r, status, "/versions", "version", "The draft", out)
}

// wrongWith lists what processes that send would refuse, and what cannot be rendered.
func (s *Studio) wrongWith(files templatestore.Files) []mistake {
	set, err := s.sets.load(files, s.o.Load)
	if err == nil {
		_, err = templatediff.ShowAll(set)
	}
	if err == nil {
		return nil
	}
	out := mistakes(err)
	if len(out) == 0 {
		out = []mistake{{Text: err.Error()}}
	}
	return out
}

// remarksOn are the warnings about files that were changed.
func (s *Studio) remarksOn(files templatestore.Files, changed []unpublished) (out []mistake) {
	set, err := s.sets.load(files, s.o.Load)
	if err != nil {
		return nil
	}
	for _, f := range maillint.Emails(set, s.stores()) {
		for _, u := range changed {
			if f.Level != maillint.Note && f.File == u.Path {
				out = append(out, mistake{f.File, f.Line, f.Column, f.Text})
			}
		}
	}
	return out
}

// publish makes the draft the next version, if it is still what was looked at.
func (s *Studio) publish(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	base, berr := strconv.Atoi(r.PostFormValue("base"))
	revision, rerr := strconv.ParseUint(r.PostFormValue("revision"), 10, 64)
	if err := errors.Join(berr, rerr); err != nil {
		http.Error(w, "this form is not complete; open the page again", http.StatusBadRequest)
		return
	}
	out := versionShown{compared: compared{Note: strings.TrimSpace(r.PostFormValue("note"))}}
	now, err := s.shared.now(ctx)
	if err != nil {
		s.versions(w, r, "", "Nothing was published: "+err.Error())
		return
	}
	switch {
	case now.version != base:
		s.moved(ctx, &out, base, now.version)
	case now.desk.Revision != revision:
		out.Moved = "Nothing was published: somebody saved in the draft since you looked. This is how it is now."
	case len(now.changes()) == 0:
		out.Moved = "There is nothing to publish."
	}
	for _, u := range now.changes() {
		if u.Stale && out.Moved == "" {
			out.Moved = "Nothing was published: decide first whose text of " + u.Path + " stays."
		}
	}
	if out.Moved != "" {
		s.draft(w, r, http.StatusConflict, out)
		return
	}
	if s.wrongWith(now.edited()) != nil { // which the page lists
		out.Moved = "Nothing was published: there are mistakes to correct."
		s.draft(w, r, http.StatusUnprocessableEntity, out)
		return
	}
	d := templatestore.Draft{Files: now.desk.Over(now.own), Base: base, Author: requestOf(r).visitor.Name, Message: out.Note}
	s.putInForce(w, r.WithContext(ctx), d, func(status int, out versionShown) { s.draft(w, r, status, out) }, out)
}

// putInForce publishes, and answers: on the page of the versions, or, if it could not be,
// again on the one from which it was asked.
func (s *Studio) putInForce(w http.ResponseWriter, r *http.Request, d templatestore.Draft, again func(status int, out versionShown), out versionShown) {
	ctx := r.Context()
	v, err := s.o.Versions.Publish(ctx, d)
	if c, conflict := errors.AsType[*templatestore.Conflict](err); conflict {
		s.moved(ctx, &out, c.Base, c.Current)
		again(http.StatusConflict, out)
		return
	}
	if err != nil {
		out.Moved = "Nothing was published: " + err.Error()
		again(http.StatusUnprocessableEntity, out)
		return
	}
	// What is as in force is no change, also where this fails.
	_, _ = s.o.Versions.ChangeDesk(ctx, func(desk *templatestore.Desk) error {
		for p, text := range d.Files {
			if e := desk.Edit(p); e != nil && string(e.Text) == string(text) {
				desk.Take(p)
			}
		}
		return nil
	})
	if s.o.Published != nil {
		if err := s.o.Published(ctx); err != nil {
			s.versions(w, r, fmt.Sprintf("Version %d is in force.", v.Number), err.Error())
			return
		}
	}
	http.Redirect(w, r, fmt.Sprintf("/versions?published=%d", v.Number), http.StatusSeeOther)
}

// moved says what was published since somebody looked.
func (s *Studio) moved(ctx context.Context, out *versionShown, base, current int) {
	out.Moved = "Nothing was published: somebody else did since you looked. See what changed, and publish then."
	if since, err := s.o.Versions.History(ctx, max(0, current-base)); err == nil {
		out.Since = since
	}
}

// decide settles what becomes of a file of the draft: it is taken out, so that the text
// in force stays, or it stays although somebody published another.
func (s *Studio) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	path, sum := r.PostFormValue("path"), r.PostFormValue("sum")
	now, err := s.shared.now(ctx)
	if err != nil {
		s.versions(w, r, "", err.Error())
		return
	}
	inForce, there := now.inForce[path]
	_, err = s.o.Versions.ChangeDesk(ctx, func(d *templatestore.Desk) error {
		e := d.Edit(path)
		if e == nil || e.Sum() != sum {
			return errConflict
		}
		if r.PostFormValue("keep") != "" {
			e.Base = templatestore.SumOf(inForce, there)
		} else {
			d.Take(path)
		}
		return nil
	})
	switch {
	case errors.Is(err, errConflict):
		s.draft(w, r, http.StatusConflict, versionShown{compared: compared{Moved: path + " was changed in the draft since you looked. This is how it is now."}})
	case err != nil:
		s.draft(w, r, http.StatusServiceUnavailable, versionShown{compared: compared{Moved: err.Error()}})
	default:
		s.did(r, "the draft is decided about", zap.String("file", path), zap.Bool("kept", r.PostFormValue("keep") != ""))
		http.Redirect(w, r, "/versions/draft", http.StatusSeeOther)
	}
}

// restore publishes an earlier version again.
func (s *Studio) restore(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx, cancel := context.WithTimeout(r.Context(), bucketTime)
	defer cancel()
	to, terr := strconv.Atoi(r.PathValue("number"))
	base, berr := strconv.Atoi(r.PostFormValue("base"))
	if terr != nil || berr != nil {
		http.Error(w, "this form is not complete; open the page again", http.StatusBadRequest)
		return
	}
	out := versionShown{compared: compared{Note: strings.TrimSpace(r.PostFormValue("note"))}}
	again := func(status int, out versionShown) { s.version(w, r, status, to, out) }
	_, files, err := s.o.Versions.Get(ctx, to)
	if err != nil {
		s.versions(w, r, "", "Nothing was published: "+err.Error())
		return
	}
	if out.Mistakes = s.wrongWith(files.Over(s.shared.builtIn)); out.Mistakes != nil {
		out.Moved = "Nothing was published: this version cannot be used any more."
		again(http.StatusUnprocessableEntity, out)
		return
	}
	d := templatestore.Draft{Files: files, Base: base, Author: requestOf(r).visitor.Name, Message: out.Note, Restores: to}
	if d.Message == "" {
		d.Message = fmt.Sprintf("back to version %d", to)
	}
	s.putInForce(w, r.WithContext(ctx), d, again, out)
}
