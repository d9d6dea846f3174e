package templatestore

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// A Version is what is known about a version apart from its files.
type Version struct {
	Number  int       `json:"version"`
	At      time.Time `json:"at"` // real time
	Author  string    `json:"author"`
	Message string    `json:"message,omitempty"`
	// Restores is the version whose files it has again; 0: none.
	Restores int      `json:"restores,omitempty"`
	Hash     string   `json:"sha256"` // of the files, as Files.Hash has it
	Files    int      `json:"files"`
	Changes  []Change `json:"changes"` // since the version before
}

// pack writes a version as it is stored: a line of JSON, and a zip archive. The same
// files are the same archive.
func (f Files) pack(v Version) ([]byte, error) {
	head, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	archive, err := f.zip(zip.Deflate)
	if err != nil {
		return nil, err
	}
	return append(append(head, '\n'), archive...), nil
}

// zip packs the files in the order of their paths, without times.
func (f Files) zip(method uint16) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range f.paths() {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p, Method: method})
		if err == nil {
			_, err = w.Write(f[p])
		}
		if err != nil {
			return nil, fmt.Errorf("packing %s: %w", p, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var errDamaged = errors.New("is damaged")

// unpack reads what pack wrote, and compares it with its checksum.
func unpack(raw []byte) (v Version, f Files, err error) {
	v, archive, err := unpackHead(raw)
	if err != nil {
		return v, nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return v, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	f = Files{}
	var size uint64
	for _, e := range z.File {
		if size += e.UncompressedSize64; len(f) >= maxFiles || size > maxBytes || !fs.ValidPath(e.Name) {
			return v, nil, fmt.Errorf("%w: it has more, or other files, than a version can have", errDamaged)
		}
		r, err := e.Open()
		if err == nil {
			f[e.Name], err = io.ReadAll(io.LimitReader(r, maxBytes))
			_ = r.Close() // it was read
		}
		if err != nil {
			return v, nil, fmt.Errorf("%w: %s: %w", errDamaged, e.Name, err)
		}
	}
	if f.Hash() != v.Hash {
		return v, nil, fmt.Errorf("%w: its files are not those of its checksum", errDamaged)
	}
	return v, f, nil
}

func unpackHead(raw []byte) (v Version, archive []byte, err error) {
	head, archive, found := bytes.Cut(raw, []byte("\n"))
	if !found {
		return v, nil, errDamaged
	}
	if err := json.Unmarshal(head, &v); err != nil {
		return v, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return v, archive, nil
}
