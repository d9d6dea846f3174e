//go:build year

package homingtest_test

import "testing"

func TestAYear(t *testing.T) { live(t, 365) }
