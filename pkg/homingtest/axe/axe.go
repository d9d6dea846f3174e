// Package axe has axe-core, with which tests ask whether everybody can use a page. It is not
// part of Homing: only tests have it.
package axe

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"
)

// packed is axe-core as it is published on npm (MPL-2.0, see axe.licence.txt); `make axe`
// fetches it.
//
//go:embed axe.min.js.gz
var packed []byte

// Script returns axe-core: a page that runs it has axe.run.
var Script = sync.OnceValues(func() (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	script, err := io.ReadAll(r)
	return string(script), err
})
