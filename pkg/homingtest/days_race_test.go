//go:build race

package homingtest_test

// The race detector makes a fake day ten times as slow: under it the customer
// lives one day of each kind. make check also runs the whole month without it.
const month = 6
