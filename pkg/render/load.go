package render

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"homing/pkg/problem"
	"homing/pkg/survey"
)

// The directories under templates/ that hold no emails.
const (
	layoutsDir  = "layouts"
	partialsDir = "partials"
	storesDir   = "stores"
	surveysDir  = "surveys"
	sampleExt   = ".sample.yaml"
)

// noLayout is the layout of an email that is a whole document, made elsewhere. Its text
// part has the layout of all others.
const (
	noLayout   = "none"
	baseLayout = "base"
)

// madeElsewhere matches the front matter of such an email.
var madeElsewhere = regexp.MustCompile(`(?m)^layout:\s*["']?none["']?\s*(?:#.*)?$`)

// The names under which an email's own templates are kept next to the partials.
const (
	layoutName  = "layout"
	contentName = "content"
)

// fileName is what workers, steps and partials may be called: the names become
// subjects and keys elsewhere.
var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// A directory is everything read from disk.
type directory struct {
	raw       map[string]string             // normalized, by path
	large     map[string]bool               // files that are there and were not read
	mails     []string                      // "worker/step", sorted
	partials  map[string]map[string]*source // by extension, then name; nil: it does not parse
	layouts   map[string]map[string]*source
	sheets    map[string]*sheet            // of the layouts in HTML, by name
	books     map[string]*book             // by language
	parsed    *sync.Map                    // parsedKey → *file
	under     map[string]*book             // by language: phrases for what books lack
	surveys   map[string]*survey.Survey    // by name
	overrides map[string]map[string]string // by store, then as raw
	ps        *problems
	notes     *problems // what is no fault
}

// Load reads, fences and lints every template of fsys. If anything is wrong it
// returns no Set, and an error that joins all Problems.
func Load(fsys fs.FS) (*Set, error) {
	draft, err := LoadDraft(fsys, Only{})
	if err != nil {
		return nil, err
	}
	if err := draft.Err(); err != nil {
		return nil, err
	}
	return draft.Set, nil
}

func emptyDirectory() *directory {
	return &directory{
		raw: map[string]string{}, large: map[string]bool{}, surveys: map[string]*survey.Survey{}, overrides: map[string]map[string]string{}, parsed: &sync.Map{}, ps: &problems{}, notes: &problems{},
	}
}

// share reads what emails have in common.
func (d *directory) share() {
	d.books = d.readBooks()
	d.lay()
	d.widen()
	d.partials, d.layouts = d.shared(partialsDir), d.shared(layoutsDir)
	d.readSurveys(d.raw)
	d.readSheets()
	for p, src := range d.raw {
		if path.Ext(p) == ".html" {
			lintFile(p, src, d.ps)
		}
	}
}

// compose puts all emails together, as many at a time as there are processors:
// trying them out with their samples takes most of the time.
func (d *directory) compose(only Only) map[string]*choice {
	made, found, notes := make([]*choice, len(d.mails)), make([]problems, len(d.mails)), make([]problems, len(d.mails))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, name := range d.mails {
		if only.Mail != "" && only.Mail != name {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			own := *d
			own.ps, own.notes = &found[i], &notes[i]
			made[i] = own.mail(name, only)
		})
	}
	wg.Wait()
	out := map[string]*choice{}
	for i, name := range d.mails {
		d.ps.take(&found[i])
		d.notes.take(&notes[i])
		if made[i] != nil {
			out[name] = made[i]
		}
	}
	return out
}

// shared reads the layouts or the partials.
func (d *directory) shared(dir string) map[string]map[string]*source {
	out := map[string]map[string]*source{".html": {}, ".txt": {}}
	for _, p := range slices.Sorted(maps.Keys(d.raw)) {
		name, ext := path.Base(p), path.Ext(p)
		if path.Dir(p) != dir || out[ext] == nil {
			continue
		}
		name = strings.TrimSuffix(name, ext)
		if dir == partialsDir && (name == layoutName || name == contentName || name == "subject" || strings.HasPrefix(name, armPrefix) || name == "preheader") {
			d.ps.addf(p, 0, 0, "a partial cannot be called %q, which is reserved", name)
			continue
		}
		if dir == layoutsDir && name == noLayout {
			d.ps.addf(p, 0, 0, "a layout cannot be called %q: an email that says layout: none is a whole document", name)
			continue
		}
		// One that does not parse is kept as nil: its callers are not at fault.
		out[ext][name] = d.source(p, d.raw[p], 0, ext == ".html")
	}
	return out
}

// Notes returns what is no fault of the templates, but somebody should know: phrases
// that no email says, and languages that an email is not offered in.
func (s *Set) Notes() []problem.Problem { return slices.Clone(s.notes) }
