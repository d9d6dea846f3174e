//go:build story

package story_test

// days is how long the shop is watched: thirteen months in `make story`.
const days = 396
