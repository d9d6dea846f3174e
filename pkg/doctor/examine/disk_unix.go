//go:build linux || darwin

package examine

import "syscall"

// free is how much of a folder's file system is left for us; -1: that is not known.
func free(dir string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
