package templatestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/render"
)

const (
	// stored is how long after a word the bucket is read: what is said reaches us while
	// it is being stored.
	stored = 100 * time.Millisecond
	// again is when it is read once more, from a server that may lag.
	again = 500 * time.Millisecond
	// lookEvery is how often it is read without a word, which may never come.
	lookEvery = 2 * time.Second
	// lookFor bounds one look.
	lookFor = 5 * time.Second
)

// watched is the subject on which it is told that another version is in force.
const watched = "$KV." + bus.TemplatesBucket + "." + currentKey

// InUse are the templates that a process renders with. It never changes: who takes it
// once for an email makes all of that email from it.
type InUse struct {
	Set     *render.Set
	Version int    // 0: not from the bucket
	Name    string // as facts have it: "12", or a kind and a hash
}

// Named returns the name of templates that have no number: what they are, and a hash
// that tells them from others.
func (f Files) Named(kind string) string { return kind + "-" + f.Hash()[:8] }

// A Refusal says why a version is not used.
type Refusal struct {
	Version int    `json:"version"`
	Problem string `json:"problem"`
}

// FollowOptions are what a Follower works with.
type FollowOptions struct {
	Store *Store
	Base  Files // of the binary: versions are laid over them
	// Load makes templates usable, or says what is wrong with them: they are not used then.
	Load func(fsys fs.FS) (*render.Set, error)
	Log  *zap.Logger
}

// A Follower keeps a process at the version that is in force. One that cannot be loaded
// is reported and not used; the newest one before it that can be loaded is.
type Follower struct {
	o     FollowOptions
	inUse atomic.Pointer[InUse]

	mu      sync.Mutex
	bad     map[int]string // versions that cannot be loaded, and why
	refused *Refusal       // the newest one, while it is the one in force

	loading   sync.Mutex // one version is loaded at a time
	next      *InUse     // what was loaded last
	prepared  int        // the newest that was loaded, or refused, before it was in force
	preparing bool
}

// Follow returns a follower, which has no templates until Open.
func Follow(o FollowOptions) *Follower { return &Follower{o: o, bad: map[int]string{}} }

// InUse returns the templates to render with; nil until Open.
func (f *Follower) InUse() *InUse { return f.inUse.Load() }

// Refused returns the version in force if this process cannot use it; else nil.
func (f *Follower) Refused() *Refusal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused
}

// Open loads the version in force, or the newest that can be loaded. Without any, it is
// the templates of the binary.
func (f *Follower) Open(ctx context.Context) error { return f.look(ctx) }

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	word := make(chan struct{}, 1)
	conn := f.o.Store.js.Conn()
	sub, err := conn.Subscribe(watched, func(*nats.Msg) {
		select {
		case word <- struct{}{}:
		default:
		}
	})
	if err != nil { // the connection is closed: we are stopping
		f.o.Log.Error("cannot be told of new templates", zap.Error(err))
	} else {
		defer func() { _ = sub.Unsubscribe() }()
	}
	back := conn.StatusChanged(nats.CONNECTED) // what was published in the meantime was missed
	defer conn.RemoveStatusListener(back)
	said := ""
	for wait := time.Duration(0); ; {
		after := lookEvery
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-back:
		case <-word:
			select {
			case <-ctx.Done():
				return
			case <-time.After(stored):
			}
			after = again
		}
		wait = after
		err := f.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			said = ""
		case conn.IsConnected() && err.Error() != said: // the connection says itself that it is away
			said = err.Error()
			f.o.Log.Warn("cannot see which templates are in force; those in use stay", zap.String("in_use", f.InUse().Name), zap.Error(err))
		}
	}
}

// look sees to it that the version in force is in use, if it can be. Its error says that
// it is not known which, or that nothing can be used.
func (f *Follower) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	n, err := f.o.Store.Current(ctx)
	if err != nil {
		return err
	}
	oldest := 0
	if now := f.inUse.Load(); now != nil {
		oldest = now.Version + 1
	} else if n > 0 {
		oldest = 1 // to go back to what the binary has is nobody's wish
	}
	for v := n; v >= oldest; v-- {
		if used, err := f.try(ctx, v); err != nil {
			return err
		} else if used {
			break
		}
	}
	f.note(n)
	if f.inUse.Load() == nil {
		return fmt.Errorf("none of the %d versions of the templates can be loaded by this process; publish one that can, with `homing templates push`: %w", n, errors.New(f.why(n)))
	}
	return nil
}

// try puts a version in use. false: it cannot be loaded, which is said.
func (f *Follower) try(ctx context.Context, n int) (bool, error) {
	made, err := f.load(ctx, n)
	if err != nil || made == nil {
		return false, err
	}
	f.inUse.Store(made)
	f.o.Log.Info("templates in use", zap.String("version", made.Name))
	return true, nil
}

// make loads a version; nil: it cannot be loaded, which is said.
func (f *Follower) make(ctx context.Context, n int) (*InUse, error) {
	files, name := f.o.Base, f.o.Base.Named("built-in")
	if n > 0 {
		_, own, err := f.o.Store.Get(ctx, n)
		if errors.Is(err, errDamaged) {
			f.refuse(n, err)
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		files, name = own.Over(f.o.Base), strconv.Itoa(n)
	}
	fsys, err := files.FS()
	var set *render.Set
	if err == nil {
		set, err = f.o.Load(fsys)
	}
	if err != nil {
		f.refuse(n, err)
		return nil, nil
	}
	return &InUse{Set: set, Version: n, Name: name}, nil
}

func (f *Follower) why(n int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bad[n]
}

func (f *Follower) refuse(n int, err error) {
	f.mu.Lock()
	f.bad[n] = err.Error()
	f.mu.Unlock()
	stays := "none"
	if now := f.inUse.Load(); now != nil {
		stays = now.Name
	}
	f.o.Log.Error("a version of the templates cannot be used by this process", zap.Int("version", n), zap.String("in_use", stays), zap.Error(err))
}

// note keeps what is refused: the version in force, if it is not in use.
func (f *Follower) note(n int) {
	now := f.inUse.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = nil
	if text := f.bad[n]; text != "" && (now == nil || now.Version < n) {
		f.refused = &Refusal{n, text}
	}
}
