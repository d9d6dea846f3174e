package story_test

import (
	"syscall"
	"testing"
	"time"
)

// fast is how many times as much CPU time as a rehearsal the engine takes at least, with
// its servers and on fake time.
const fast = 50

// spent returns what tells how much CPU time this process has spent since.
func spent(t *testing.T) func() time.Duration {
	t.Helper()
	now := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := now()
	return func() time.Duration { return now() - began }
}
