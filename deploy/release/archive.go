package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// addFolder adds the files of a folder that are no Go code and no test data.
func addFolder(files map[string]string, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.Type().IsRegular() && filepath.Ext(path) != ".go":
			files[filepath.ToSlash(path)] = path
		}
		return nil
	})
}

// pack writes an archive in which nothing is of the machine that wrote it: the files are in
// the order of their names, of the time of the commit, and root's.
func pack(to, folder string, files map[string]string, at time.Time) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, err := os.ReadFile(files[name])
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if name == "homing" {
			mode = 0o755
		}
		head := &tar.Header{Name: folder + "/" + name, Size: int64(len(data)), Mode: mode, ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if err := t.WriteHeader(head); err != nil {
			return err
		}
		if _, err := t.Write(data); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}
