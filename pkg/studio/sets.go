package studio

import (
	"fmt"
	"io/fs"
	"sync"

	"homing/pkg/render"
	"homing/pkg/templatestore"
)

// maxSets is how many loaded states of all templates are kept.
const maxSets = 4

// sets are states of all templates that were loaded, the latest last. Loading one takes
// seconds of a processor, so they are loaded one at a time.
type sets struct {
	mu   sync.Mutex
	kept []loaded
}

type loaded struct {
	hash string
	set  *render.Set
	err  error
}

// load loads files, unless the same were loaded just now. The set may be there although
// there is an error: then it could be rendered, and not be used.
func (s *sets) load(files templatestore.Files, load func(fs.FS) (*render.Set, error)) (*render.Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := files.Hash()
	for i, x := range s.kept {
		if x.hash == hash {
			s.kept = append(append(s.kept[:i:i], s.kept[i+1:]...), x)
			return x.set, x.err
		}
	}
	x := loaded{hash: hash}
	x.set, x.err = try(files, load)
	if s.kept = append(s.kept, x); len(s.kept) > maxSets {
		s.kept = s.kept[1:]
	}
	return x.set, x.err
}

func try(files templatestore.Files, load func(fs.FS) (*render.Set, error)) (set *render.Set, err error) {
	defer func() {
		if r := recover(); r != nil { // a template must not end the console
			set, err = nil, fmt.Errorf("the renderer failed: %v", r)
		}
	}()
	fsys, err := files.FS()
	if err != nil {
		return nil, err
	}
	return load(fsys)
}
