package support

import (
	"context"
	"net/http"
	"time"

	"homing/pkg/studio"
)

// done is what is said of something that was just done.
var done = map[string]string{
	string(Stop):  "They get no more marketing email, from now on. What is planned ends as unsubscribed when it falls due.",
	string(Erase): "They are being erased. What is pending goes within seconds, what is on the streams in the night.",
	"again":       "It is on its way, if nothing speaks against it. What becomes of it is below, in a moment.",
	"before":      "It was so already: nothing has changed.",
}

// turning is the page on which somebody says that they mean it.
type turning struct {
	story
	Do Action
}

// action is what a request is about; it answers itself if there is no such thing.
func action(w http.ResponseWriter, r *http.Request) (Action, bool) {
	do := Action(r.PathValue("do"))
	if do == Stop || do == Erase {
		return do, true
	}
	http.NotFound(w, r)
	return "", false
}

func (s *section) ask(w http.ResponseWriter, r *http.Request) {
	do, ok := action(w, r)
	if !ok {
		return
	}
	if page, ok := s.about(w, r, false); ok {
		s.app.Show(w, r, http.StatusOK, path, page.Title, s.page.sure, turning{page, do})
	}
}

func (s *section) turn(w http.ResponseWriter, r *http.Request) {
	do, ok := action(w, r)
	if !ok {
		return
	}
	if !s.asked.Count("turn", studio.VisitorOf(r.Context()).Name, perMinute) {
		s.search(w, r, http.StatusTooManyRequests, found{Trouble: "That was too many within a minute. Wait a minute, then go on."})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	changed, err := s.customers.Turn(ctx, do, r.PathValue("store"), r.PathValue("token"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	said := string(do)
	if !changed {
		said = "before"
	}
	http.Redirect(w, r, to(r.PathValue("store"), r.PathValue("token"))+"?done="+said, http.StatusSeeOther)
}
