//go:build race

package homingtest_test

// The race detector makes a fake day ten times as slow: under it the customer
// lives one day of each kind. make check also runs all of them without it.
const weeks = 6
