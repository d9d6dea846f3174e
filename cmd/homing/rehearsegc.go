package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// Collecting garbage as often as a server should is a sixth of what a rehearsal costs. It is
// done rarely for as long as little lives, so that the heap may grow to five times that.
// GOGC, if set, wins.
const (
	little = 1 << 30 // bytes
	rarely = 400
	often  = 100
)

// collect sets how often garbage is collected, by what lives now.
func (m *rehearsing) collect() {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := rarely
	if live[0].Value.Uint64() > little {
		percent = often
	}
	if percent != m.percent {
		debug.SetGCPercent(percent)
		m.percent = percent
	}
}
