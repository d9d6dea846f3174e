//go:build !unix

package devstack

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir makes dir. Without flock there is no lock that a killed process would
// give back, so here nothing stops two processes from sharing a folder.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
