package homingtest

import "testing"

// Long leaves a test to `make long` that takes long, and whose rule shorter tests look at
// as well: with -short, as in CI, it is skipped.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: make long runs it")
	}
}
