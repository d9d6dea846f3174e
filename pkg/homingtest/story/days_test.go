//go:build !story && !race

package story_test

// days is how long the shop is watched: a month in every check.
const days = 30
