package devstack

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"homing/pkg/mailview"
)

const (
	// eventsEvery bounds how often a page hears of new emails, however many come.
	eventsEvery = 250 * time.Millisecond
	// keepAlive keeps proxies from cutting an event stream that has nothing to say.
	keepAlive = 20 * time.Second

	defaultBriefs = 100
	maxBriefs     = 1000
)

// api serves the mailbox as JSON, and the parts of an email.
type api struct {
	box     *mailbox
	smtpURL string
	closing <-chan struct{}
	studio  *atomic.Pointer[string] // its URL; nil: there is none
}

func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/messages", a.list)
	mux.HandleFunc("DELETE /api/messages", a.clear)
	mux.HandleFunc("GET /api/messages/{id}", a.get)
	mux.HandleFunc("DELETE /api/messages/{id}", a.remove)
	mux.HandleFunc("GET /api/messages/{id}/source", a.source)
	mux.HandleFunc("GET /api/summaries", a.summaries)
	mux.HandleFunc("GET /api/events", a.events)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path)
	})
	mux.HandleFunc("GET /messages/{id}/html", a.html)
	mux.HandleFunc("GET /studio", a.toStudio)
	mux.HandleFunc("GET /{$}", asset("inbox.html", "text/html; charset=utf-8"))
	mux.HandleFunc("GET /inbox.css", asset("inbox.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /inbox.js", asset("inbox.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /picture.svg", mailview.Picture)
	mux.HandleFunc("GET /mark.svg", asset("mark.svg", "image/svg+xml"))
	return mux
}

// toStudio leads to the studio, if there is one.
func (a *api) toStudio(w http.ResponseWriter, r *http.Request) {
	if url := a.studio.Load(); url != nil {
		http.Redirect(w, r, *url, http.StatusFound)
		return
	}
	writeError(w, http.StatusNotFound, "there is no studio next to this inbox")
}

// list writes the emails newest first, one at a time: all of them together may
// not fit in memory twice.
func (a *api) list(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", -1)
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	to := r.URL.Query().Get("to")
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	out := bufio.NewWriterSize(w, 64<<10)
	enc := newEncoder(out)
	sep := "["
	for _, m := range a.box.newest() {
		if to != "" && !m.sentTo(to) {
			continue
		}
		if limit == 0 || r.Context().Err() != nil {
			break
		}
		limit--
		_, _ = out.WriteString(sep)
		if enc.Encode(m.message()) != nil {
			return // the reader has gone
		}
		sep = ","
	}
	if sep == "[" {
		_, _ = out.WriteString(sep)
	}
	_, _ = out.WriteString("]\n")
	_ = out.Flush()
}

func (a *api) get(w http.ResponseWriter, r *http.Request) {
	if m, ok := a.find(w, r); ok {
		writeJSON(w, http.StatusOK, m.message())
	}
}

func (a *api) source(w http.ResponseWriter, r *http.Request) {
	if m, ok := a.find(w, r); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(m.raw)
	}
}

// newTab makes the links of an email open in new tabs, as its frame may not navigate.
// It goes at the end, where it cannot change anything in the email.
const newTab = `<base target="_blank">`

// html serves the HTML part for the page's frame. The email is hostile: its own
// policy puts it into a sandbox even when somebody opens the address directly. With
// pictures=remote it may show pictures from elsewhere.
func (a *api) html(w http.ResponseWriter, r *http.Request) {
	m, ok := a.find(w, r)
	if !ok {
		return
	}
	msg := m.message()
	policy, body := mailPolicy, msg.shown()
	if r.URL.Query().Get("pictures") == "remote" {
		policy, body = remotePolicy, mailview.WithoutLinks(body)
	} else {
		body = mailview.WithDrawn(body, mailview.Every)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(body + newTab))
}

func (a *api) clear(w http.ResponseWriter, _ *http.Request) {
	a.box.clear()
	w.WriteHeader(http.StatusNoContent)
}

func (a *api) remove(w http.ResponseWriter, r *http.Request) {
	if m, ok := a.find(w, r); ok {
		a.box.remove(m.seq)
		w.WriteHeader(http.StatusNoContent)
	}
}

// find answers 404 itself when there is no such email.
func (a *api) find(w http.ResponseWriter, r *http.Request) (*mail, bool) {
	seq, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err == nil {
		if m, ok := a.box.find(seq); ok {
			return m, true
		}
	}
	writeError(w, http.StatusNotFound, "there is no message "+strconv.Quote(r.PathValue("id")))
	return nil, false
}

// briefs answers the page's question for a part of its list.
type briefs struct {
	state
	SMTP     string   `json:"smtp"`
	More     bool     `json:"more"` // there are older ones
	Messages []*Brief `json:"messages"`
}

// summaries lists emails newest first: those after one id, before another,
// matching q, at most limit.
func (a *api) summaries(w http.ResponseWriter, r *http.Request) {
	limit, err1 := number(r, "limit", defaultBriefs)
	after, err2 := number(r, "after", 0)
	before, err3 := number(r, "before", 0)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			writeError(w, http.StatusBadRequest, err.Error())
			return
		}
	}
	q := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("q")))
	out := briefs{state: a.box.state(), SMTP: a.smtpURL, Messages: []*Brief{}}
	for _, m := range a.box.newest() {
		if m.seq <= uint64(after) || r.Context().Err() != nil {
			break
		}
		if before > 0 && m.seq >= uint64(before) {
			continue
		}
		b := m.summary()
		if q != "" && !b.matches(q) {
			continue
		}
		if len(out.Messages) == min(limit, maxBriefs) {
			out.More = true
			break
		}
		out.Messages = append(out.Messages, b)
	}
	writeJSON(w, http.StatusOK, out)
}

// events is a stream of server-sent events: the mailbox's state at once and
// after each change, several changes in one.
func (a *api) events(w http.ResponseWriter, r *http.Request) {
	changed, stop := a.box.watch()
	defer stop()
	w.Header().Set("Content-Type", "text/event-stream")
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	pause := time.NewTicker(eventsEvery)
	defer pause.Stop()
	for a.sendState(w) == nil {
		for waiting := true; waiting; {
			select {
			case <-changed:
				waiting = false
			case <-alive.C:
				if send(w, ": still here\n\n") != nil {
					return
				}
			case <-r.Context().Done():
				return
			case <-a.closing:
				return
			}
		}
		select {
		case <-pause.C:
		case <-r.Context().Done():
			return
		case <-a.closing:
			return
		}
	}
}

func (a *api) sendState(w http.ResponseWriter) error {
	data, err := json.Marshal(a.box.state())
	if err != nil {
		return err
	}
	return send(w, "event: change\ndata: "+string(data)+"\n\n")
}

func send(w http.ResponseWriter, event string) error {
	if _, err := io.WriteString(w, event); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// number reads a query parameter that is a whole number, not negative.
func number(r *http.Request, name string, absent int) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s=%q is not a number of 0 or more", name, s)
	}
	return n, nil
}

func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // served as JSON with nosniff; \u003c would double the size of an HTML part
	return enc
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = newEncoder(w).Encode(v) // an error means that the reader has gone
}

func writeError(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, map[string]string{"error": detail})
}
