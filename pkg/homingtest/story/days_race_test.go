//go:build race && !story

package story_test

// The race detector makes a day many times as long; `make check` runs the month
// without it.
const (
	days      = 4   // how long the shop is watched
	customers = 120 // how many it has
)
