//go:build million

package homingtest_test

import "time"

const (
	storyPeople  = 100_000
	storyEntries = 30 // of each
	storyAsks    = 200
	storyLimit   = 200 * time.Millisecond
)
