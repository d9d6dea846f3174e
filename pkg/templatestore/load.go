package templatestore

import (
	"io/fs"
	"sync"

	"homing/pkg/render"
	"homing/templates"
)

// shipped is the hash of the templates that the program carries.
var shipped = sync.OnceValues(func() (string, error) {
	files, err := ReadFiles(templates.Files)
	return files.Hash(), err
})

// Load makes templates usable. They are tried out with all their samples, as render.Load
// does, unless they are those that the program carries, to the letter: its tests have
// done that, and a start takes a fifth of the time.
func Load(fsys fs.FS) (*render.Set, error) {
	files, err := ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	known, err := shipped()
	if err != nil {
		return nil, err
	}
	draft, err := render.LoadDraft(fsys, render.Only{Unchecked: files.Hash() == known})
	if err == nil {
		err = draft.Err()
	}
	if err != nil {
		return nil, err
	}
	return draft.Set, nil
}
