package triage

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/rejected"
)

// payload is what an event said, for a page.
func payload(e *rejected.Event) (text string, cut bool) {
	data := e.Data
	var pretty bytes.Buffer
	if len(data) <= longest && json.Indent(&pretty, data, "", "  ") == nil {
		data = pretty.Bytes()
	}
	if cut = len(data) > longest; cut {
		data = data[:longest]
	}
	return rejected.Printable(string(data)), cut
}

// sure is the page on which somebody says that events are to be replayed.
type sure struct {
	Count  int      // how many there are
	Seqs   []uint64 // those that are replayed
	Back   string
	Looked int // how many were looked at
	Again  int // how many of them would be rejected again
	Why    []string
	Fields map[string]string
}

// done is the page that says what became of them.
type done struct {
	Count   int
	Failed  []rejected.Replayed
	Trouble string
	Left    int // that were too many for one time
	Back    string
}

// replay replays an event or a group, after showing which.
func (s *section) replay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx, cancel := context.WithTimeout(r.Context(), effort)
	defer cancel()
	if err := r.ParseForm(); err != nil {
		http.Error(w, "this form cannot be read", http.StatusBadRequest)
		return
	}
	seqs, err := s.chosen(ctx, r.PostForm)
	back := path
	if to := r.PostForm.Get("back"); strings.HasPrefix(to, path+"/") {
		back = to
	}
	switch {
	case err != nil:
		s.app.Show(w, r, http.StatusBadGateway, path, "Replay", s.page.done, done{Trouble: err.Error(), Back: back})
	case len(seqs) == 0:
		s.app.Show(w, r, http.StatusNotFound, path, "Replay", s.page.done, done{Trouble: "None of them is there any more: somebody else replayed them, or the stream dropped its oldest.", Back: path})
	case r.PostForm.Get("sure") == "":
		s.ask(ctx, w, r, seqs, back)
	default:
		page := done{Left: max(0, len(seqs)-most), Back: back}
		out, err := s.rejected.ReplayAll(ctx, seqs[:min(len(seqs), most)])
		s.found.Forget()
		for _, x := range out {
			if x.Error != "" {
				page.Failed = append(page.Failed, x)
			} else {
				page.Count++
			}
		}
		if err != nil {
			page.Trouble = err.Error()
		}
		s.app.Show(w, r, http.StatusOK, path, "Replayed", s.page.done, page)
	}
}

// chosen are the sequences that a form means: one, or those of a group up to the newest
// that was seen.
func (s *section) chosen(ctx context.Context, form url.Values) ([]uint64, error) {
	if one := form.Get("sequence"); one != "" {
		seq, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			return nil, err
		}
		return []uint64{seq}, nil
	}
	return s.rejected.Choose(ctx, choiceOf(form.Get("store"), form.Get("reason"), form))
}

// ask shows what would be replayed, and what would become of it.
func (s *section) ask(ctx context.Context, w http.ResponseWriter, r *http.Request, seqs []uint64, back string) {
	page := sure{Count: len(seqs), Back: back, Fields: map[string]string{}}
	for name := range r.PostForm {
		page.Fields[name] = r.PostForm.Get(name)
	}
	some, err := s.rejected.Events(ctx, seqs[:min(len(seqs), looked)])
	if err != nil {
		s.app.Show(w, r, http.StatusBadGateway, path, "Replay", s.page.done, done{Trouble: err.Error(), Back: back})
		return
	}
	page.Looked = len(some)
	for _, e := range some {
		v := e.Now(s.stores)
		if v.Rejected == "" {
			continue
		}
		page.Again++
		if why := v.Rejected + ": " + v.Faults[0].String(); len(page.Why) < 5 && !slices.Contains(page.Why, why) {
			page.Why = append(page.Why, why)
		}
	}
	s.app.Show(w, r, http.StatusOK, path, "Replay?", s.page.sure, page)
}
