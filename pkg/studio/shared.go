package studio

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"homing/pkg/templatestore"
)

const (
	// fresh is for how long what is shared is not asked for again: the preview needs it
	// with each key.
	fresh = 250 * time.Millisecond
	// mostAsked bounds what is asked of the bucket. While that does not answer, what was
	// known last is shown, and it is not asked with every key.
	mostAsked = 3 * time.Second
)

// state is what is edited: the version in force, laid over what comes with Homing, and
// what is on the desk.
type state struct {
	version int                 // 0: none was published
	own     templatestore.Files // of that version
	inForce templatestore.Files // and what comes with Homing where it has none
	desk    templatestore.Desk
}

// edited are the files as they would be in force if all of the desk was published.
func (s *state) edited() templatestore.Files { return s.desk.Over(s.inForce) }

// with returns the same with another desk.
func (s *state) with(d templatestore.Desk) *state {
	return &state{s.version, s.own, s.inForce, d}
}

// An unpublished file is one that the desk has differently.
type unpublished struct {
	templatestore.Edit
	Did   string // added or changed
	Stale bool   // somebody published another text of it since the edit was begun
}

// changes are what the desk has differently, by path. What is as in force is none: it was
// published.
func (s *state) changes() (out []unpublished) {
	for _, e := range s.desk.Edits {
		now, there := s.inForce[e.Path]
		if there && string(now) == string(e.Text) {
			continue
		}
		u := unpublished{e, "changed", e.Base != templatestore.SumOf(now, there)}
		if !there {
			u.Did = "added"
		}
		out = append(out, u)
	}
	return out
}

// shared is a workspace in the bucket of the templates: what one saves, all have.
type shared struct {
	store   *templatestore.Store
	builtIn templatestore.Files

	mu    sync.Mutex
	asked time.Time
	last  *state // never changed; nil: it was never known
	files map[string]file
}

// place implements workspace.
func (w *shared) place() place { return place{} }

// scan implements workspace. While the bucket cannot be reached it is what it was.
func (w *shared) scan() (map[string]file, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files != nil && time.Since(w.asked) < fresh {
		return w.files, nil
	}
	_, err := w.refresh(context.Background())
	w.asked = time.Now()
	if w.files != nil {
		return w.files, nil
	}
	return nil, err
}

// now returns what is edited, as it is now.
func (w *shared) now(ctx context.Context) (*state, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refresh(ctx)
}

// refresh reads what changed. w.mu is held.
func (w *shared) refresh(ctx context.Context) (*state, error) {
	ctx, cancel := context.WithTimeout(ctx, mostAsked)
	defer cancel()
	n, err := w.store.Current(ctx)
	if err != nil {
		return nil, fmt.Errorf("the templates cannot be read: %w", err)
	}
	next := &state{version: n}
	if next.desk, err = w.store.Desk(ctx); err != nil {
		return nil, err
	}
	switch {
	case w.last != nil && w.last.version == n && w.last.desk.Revision == next.desk.Revision:
		return w.last, nil
	case w.last != nil && w.last.version == n:
		next.own, next.inForce = w.last.own, w.last.inForce
	case n > 0:
		if _, next.own, err = w.store.Get(ctx, n); err != nil {
			return nil, err
		}
		next.inForce = next.own.Over(w.builtIn)
	default:
		next.inForce = w.builtIn
	}
	w.take(next)
	return next, nil
}

// take keeps what is edited, and makes the files of it. w.mu is held.
func (w *shared) take(s *state) {
	files := map[string]file{}
	for p, text := range s.edited() {
		if !filePath.MatchString(p) || len(text) > maxFile {
			continue
		}
		f := file{text: string(text)}
		if old, ok := w.files[p]; ok && old.text == f.text {
			f = old
		} else {
			f.version = versionOf(f.text)
		}
		f.by = ""
		if e := s.desk.Edit(p); e != nil {
			f.by = e.By
		}
		files[p] = f
	}
	w.last, w.files = s, files
}

// save implements workspace.
func (w *shared) save(who string, drafts []draft) ([]conflict, error) {
	if err := savable(drafts); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), mostAsked)
	defer cancel()
	if _, err := w.refresh(ctx); err != nil {
		return nil, err
	}
	var conflicts []conflict
	d, err := w.store.ChangeDesk(ctx, func(d *templatestore.Desk) error {
		w.take(w.last.with(templatestore.Desk{Revision: d.Revision, Edits: slices.Clone(d.Edits)}))
		if conflicts = conflictsWith(w.files, drafts); conflicts != nil {
			return errConflict
		}
		for _, x := range drafts {
			w.put(d, x, who)
		}
		return nil
	})
	if err != nil {
		return conflicts, err
	}
	w.take(w.last.with(d))
	return nil, nil
}

// put puts a file on the desk; one that is as in force is none of its business.
func (w *shared) put(d *templatestore.Desk, x draft, who string) {
	now, there := w.last.inForce[x.Path]
	if there && string(now) == x.Text {
		d.Take(x.Path)
		return
	}
	e := templatestore.Edit{Path: x.Path, By: who, At: time.Now().UTC().Truncate(time.Second), Base: templatestore.SumOf(now, there), Text: []byte(x.Text)}
	if old := d.Edit(x.Path); old != nil && string(old.Text) != string(now) {
		e.Base = old.Base // it is still made from that
	}
	d.Put(e)
}
