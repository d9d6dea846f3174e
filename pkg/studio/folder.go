package studio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
)

// A folder is a workspace of files that other programs edit as well. It is read again when
// something in it has changed, by whatever program.
type folder struct {
	dir     string
	carried fs.FS // shown for as long as there is no folder; saving makes it

	mu    sync.Mutex
	files map[string]file // as of the last scan; replaced, never changed
}

// isNew reports whether there is no folder yet.
func (w *folder) isNew() bool {
	_, err := os.Stat(w.dir)
	return w.dir == "" || errors.Is(err, fs.ErrNotExist)
}

// place implements workspace.
func (w *folder) place() place { return place{Folder: w.dir, New: w.isNew()} }

func (w *folder) source() fs.FS {
	if w.carried != nil && w.isNew() {
		return w.carried
	}
	return os.DirFS(w.dir)
}

// scan returns all files, by path. Those whose size and time are as before are not
// read again.
func (w *folder) scan() (map[string]file, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rescan()
}

func (w *folder) rescan() (map[string]file, error) {
	src := w.source()
	files := make(map[string]file, len(w.files))
	err := fs.WalkDir(src, ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && p != ".": // it went away between two looks
			return nil
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir() || !filePath.MatchString(p):
			return nil
		}
		info, err := e.Info()
		if err != nil || info.Size() > maxFile || !info.Mode().IsRegular() {
			return nil // gone, or nothing that could be edited; the renderer says so
		}
		if old, ok := w.files[p]; ok && old.size == info.Size() && old.changed.Equal(info.ModTime()) {
			files[p] = old
			return nil
		}
		text, err := fs.ReadFile(src, p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		s := string(text)
		files[p] = file{text: s, version: versionOf(s), size: info.Size(), changed: info.ModTime()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	w.files = files
	return files, nil
}

// save writes files, all of them or, where one was changed by somebody else in the
// meantime, none.
func (w *folder) save(_ string, drafts []draft) ([]conflict, error) {
	if w.dir == "" {
		return nil, errors.New("there is no folder to save into: name one with --templates")
	}
	if err := savable(drafts); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now, err := w.rescan()
	if err != nil {
		return nil, err
	}
	if conflicts := conflictsWith(now, drafts); conflicts != nil {
		return conflicts, errConflict
	}
	if err := w.write(drafts); err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	_, err = w.rescan()
	return nil, err
}

func (w *folder) write(drafts []draft) error {
	if w.carried != nil && w.isNew() {
		if err := os.CopyFS(w.dir, w.carried); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, d := range drafts {
		if err := replace(root, d.Path, d.Text); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file in one step: nobody reads half of it.
func replace(root *os.Root, name, text string) error {
	mode := fs.FileMode(0o644)
	if info, err := root.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	part := path.Join(path.Dir(name), "."+path.Base(name)+".part")
	if err := root.WriteFile(part, []byte(text), mode); err != nil {
		return err
	}
	if err := root.Rename(part, name); err != nil {
		return errors.Join(err, root.Remove(part))
	}
	return nil
}
