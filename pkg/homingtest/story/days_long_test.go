//go:build story

package story_test

// Thirteen months of 200 customers in `make story`.
const (
	days      = 396 // how long the shop is watched
	customers = 200 // how many it has
)
