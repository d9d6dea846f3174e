package templatestore

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// aheadFor is how long a publisher waits at most until all processes have loaded its
// version. One that takes longer, or is told nothing, loads it when it is in force.
const aheadFor = 5 * time.Second

// ahead has all processes load a version that is stored and not in force yet: then they
// change to it at the same moment, and not each when it has loaded it. It is no promise:
// whatever goes wrong with it, the version will be in force.
func ahead(ctx context.Context, nc *nats.Conn, n int) {
	ctx, cancel := context.WithTimeout(ctx, aheadFor)
	defer cancel()
	question, err := json.Marshal(asked{Prepare: n})
	for err == nil && ctx.Err() == nil {
		var all []Process
		all, err = ask(ctx, nc, question)
		if !slices.ContainsFunc(all, func(p Process) bool { return p.Prepares && p.Prepared < n }) {
			return
		}
	}
}

// prepare loads a version, not waiting for it, to have it when it is in force.
func (f *Follower) prepare(ctx context.Context, n int) {
	now := f.inUse.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.preparing || n <= f.prepared || now == nil || n <= now.Version {
		return
	}
	f.preparing = true
	go func() {
		ctx, cancel := context.WithTimeout(ctx, lookFor)
		defer cancel()
		made, err := f.load(ctx, n) // what cannot be read now is read again when it is in force
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.preparing = false; err == nil {
			f.next, f.prepared = made, n
		}
	}()
}

// Prepared is the newest version that was loaded before it was in force, or cannot be.
func (f *Follower) Prepared() int {
	now := f.inUse.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	if now != nil {
		return max(f.prepared, now.Version)
	}
	return f.prepared
}

// load returns a version, which may have been loaded already; nil: it cannot be loaded,
// which is said.
func (f *Follower) load(ctx context.Context, n int) (*InUse, error) {
	f.loading.Lock() // one of two that want the same finds it made
	defer f.loading.Unlock()
	f.mu.Lock()
	made, bad := f.next, f.bad[n]
	f.mu.Unlock()
	switch {
	case bad != "":
		return nil, nil
	case made != nil && made.Version == n:
		return made, nil
	}
	made, err := f.make(ctx, n)
	if made != nil {
		f.mu.Lock()
		f.next = made
		f.mu.Unlock()
	}
	return made, err
}
