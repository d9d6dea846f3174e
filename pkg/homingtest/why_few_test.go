//go:build !million

package homingtest_test

import "time"

const (
	storyPeople  = 400
	storyEntries = 30          // of each
	storyLimit   = time.Second // with room for a machine that runs other tests, too
)
