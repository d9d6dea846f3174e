package studio

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"homing/pkg/render"
)

// An emailCard is an email in the list.
type emailCard struct {
	Name, Step string
	About      string
	Class      string
	Subject    string
	Preheader  string
	Mistakes   int
	First      mistake
	Later      bool // it is being tried out, and the rest is not known yet
}

// A group is the emails of one worker.
type group struct {
	Name   string
	Emails []emailCard
}

// listed is the content of the list.
type listed struct {
	place
	Groups []group
	Peek   string // the key of thumbnails
	Broken string
}

// listPage shows all emails, by worker.
func (s *Studio) listPage(w http.ResponseWriter, r *http.Request) {
	out := listed{place: s.work.place(), Peek: s.peek}
	files, err := s.withDrafts(nil)
	if err != nil {
		out.Broken = err.Error()
		s.page(w, r, http.StatusOK, "/emails", "emails", "Emails", out)
		return
	}
	names := emailNames(files)
	// Trying out all for the first time takes seconds: the page shows what is known soon, and
	// its script asks for the rest.
	ctx, cancel := context.WithTimeout(r.Context(), soon)
	defer cancel()
	cards := make([]emailCard, len(names))
	var wg sync.WaitGroup
	for n, name := range names {
		wg.Go(func() { cards[n] = s.card(ctx, files, name) })
	}
	wg.Wait()
	for n, name := range names {
		worker, step, _ := strings.Cut(name, "/")
		if len(out.Groups) == 0 || out.Groups[len(out.Groups)-1].Name != worker {
			out.Groups = append(out.Groups, group{Name: worker})
		}
		cards[n].Name, cards[n].Step = name, step
		g := &out.Groups[len(out.Groups)-1]
		g.Emails = append(g.Emails, cards[n])
	}
	s.page(w, r, http.StatusOK, "/emails", "emails", "Emails", out)
}

// soon is how long the list waits for what is being tried out.
const soon = 30 * time.Millisecond

// card is what the list shows of an email. It follows from its files alone, so it is made once.
func (s *Studio) card(ctx context.Context, files memory, name string) emailCard {
	c, err := s.compile.email(ctx, files, name)
	if errors.Is(err, context.DeadlineExceeded) {
		return emailCard{Later: true}
	}
	if err != nil {
		return emailCard{Mistakes: 1, First: mistake{Text: err.Error()}}
	}
	c.listed.Do(func() { c.card = s.cardOf(ctx, c, name) })
	return c.card
}

func (s *Studio) cardOf(ctx context.Context, made *compiled, name string) emailCard {
	p, mail, err := s.renderOf(ctx, made, look{Email: name})
	if err != nil {
		return emailCard{Mistakes: 1, First: mistake{Text: err.Error()}}
	}
	c := emailCard{About: p.About, Class: p.Class, Subject: mail.Subject, Preheader: mail.Preheader, Mistakes: len(p.Mistakes)}
	if len(p.Mistakes) > 0 {
		c.First = p.Mistakes[0]
	}
	return c
}

// edited is the content of the page with the editor.
type edited struct {
	Name, Worker, Step string
	Stores             []string
	Connected, Relay   bool
}

// stores are those of the configuration, by id.
func (s *Studio) stores() map[string]render.Store {
	out := map[string]render.Store{}
	for _, store := range s.o.Stores {
		out[store.ID] = store.View
	}
	return out
}

// emailPage is the editor, whose script asks for the rest.
func (s *Studio) emailPage(w http.ResponseWriter, r *http.Request) {
	e := edited{Worker: r.PathValue("worker"), Step: r.PathValue("step"), Connected: s.o.Customers != nil && requestOf(r).visitor.Editor, Relay: s.o.Sender != nil}
	e.Name = e.Worker + "/" + e.Step
	for _, store := range s.o.Stores {
		e.Stores = append(e.Stores, store.ID)
	}
	files, err := s.withDrafts(nil)
	if err == nil && slices.Contains(emailNames(files), e.Name) {
		s.page(w, r, http.StatusOK, "/emails", "email", e.Name, e)
		return
	}
	s.page(w, r, http.StatusNotFound, "/emails", "missing", "Nothing here", e.Name)
}
