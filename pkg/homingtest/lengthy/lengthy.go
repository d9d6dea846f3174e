// Package lengthy says which tests are left to the targets that take their time.
package lengthy

import "testing"

// Always leaves a test to `make long` that takes long, and whose rule shorter tests look at
// as well: with -short, as in CI, it is skipped.
func Always(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: make long runs it")
	}
}

// WithRace leaves a test to `make race` that takes long with the race detector alone. CI
// runs it without.
func WithRace(t testing.TB) {
	t.Helper()
	if RaceShort() {
		t.Skip("takes long with the race detector: make race runs it")
	}
}

// RaceShort reports whether the race detector is on, and little of a test is enough, as in
// `make race-short`.
func RaceShort() bool { return Race && testing.Short() }
