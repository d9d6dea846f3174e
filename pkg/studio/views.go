package studio

import (
	"crypto/rand"
	"sync"
)

// maxViews is how many rendered emails are kept to be looked at.
const maxViews = 256

// views are rendered emails under names that nobody can guess: one may be a real
// customer's.
type views struct {
	mu   sync.Mutex
	html map[string]string
	age  []string // oldest first
}

func (v *views) keep(html string) string {
	name := rand.Text()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.html == nil {
		v.html = map[string]string{}
	}
	v.html[name] = html
	if v.age = append(v.age, name); len(v.age) > maxViews {
		delete(v.html, v.age[0])
		v.age = v.age[1:]
	}
	return name
}

func (v *views) find(name string) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	html, ok := v.html[name]
	return html, ok
}
