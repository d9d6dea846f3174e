// Command pack writes compiled time zones into the archive that package localtime
// embeds. `make tzdata` runs it.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"os"
)

func main() {
	if len(os.Args) != 4 || os.Args[2] == "" {
		fail(fmt.Errorf("give the folder of the zones, their version and the file to write"))
	}
	if err := pack(os.DirFS(os.Args[1]), os.Args[2], os.Args[3]); err != nil {
		fail(err)
	}
	fmt.Printf("tzdata: packed %s into %s\n", os.Args[2], os.Args[3])
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "pack:", err)
	os.Exit(1)
}

// pack writes the zones, and the version as the archive's comment.
func pack(zones fs.FS, version, to string) error {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(o io.Writer) (io.WriteCloser, error) { return flate.NewWriter(o, flate.BestCompression) })
	err := fs.WalkDir(zones, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(zones, name)
		if err != nil {
			return err
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := w.SetComment(version); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}
