package config

import (
	"fmt"
	"slices"

	"homing/pkg/problem"
)

// Audiences are names of segments.
type Audiences []string

// Validate reports a name that is listed twice.
func (a Audiences) Validate() error {
	var l problem.List
	for i, name := range a {
		if slices.Contains(a[:i], name) {
			l.Add(fmt.Sprintf("[%d]", i), "%s is listed twice", name)
		}
	}
	return l.Err()
}
