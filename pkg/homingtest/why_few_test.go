//go:build !million

package homingtest_test

import "time"

const (
	storyPeople  = 120
	storyEntries = 30 // of each
	storyAsks    = 50
	storyLimit   = time.Second // with room for a machine that runs other tests, too
)
