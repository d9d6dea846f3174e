package studio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"homing/pkg/render"
)

// maxRequest is how much a page may send at once.
const maxRequest = 8 << 20

// lookEvery is how often it is looked whether another program changed a file.
const lookEvery = 300 * time.Millisecond

func fail(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// failed answers with what went wrong.
func failed(w http.ResponseWriter, err error) {
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, errNotFound):
		status = http.StatusNotFound
	case errors.Is(err, errTooMany):
		status = http.StatusTooManyRequests
	}
	fail(w, status, err.Error())
}

// read decodes a request, and answers itself when it cannot.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(v)
	if err != nil {
		fail(w, http.StatusBadRequest, "this request cannot be read: "+err.Error())
	}
	return err == nil
}

// A source is one file that the editor of an email opens.
type source struct {
	Path    string `json:"path"`
	Group   string `json:"group"` // html, text, samples, phrases, surveys, partials or layout
	Name    string `json:"name"`  // within its group
	Text    string `json:"text"`
	Version string `json:"version"`
	By      string `json:"by"` // who saved it in the draft; "": nobody, or another program
}

// sourceOf says where a file belongs in the editor of an email; "" if it doesn't.
func sourceOf(p, email string) (group, name string) {
	shown, own := "", p
	if rest, ok := strings.CutPrefix(p, "stores/"); ok {
		store, inner, _ := strings.Cut(rest, "/")
		shown, own = " ("+store+")", inner
	}
	dir, base := path.Split(own)
	switch dir {
	case "layouts/":
		return "layout", base + shown
	case "partials/":
		return "partials", base + shown
	case "phrases/":
		return "phrases", strings.TrimSuffix(base, ".yaml") + shown
	case "surveys/":
		return "surveys", strings.TrimSuffix(base, ".yaml") + shown
	}
	rest, ok := strings.CutPrefix(own, email+".")
	if !ok {
		return "", ""
	}
	switch {
	case strings.HasSuffix(rest, "yaml"):
		return "samples", base + shown
	case strings.HasSuffix(rest, "txt"):
		return "text", base + shown
	}
	return "html", base + shown
}

// names matches the line of the front matter that names a survey.
var names = regexp.MustCompile(`(?m)^survey:\s*["']?([a-z0-9-]+)`)

// surveyOf returns the survey that an email asks; "": none.
func surveyOf(html string) string {
	if m := names.FindStringSubmatch(html); m != nil {
		return m[1]
	}
	return ""
}

// apiEmail answers with the files of an email.
func (s *Studio) apiEmail(w http.ResponseWriter, r *http.Request) {
	email := r.PathValue("worker") + "/" + r.PathValue("step")
	files, err := s.work.scan()
	if err != nil {
		failed(w, err)
		return
	}
	out := []source{}
	asks := surveyOf(files[email+".html"].text)
	for p, f := range files {
		if g, name := sourceOf(p, email); g != "" && (g != "surveys" || asks != "" && path.Base(p) == asks+".yaml") {
			out = append(out, source{p, g, name, f.text, f.version, f.by})
		}
	}
	slices.SortFunc(out, func(a, b source) int { return strings.Compare(a.Path, b.Path) })
	answer(w, http.StatusOK, map[string]any{"files": out, "new": s.work.place().New})
}

func (s *Studio) apiVocabulary(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, render.Words())
}

func (s *Studio) apiPreview(w http.ResponseWriter, r *http.Request) {
	var l look
	if !read(w, r, &l) {
		return
	}
	if l.Who != "" && !requestOf(r).visitor.Editor {
		fail(w, http.StatusForbidden, "what real customers get is shown to editors alone")
		return
	}
	p, err := s.preview(r.Context(), l)
	if err != nil {
		failed(w, err)
		return
	}
	answer(w, http.StatusOK, p)
}

// apiCheck answers with what is wrong in the email that is looked at, with the drafts, and
// its remarks; and if it is asked for all, with what is wrong in any other, too: a partial
// that one email needs may break another. They are checked one after the other, so that a
// processor is left for what somebody types since, and no more of them once nobody waits.
func (s *Studio) apiCheck(w http.ResponseWriter, r *http.Request) {
	var in struct {
		look
		All bool `json:"all"`
	}
	if !read(w, r, &in) {
		return
	}
	files, err := s.withDrafts(in.Drafts)
	if err != nil {
		failed(w, err)
		return
	}
	names := []string{in.Email}
	if in.All {
		names = append(names, emailNames(files)...)
	}
	out, remarks := []mistake{}, []mistake{}
	for n, name := range names {
		c, err := s.compile.email(r.Context(), files, name)
		if err != nil {
			return // nobody waits
		}
		for _, m := range c.mistakes {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
		if n == 0 {
			remarks = append(remarks, c.advice(s.stores())...)
		}
	}
	answer(w, http.StatusOK, map[string]any{"mistakes": out, "remarks": remarks})
}

func (s *Studio) apiSave(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Files []draft `json:"files"`
	}
	if !read(w, r, &in) {
		return
	}
	conflicts, err := s.work.save(requestOf(r).visitor.Name, in.Files)
	if errors.Is(err, errConflict) {
		answer(w, http.StatusConflict, map[string]any{"error": conflicts[0].Path + " " + err.Error(), "conflicts": conflicts})
		return
	}
	if err != nil {
		failed(w, err)
		return
	}
	versions, paths := map[string]string{}, []string{}
	for _, d := range in.Files {
		versions[d.Path] = versionOf(d.Text)
		paths = append(paths, d.Path)
	}
	s.did(r, "the draft is changed", zap.Strings("files", paths))
	answer(w, http.StatusOK, map[string]any{"versions": versions})
}

func (s *Studio) apiSend(w http.ResponseWriter, r *http.Request) {
	var in struct {
		look
		To string `json:"to"`
	}
	if !read(w, r, &in) {
		return
	}
	if s.o.Sender == nil {
		fail(w, http.StatusUnprocessableEntity, "there is no relay to send through: smtp.url in the configuration names it")
		return
	}
	if err := s.sendTest(r, in.look, in.To); err != nil {
		failed(w, err)
		return
	}
	domain := in.To[strings.LastIndex(in.To, "@")+1:] // and no address
	s.did(r, "a test is sent", zap.String("email", in.Email), zap.String("domain", strings.ToLower(strings.TrimSpace(domain))))
	answer(w, http.StatusOK, map[string]string{"sent": in.To})
}

// apiChanges tells the page which files another program changed, as it happens.
func (s *Studio) apiChanges(w http.ResponseWriter, r *http.Request) {
	last, err := s.work.scan()
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	out := openEvents(w)
	tell := func(event string, v any) bool {
		b, _ := json.Marshal(v)
		return out.say(fmt.Sprintf("event: %s\ndata: %s\n\n", event, b))
	}
	if !tell("ready", nil) {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for quiet := 0; ; quiet++ {
		select {
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		case <-tick.C:
		}
		if s.o.Access.Admit(r) == nil {
			return // signed out
		}
		now, err := s.work.scan()
		if err != nil {
			continue // the folder is being moved; the next look says
		}
		changed := changesSince(last, now)
		last = now
		switch {
		case len(changed) > 0:
			if !tell("files", changed) {
				return
			}
		case quiet%50 == 49: // so that a connection that is gone is noticed
			if !tell("still", nil) {
				return
			}
		}
	}
}
