package limits

import (
	"sync"
	"time"
)

// Lately remembers names for one to two minutes, such as the ids of events. The zero value
// remembers from now on.
type Lately struct {
	mu            sync.Mutex
	latest, older map[string]bool
	turned        time.Time
}

// Has reports whether a name was added lately.
func (l *Lately) Has(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest[name] || l.older[name]
}

// Add adds a name, and reports whether it is new.
func (l *Lately) Add(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.latest == nil || now.Sub(l.turned) > aMinute {
		l.older, l.latest, l.turned = l.latest, map[string]bool{}, now
	}
	if l.latest[name] || l.older[name] {
		return false
	}
	l.latest[name] = true
	return true
}
