package studio

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxFile is how large a file may be that the studio opens or saves. The renderer
// refuses smaller ones, with a better message.
const maxFile = 1 << 20

// filePath is what files the studio makes may be called: what the renderer reads.
var filePath = regexp.MustCompile(`^(?:stores/[a-z0-9][a-z0-9-]*/)?[a-z0-9][a-z0-9-]*/[A-Za-z0-9][A-Za-z0-9.-]*\.(?:html|txt|yaml)$`)

// A file is one source as it was last read.
type file struct {
	text    string
	version string // of the text; "" in requests: there was no such file
	size    int64
	changed time.Time
}

// A workspace is the folder of templates. It is read again when something in it has
// changed, by whatever program.
type workspace struct {
	dir     string
	carried fs.FS // shown for as long as there is no folder; saving makes it

	mu    sync.Mutex
	files map[string]file // as of the last scan; replaced, never changed
}

func versionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// isNew reports whether there is no folder yet.
func (w *workspace) isNew() bool {
	_, err := os.Stat(w.dir)
	return w.dir == "" || errors.Is(err, fs.ErrNotExist)
}

func (w *workspace) source() fs.FS {
	if w.carried != nil && w.isNew() {
		return w.carried
	}
	return os.DirFS(w.dir)
}

// scan returns all files, by path. Those whose size and time are as before are not
// read again.
func (w *workspace) scan() (map[string]file, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rescan()
}

func (w *workspace) rescan() (map[string]file, error) {
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
		files[p] = file{s, versionOf(s), info.Size(), info.ModTime()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	w.files = files
	return files, nil
}

// A draft is a file as somebody wants it saved.
type draft struct {
	Path string `json:"path"`
	Text string `json:"text"`
	// Version is that of the text that was edited; "" for a file that is new.
	Version string `json:"version"`
}

// errConflict says that a file is no longer what somebody began to edit.
var errConflict = errors.New("was changed by another program since you opened it")

// A conflict is a file that was changed by somebody else.
type conflict struct {
	Path    string `json:"path"`
	Text    string `json:"text"`
	Version string `json:"version"`
}

// save writes files, all of them or, where one was changed by somebody else in the
// meantime, none.
func (w *workspace) save(drafts []draft) ([]conflict, error) {
	if w.dir == "" {
		return nil, errors.New("there is no folder to save into: name one with --templates")
	}
	for _, d := range drafts {
		if !filePath.MatchString(d.Path) || len(d.Text) > maxFile {
			return nil, fmt.Errorf("%s cannot be saved: it is no name of a template, or larger than 1 MiB", d.Path)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now, err := w.rescan()
	if err != nil {
		return nil, err
	}
	var conflicts []conflict
	for _, d := range drafts {
		if f := now[d.Path]; f.version != d.Version && f.text != d.Text {
			conflicts = append(conflicts, conflict{d.Path, f.text, f.version})
		}
	}
	if conflicts != nil {
		return conflicts, errConflict
	}
	if err := w.write(drafts); err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	_, err = w.rescan()
	return nil, err
}

func (w *workspace) write(drafts []draft) error {
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

// changesSince returns the paths that differ between two scans, sorted.
func changesSince(old, now map[string]file) []string {
	var out []string
	for p, f := range now {
		if old[p].version != f.version {
			out = append(out, p)
		}
	}
	for p := range maps.Keys(old) {
		if _, there := now[p]; !there {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}
