package config

import (
	"homing/events"
	"homing/pkg/problem"
)

// Quotes says which reviews emails may quote.
type Quotes struct {
	// Stars is how many of them such a review has, at least.
	Stars int `yaml:"stars"`
}

// Validate reports stars that no review has.
func (q Quotes) Validate() error {
	var l problem.List
	if q.Stars < 1 || q.Stars > events.BestRating {
		l.Add("stars", "%d is not between 1 and %d; write for example 4", q.Stars, events.BestRating)
	}
	return l.Err()
}
