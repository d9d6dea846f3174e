//go:build !story && !race

package story_test

// A month in every check: enough for every worker to send; see everyWorkerSent.
const (
	days      = 30 // how long the shop is watched
	customers = 80 // how many it has
)
