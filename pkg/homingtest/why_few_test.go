//go:build !million

package homingtest_test

const (
	storyPeople  = 400
	storyEntries = 30 // of each
)
