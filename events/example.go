package events

import (
	"embed"
	"slices"
)

//go:embed examples/*.json
var examples embed.FS

// Example returns a believable event of type t in the structured form, as a
// document that people can read, or nil if there is no such type. There is one of
// each type, facts included.
func Example(t Type) []byte {
	b, err := examples.ReadFile("examples/" + string(t) + ".json")
	if err != nil {
		return nil
	}
	return slices.Clone(b)
}
