//go:build million

package homingtest_test

const (
	storyPeople  = 100_000
	storyEntries = 30 // of each
)
