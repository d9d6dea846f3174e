//go:build race && !story

package story_test

// days is how long the shop is watched. The race detector makes a day many times
// as long; `make check` runs the month without it.
const days = 4
