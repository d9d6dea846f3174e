package support

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"homing/pkg/studio"
)

// resending is the page on which somebody says that an email is to be sent again.
type resending struct {
	story
	Resent
	Touch, When string
	// Press is made with the page: whoever sends its form twice means one email.
	Press string
}

func (s *section) askAgain(w http.ResponseWriter, r *http.Request) {
	about, ok := s.about(w, r, false)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	page := resending{story: about, Touch: r.PathValue("touch"), Press: strings.ToLower(rand.Text())}
	var err error
	if page.Resent, err = s.customers.Again(ctx, r.PathValue("store"), r.PathValue("token"), page.Touch, page.Press); err != nil {
		s.failed(w, r, err)
		return
	}
	page.When = page.Sent.In(page.In()).Format("Monday, 2 January 2006, 15:04")
	s.app.Show(w, r, http.StatusOK, path, page.Title, s.page.again, page)
}

func (s *section) sendAgain(w http.ResponseWriter, r *http.Request) {
	if !s.asked.Count("turn", studio.VisitorOf(r.Context()).Name, perMinute) {
		s.search(w, r, http.StatusTooManyRequests, found{Trouble: "That was too many within a minute. Wait a minute, then go on."})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	asked, err := s.customers.SendAgain(ctx, r.PathValue("store"), r.PathValue("token"), r.PathValue("touch"), r.PostFormValue("press"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	said := "again"
	if !asked {
		said = "before"
	}
	http.Redirect(w, r, to(r.PathValue("store"), r.PathValue("token"))+"?done="+said, http.StatusSeeOther)
}
