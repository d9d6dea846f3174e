package app

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to two and a half times what is live before it is
// collected, instead of twice. What is live is small (a few thousand events being
// taken in), and collecting it is a tenth of what taking in an event costs. More than
// that saves hardly any time, and costs 20 MiB.
const gcPercent = 150

// TuneGC sets the garbage collector for a process that does nothing but run
// Homing. GOGC, if set, wins.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
