package studio

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Pages that change by themselves are live. A browser that shows one keeps a stream open
// (Server-Sent Events), on which it is told that something has changed, and nothing else: it
// then gets the page again, with the rights that somebody has by then. However many look, a
// section is asked once.

// A hub tells browsers what has changed.
type hub struct {
	sections map[string]*watched // by path; those whose pages change by themselves

	pace    time.Duration // how often a section is asked
	beat    time.Duration // how often a stream says that it is still there
	recheck time.Duration // how often it is looked whether somebody may still look
	longest time.Duration // how long a stream is open; then the browser asks for another
	most    int           // how many there are at a time
	clock   func() time.Time

	mu   sync.Mutex
	open int
}

func newHub(sections []Section) *hub {
	h := &hub{sections: map[string]*watched{}, pace: 2 * time.Second, beat: 15 * time.Second, recheck: 2 * time.Second, longest: 20 * time.Minute, most: 250, clock: time.Now}
	for _, x := range sections {
		if x.Watch != nil {
			h.sections[x.Path] = &watched{ask: x.Watch, editors: x.Editors, changed: make(chan struct{})}
		}
	}
	return h
}

// patience is how long a browser may take to read what it is told.
const patience = 10 * time.Second

// A watched section is asked while somebody looks at it.
type watched struct {
	ask     func(context.Context) (string, error)
	editors bool

	mu      sync.Mutex
	looking int
	version string        // ""; it is being asked for the first time
	changed chan struct{} // closed when there is another version
	end     func()        // ends asking, and waits for that
}

// join has the section asked; leave ends it when nobody looks any more.
func (x *watched) join(h *hub) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.looking++; x.looking > 1 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	asking.Go(func() { x.keepAsking(ctx, h) })
	x.version, x.end = "", func() { cancel(); asking.Wait() }
}

func (x *watched) leave() {
	x.mu.Lock()
	x.looking--
	end := x.end
	last := x.looking == 0
	x.mu.Unlock()
	if last {
		end()
	}
}

func (x *watched) keepAsking(ctx context.Context, h *hub) {
	tick := time.NewTicker(h.pace)
	defer tick.Stop()
	for {
		said, err := x.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			said = "trouble: " + err.Error() // which the page says as well
		}
		// Pages say how long ago something was: they change with each minute.
		sum := sha256.Sum256([]byte(said))
		x.tell(base64.RawURLEncoding.EncodeToString(sum[:12]) + h.clock().UTC().Format(".1504"))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (x *watched) tell(version string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.version != version {
		close(x.changed)
		x.version, x.changed = version, make(chan struct{})
	}
}

// now returns the version, and what is closed when there is another one.
func (x *watched) now() (string, <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.version, x.changed
}

// enter reports whether there is room for one more stream; then leave has to follow.
func (h *hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open >= h.most {
		return false
	}
	h.open++
	return true
}

func (h *hub) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
}

// Said makes of what pages show what Section.Watch returns.
func Said(shown ...any) (string, error) {
	b, err := json.Marshal(shown)
	return string(b), err
}

// stream tells one browser when a section's pages have changed.
func (s *Studio) stream(w http.ResponseWriter, r *http.Request) {
	was, x := *requestOf(r).visitor, s.live.sections[r.URL.Query().Get("section")]
	if x == nil || x.editors && !was.Editor {
		http.NotFound(w, r)
		return
	}
	if !s.live.enter() {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages are open; this one is brought up to date less often", http.StatusServiceUnavailable)
		return
	}
	defer s.live.leave()
	out := openEvents(w)
	if !out.say("retry: 3000\n\n") { // milliseconds after which the browser comes back
		return
	}
	x.join(s.live)
	defer x.leave()
	s.tellChanges(r, out, x, was)
}

// tellChanges tells of changes until somebody is gone, may not look any more, or the studio stops.
func (s *Studio) tellChanges(r *http.Request, out eventsTo, x *watched, was Visitor) {
	seen := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("seen"))
	beat, recheck, over := time.NewTicker(s.live.beat), time.NewTicker(s.live.recheck), time.NewTimer(s.live.longest)
	defer beat.Stop()
	defer recheck.Stop()
	defer over.Stop()
	for {
		version, changed := x.now()
		if version != "" && version != seen {
			if seen = version; !out.say(fmt.Sprintf("event: changed\nid: %s\ndata:\n\n", version)) {
				return
			}
		}
		select {
		case <-changed:
		case <-recheck.C:
			if v := s.o.Access.Admit(r); v == nil || v.Name != was.Name || v.Editor != was.Editor {
				out.say("event: end\ndata:\n\n")
				return
			}
		case <-beat.C:
			if !out.say(": still here\n\n") {
				return
			}
		case <-over.C:
			return
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		}
	}
}

// eventsTo is a stream of events to a browser.
type eventsTo struct {
	w     http.ResponseWriter
	flush *http.ResponseController
}

// openEvents begins a stream: no proxy is to collect what it says, or to compress it.
func openEvents(w http.ResponseWriter) eventsTo {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	return eventsTo{w, http.NewResponseController(w)}
}

// say sends something at once, and reports whether that was possible. A stream has no end, so
// it is the single write that may not take long.
func (e eventsTo) say(text string) bool {
	if err := e.flush.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return false
	}
	_, err := io.WriteString(e.w, text)
	return err == nil && e.flush.Flush() == nil
}
