package studio

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// door lets a visitor in, until somebody else is put in their place; nil: nobody.
type door struct{ atomic.Pointer[Visitor] }

func (d *door) Admit(*http.Request) *Visitor { return d.Load() }

// board is a section whose pages change.
type board struct {
	says, asked atomic.Int64
	away        atomic.Bool
}

func (b *board) Watch(context.Context) (string, error) {
	b.asked.Add(1)
	if b.away.Load() {
		return "", errors.New("away")
	}
	return Said(b.says.Load())
}

// watching is a studio with a live section, behind a server that cuts each answer off after a
// moment.
func watching(t *testing.T, change func(*hub)) (at string, s *Studio, b *board, d *door) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at = "http://" + l.Addr().String()
	b, d = &board{}, &door{}
	d.Store(&Visitor{Name: "Ann", Editor: true})
	nothing := func(*http.ServeMux, App) {}
	s, err = Start(Options{Dir: t.TempDir(), Access: d, Sections: []Section{
		{Path: "/board", Name: "Board", Watch: b.Watch, Routes: nothing}, {Path: "/secret", Name: "Secret", Editors: true, Watch: b.Watch, Routes: nothing}, {Path: "/still", Name: "Still", Routes: nothing},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.o.URL, s.pageURL, s.mailURL = at, at, "http://mails.invalid"
	noon := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) // or each minute is a change
	s.live.clock = func() time.Time { return noon }
	s.live.pace, s.live.beat, s.live.recheck = 10*time.Millisecond, 30*time.Millisecond, 10*time.Millisecond
	if change != nil {
		change(s.live)
	}
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: s.pageRoutes(), WriteTimeout: 100 * time.Millisecond}}
	srv.Start()
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return at, s, b, d
}

// A listener is a browser at a stream.
type listener struct {
	t     *testing.T
	res   *http.Response
	lines *bufio.Reader
	beats int
}

func listenTo(t *testing.T, at, section, seen string) *listener {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/live?section="+section, nil)
	if err != nil {
		t.Fatal(err)
	}
	if seen != "" {
		req.Header.Set("Last-Event-ID", seen)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return &listener{t: t, res: res, lines: bufio.NewReader(res.Body)}
}

// next returns the next event and its id; "" at the end of the stream.
func (l *listener) next() (event, id string) {
	l.t.Helper()
	for {
		line, err := l.lines.ReadString('\n')
		switch {
		case errors.Is(err, io.EOF):
			return "", ""
		case err != nil:
			l.t.Fatal(err)
		case line == "\n" && event != "":
			return event, id
		case strings.HasPrefix(line, ":"):
			l.beats++
		}
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(v)
		} else if v, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(v)
		}
	}
}

func TestBrowsersAreToldOfChanges(t *testing.T) {
	at, s, b, _ := watching(t, nil)
	var all []*listener
	for range 20 {
		l := listenTo(t, at, "/board", "")
		if h := l.res.Header; l.res.StatusCode != http.StatusOK || h.Get("Content-Type") != "text/event-stream" || h.Get("X-Accel-Buffering") != "no" || !strings.Contains(h.Get("Cache-Control"), "no-transform") {
			t.Fatalf("%s %v", l.res.Status, h)
		}
		all = append(all, l)
	}
	told := func() (version string) {
		t.Helper()
		for _, l := range all {
			event, id := l.next()
			if event != "changed" || id == "" || version != "" && id != version {
				t.Fatalf("%q %q, and another was told %q", event, id, version)
			}
			version = id
		}
		return version
	}
	first := told()
	time.Sleep(250 * time.Millisecond) // longer than the server lets an answer take
	began, asked := time.Now(), b.asked.Load()
	b.says.Add(1)
	second := told()
	b.away.Store(true)
	third := told()
	if first == second || second == third || first == third {
		t.Errorf("%s, %s, %s", first, second, third)
	}
	if n, most := b.asked.Load()-asked, int64(time.Since(began)/s.live.pace)+2; n > most {
		t.Errorf("twenty who look are %d questions, of one at most %d", n, most)
	}
	if all[0].beats < 3 {
		t.Errorf("%d heartbeats", all[0].beats)
	}
	// Somebody who comes back is told what they missed, and nothing else.
	again := listenTo(t, at, "/board", third)
	b.away.Store(false)
	if event, id := again.next(); event != "changed" || id != second {
		t.Errorf("%s %s, not %s: what they had seen is told", event, id, second)
	}
	for _, l := range append(all, again) {
		_ = l.res.Body.Close()
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // nobody looks any more
		x := s.live.sections["/board"]
		x.mu.Lock()
		looking := x.looking
		x.mu.Unlock()
		if looking == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d are still there", looking)
		}
	}
	asked = b.asked.Load()
	time.Sleep(5 * s.live.pace)
	if n := b.asked.Load() - asked; n > 1 {
		t.Errorf("%d questions while nobody looks", n)
	}
}

func TestAStreamEndsWithWhatItsVisitorMay(t *testing.T) {
	at, s, _, d := watching(t, func(h *hub) { h.most = 3 })
	ann := *d.Load()
	for name, then := range map[string]*Visitor{"who signed out": nil, "an editor no more": {Name: "Ann"}, "somebody else": {Name: "Bob", Editor: true}} {
		d.Store(&ann)
		l := listenTo(t, at, "/secret", "")
		l.next()
		d.Store(then)
		if event, _ := l.next(); event != "end" {
			t.Errorf("%s: %q", name, event)
		}
		if event, _ := l.next(); event != "" {
			t.Errorf("%s: %q after the end", name, event)
		}
	}
	d.Store(&Visitor{Name: "Vic"})
	for _, section := range []string{"/secret", "/still", "/nothing"} {
		if l := listenTo(t, at, section, ""); l.res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", section, l.res.Status)
		}
	}
	vic := listenTo(t, at, "/board", "")
	if vic.res.StatusCode != http.StatusOK {
		t.Errorf("a viewer: %s", vic.res.Status)
	}
	d.Store(nil)
	for event := "changed"; event != ""; { // while it is open, it counts
		event, _ = vic.next()
	}
	if l := listenTo(t, at, "/board", ""); l.res.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %s", l.res.Status)
	}
	d.Store(&ann)
	var open []*listener
	for range 5 {
		open = append(open, listenTo(t, at, "/board", ""))
	}
	if last := open[4].res; last.StatusCode != http.StatusServiceUnavailable || last.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %s", last.Status)
	}
	// Stopping waits for none of them.
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	for _, l := range open {
		for event := "changed"; event == "changed" && l.res.StatusCode == http.StatusOK; {
			event, _ = l.next()
		}
	}
	t.Logf("all streams ended within %v of stopping", time.Since(began))
}
