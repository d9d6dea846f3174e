package studio

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"homing/pkg/maillint"
	"homing/pkg/problem"
	"homing/pkg/render"
)

// A mistake is one problem, in JSON.
type mistake struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// maxCompiled is how many compiled emails are kept.
const maxCompiled = 96

// A compiler makes emails from their files, one by one, with the renderer that delivery
// uses. What has not changed is not compiled again.
type compiler struct {
	// trying is held by what is tried out with its samples, one email after the other: who
	// types, or looks at something else, has the other processors.
	trying sync.Mutex
	mu     sync.Mutex
	done   map[compiledKey]*compiled
	age    []compiledKey // oldest first
}

// A compiledKey is the files of an email, whether it was tried out with its samples, and
// the language that it was compiled in; "": in all.
type compiledKey struct {
	files   [32]byte
	checked bool
	lang    string
}

// compiled is one email, or what is wrong with it.
type compiled struct {
	ready    chan struct{}
	set      *render.Set // nil: there are mistakes
	mistakes []mistake

	advised sync.Once
	remarks []mistake // no mistakes, but worth knowing

	listed sync.Once
	card   emailCard // in the list
}

// only are the files that one email is made of, in a language or in all.
func only(files memory, email, lang string) memory {
	out := memory{}
	for p, text := range files {
		own := p
		if rest, ok := strings.CutPrefix(p, "stores/"); ok {
			_, own, _ = strings.Cut(rest, "/")
		}
		switch dir := path.Dir(own); {
		case dir == "phrases" && lang != "" && !near(strings.TrimSuffix(path.Base(own), ".yaml"), lang):
		case dir == "layouts" || dir == "partials" || dir == "phrases" || dir == "surveys" || strings.HasPrefix(own, email+"."):
			out[p] = text
		}
	}
	return out
}

// near reports whether words of a language may be shown to those who read another: it is
// the same but for the country, or English, which stands in for all.
func near(words, lang string) bool {
	words, _, _ = strings.Cut(words, "-")
	lang, _, _ = strings.Cut(lang, "-")
	return words == lang || words == "en"
}

func fingerprint(files memory) [32]byte {
	h := sha256.New()
	for _, p := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%d:%s%d:%s", len(p), p, len(files[p]), files[p])
	}
	return [32]byte(h.Sum(nil))
}

// email compiles one email of some files, and tries it out with its samples in each of
// its languages, which takes several times as long as compiling it does.
func (c *compiler) email(ctx context.Context, files memory, name string) (*compiled, error) {
	return c.compile(ctx, files, name, true, "")
}

// draft returns what compiles one email of some files in a language, or in all, to be
// looked at while somebody types. Of what is wrong it finds what prevents that.
func (c *compiler) draft(lang string) func(ctx context.Context, files memory, name string) (*compiled, error) {
	return func(ctx context.Context, files memory, name string) (*compiled, error) {
		return c.compile(ctx, files, name, false, lang)
	}
}

func (c *compiler) compile(ctx context.Context, files memory, name string, checked bool, lang string) (*compiled, error) {
	files = only(files, name, lang)
	key := compiledKey{fingerprint(files), checked, lang}
	c.mu.Lock()
	x, ok := c.done[key]
	if full := c.done[compiledKey{key.files, true, ""}]; full != nil && full.isReady() && full.set != nil {
		x, ok = full, true
	}
	if !ok {
		x = &compiled{ready: make(chan struct{})}
		if c.done == nil {
			c.done = map[compiledKey]*compiled{}
		}
		c.done[key] = x
		if c.age = append(c.age, key); len(c.age) > maxCompiled {
			delete(c.done, c.age[0])
			c.age = c.age[1:]
		}
		go func() { // also if who asked goes away: they ask again
			defer close(x.ready)
			if checked {
				c.trying.Lock()
				defer c.trying.Unlock()
			}
			x.load(files, name, checked, lang)
		}()
	}
	c.mu.Unlock()
	select {
	case <-x.ready:
		return x, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (x *compiled) isReady() bool {
	select {
	case <-x.ready:
		return true
	default:
		return false
	}
}

func (x *compiled) load(files memory, name string, checked bool, lang string) {
	defer func() {
		if r := recover(); r != nil { // a template must not end the studio
			x.set, x.mistakes = nil, []mistake{{Text: fmt.Sprintf("the renderer failed: %v", r)}}
		}
	}()
	if checked {
		set, err := render.Load(files)
		x.set, x.mistakes = set, mistakes(err)
		return
	}
	draft, err := render.LoadDraft(files, render.Only{Mail: name, Language: lang, Unchecked: true})
	if err != nil {
		x.mistakes = mistakes(err)
		return
	}
	if x.mistakes = mistakes(draft.Err()); x.mistakes == nil {
		x.set = draft.Set
	}
}

// try renders a compiled email, which may be a draft that nothing was tried out with.
func (x *compiled) try(name string, d render.Data) (m render.Mail, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the renderer failed: %v", r)
		}
	}()
	return x.set.Render(name, d)
}

// advice is what spam filters count against an email, what mail programs drop of it and
// what is hard to read, once it can be rendered.
func (x *compiled) advice(stores map[string]render.Store) []mistake {
	x.advised.Do(func() {
		if x.set == nil {
			return
		}
		for _, f := range maillint.Emails(x.set, stores) {
			if f.Level != maillint.Note {
				x.remarks = append(x.remarks, mistake{f.File, f.Line, f.Column, f.Text})
			}
		}
	})
	return x.remarks
}

// mistakes are the problems that were joined in an error.
func mistakes(err error) []mistake {
	var out []mistake
	for _, p := range problem.All(err) {
		out = append(out, mistake{p.File, p.Line, p.Column, p.Text})
	}
	return out
}

// emailNames are the emails of some files: what has an HTML part, or looks like one.
func emailNames(files memory) []string {
	seen := map[string]bool{}
	for p := range files {
		dir, base := path.Split(p)
		dir = strings.TrimSuffix(dir, "/")
		step, _, _ := strings.Cut(base, ".")
		if dir == "" || dir == "layouts" || dir == "partials" || dir == "phrases" || dir == "surveys" || strings.Contains(dir, "/") || step == "" {
			continue
		}
		seen[dir+"/"+step] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
