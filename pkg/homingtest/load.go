package homingtest

import (
	"io/fs"
	"sync"

	"homing/pkg/render"
	"homing/pkg/templatestore"
)

// loaded are the templates that were loaded so far, by the hash of their files.
var loaded sync.Map // string → func() (*render.Set, error)

// Load is render.Load, once for all tests of a program that use the same files: loading
// tries out every email, and took most of the time of a test that starts Homing.
func Load(fsys fs.FS) (*render.Set, error) {
	files, err := templatestore.ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	load, _ := loaded.LoadOrStore(files.Hash(), sync.OnceValues(func() (*render.Set, error) { return render.Load(fsys) }))
	return load.(func() (*render.Set, error))()
}
