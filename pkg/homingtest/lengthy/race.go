//go:build race

package lengthy

// Race says that the race detector is on.
const Race = true
