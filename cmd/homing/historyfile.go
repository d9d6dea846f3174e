package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// historyFile is a new file of events, one a line, gzipped if its name says so. Only its
// owner may read it: events have customers' addresses.
type historyFile struct {
	file *os.File
	zip  *gzip.Writer // nil: it is not compressed
	*bufio.Writer
}

// createHistory creates a file for the flag --out.
func createHistory(path string) (*historyFile, error) {
	file, err := createPrivate(path)
	if err != nil {
		return nil, err
	}
	h := &historyFile{file: file}
	if h.Writer = bufio.NewWriterSize(file, 256<<10); strings.HasSuffix(path, ".gz") {
		h.zip = gzip.NewWriter(file)
		h.Writer.Reset(h.zip)
	}
	return h, nil
}

// createPrivate creates a file for the flag --out that only its owner may read. One that is
// there already is left alone.
func createPrivate(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, usagef("--out: %s exists already; delete it, or name another file", path)
	}
	if err != nil {
		return nil, usagef("--out: %w", err)
	}
	return file, nil
}

// Close has all of it on the disk.
func (h *historyFile) Close() error {
	err := h.Flush()
	if h.zip != nil {
		err = errors.Join(err, h.zip.Close())
	}
	return errors.Join(err, h.file.Sync(), h.file.Close())
}
