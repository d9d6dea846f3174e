// Package templatestore keeps versions of the email templates in NATS, so that all
// replicas change at once. A version is one archive of all files, numbered, and never
// changed. It is laid over the templates of the binary: what it lacks comes from there.
//
// Store publishes and reads versions, Follower keeps a process at the one that is in
// force. Whether templates are good is the caller's knowledge: the package runs what it
// is given to load them, and does not render.
package templatestore

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"homing/pkg/problem"
	"homing/pkg/render"
)

// The bounds of a version. A template of ours has some 3 KB; what is beyond these is a
// picture, or a folder that was named by mistake.
const (
	maxFile  = 1 << 20
	maxFiles = 5_000
	maxBytes = 16 << 20
)

// Files are templates: their contents by path, with slashes.
type Files map[string][]byte

// ReadFiles reads all that may be a template. Its error joins problem.Problems.
func ReadFiles(fsys fs.FS) (Files, error) {
	out, size := Files{}, 0
	var wrong problem.List
	err := render.EachFile(fsys, func(p string) error {
		info, err := fs.Stat(fsys, p)
		if err != nil {
			return err
		}
		if info.Size() > maxFile {
			wrong = append(wrong, &problem.Problem{File: p, Text: fmt.Sprintf("has %d KiB, and a template may have %d; pictures belong on a web server", info.Size()>>10, maxFile>>10)})
			return nil
		}
		raw, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		out[p], size = raw, size+len(raw)
		if len(out) > maxFiles || size > maxBytes {
			return &problem.Problem{Text: fmt.Sprintf("there are more than %d files, or %d MiB of them: is this the folder with the templates?", maxFiles, maxBytes>>20)}
		}
		return nil
	})
	if err := errors.Join(wrong.Err(), err); err != nil {
		return nil, err
	}
	return out, nil
}

// Hash tells contents apart: it is the same for the same files, however they are kept.
func (f Files) Hash() string {
	h := sha256.New()
	for _, p := range f.paths() {
		for _, part := range [][]byte{[]byte(p), f[p]} {
			var n [8]byte
			binary.BigEndian.PutUint64(n[:], uint64(len(part)))
			h.Write(n[:])
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (f Files) paths() []string { return slices.Sorted(maps.Keys(f)) }

// Over returns the files laid over others: what they lack comes from there. Files of
// phrases are laid over the others' phrase by phrase, by the renderer: it is given those,
// too.
func (f Files) Over(base Files) Files {
	out := maps.Clone(base)
	if out == nil {
		out = Files{}
	}
	maps.Copy(out, f)
	for p, text := range base {
		if under := render.Under(p); under != "" && f[p] != nil && !bytes.Equal(f[p], text) {
			out[under] = text
		}
	}
	return out
}

// FS returns the files as a file system.
func (f Files) FS() (fs.FS, error) {
	raw, err := f.zip(zip.Store)
	if err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
}

// WriteTo writes the files into a folder, which it makes. Files that are there and are
// not among them stay, and are returned.
func (f Files) WriteTo(dir string) (others []string, err error) {
	for _, p := range f.paths() {
		to := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, f[p], 0o644); err != nil {
			return nil, err
		}
	}
	there, err := ReadFiles(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	for _, p := range there.paths() {
		if f[p] == nil {
			others = append(others, p)
		}
	}
	return others, nil
}

// A Change is a file that two versions do not have alike.
type Change struct {
	Path string `json:"path"`
	Did  string `json:"did"` // added, changed or removed
}

func (c Change) String() string {
	if c.Did == "changed" {
		return c.Path
	}
	return c.Path + " (" + c.Did + ")"
}

// Changes lists what is different, by path.
func Changes(before, after Files) []Change {
	var out []Change
	for p, text := range after {
		if old, there := before[p]; !there {
			out = append(out, Change{p, "added"})
		} else if !bytes.Equal(old, text) {
			out = append(out, Change{p, "changed"})
		}
	}
	for p := range before {
		if _, there := after[p]; !there {
			out = append(out, Change{p, "removed"})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return out
}
