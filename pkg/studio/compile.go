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
	mu   sync.Mutex
	done map[[32]byte]*compiled
	age  [][32]byte // oldest first
}

// compiled is one email, or what is wrong with it.
type compiled struct {
	ready    chan struct{}
	set      *render.Set // nil: there are mistakes
	mistakes []mistake

	advised sync.Once
	remarks []mistake // no mistakes, but worth knowing
}

// only are the files that one email is made of.
func only(files memory, email string) memory {
	out := memory{}
	for p, text := range files {
		own := p
		if rest, ok := strings.CutPrefix(p, "stores/"); ok {
			_, own, _ = strings.Cut(rest, "/")
		}
		switch dir := path.Dir(own); {
		case dir == "layouts" || dir == "partials" || dir == "phrases" || strings.HasPrefix(own, email+"."):
			out[p] = text
		}
	}
	return out
}

func fingerprint(files memory) [32]byte {
	h := sha256.New()
	for _, p := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%d:%s%d:%s", len(p), p, len(files[p]), files[p])
	}
	return [32]byte(h.Sum(nil))
}

// email compiles one email of some files.
func (c *compiler) email(ctx context.Context, files memory, name string) (*compiled, error) {
	files = only(files, name)
	key := fingerprint(files)
	c.mu.Lock()
	x, ok := c.done[key]
	if !ok {
		x = &compiled{ready: make(chan struct{})}
		if c.done == nil {
			c.done = map[[32]byte]*compiled{}
		}
		c.done[key] = x
		if c.age = append(c.age, key); len(c.age) > maxCompiled {
			delete(c.done, c.age[0])
			c.age = c.age[1:]
		}
		go func() { // also if who asked goes away: they ask again
			defer close(x.ready)
			x.load(files)
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

func (x *compiled) load(files memory) {
	defer func() {
		if r := recover(); r != nil { // a template must not end the studio
			x.set, x.mistakes = nil, []mistake{{Text: fmt.Sprintf("the renderer failed: %v", r)}}
		}
	}()
	set, err := render.Load(files)
	if err != nil {
		x.mistakes = mistakes(err)
		return
	}
	x.set = set
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
		if dir == "" || dir == "layouts" || dir == "partials" || dir == "phrases" || strings.Contains(dir, "/") || step == "" {
			continue
		}
		seen[dir+"/"+step] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
