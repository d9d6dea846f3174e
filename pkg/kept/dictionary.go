package kept

import _ "embed"

// A dictionary has what emails have in common, so that a copy stores little but what is
// of its own: with it a copy has a quarter of the size. One that copies were made with is
// never changed, for as long as there may be such copies; a better one gets the next
// number. The first is of the emails that came with Homing when it was made, in all of
// their languages: go run dictionaries/make.go > dictionaries/1
//
//go:embed dictionaries/1
var first []byte

// dictionaries are all that copies were ever made with, by number.
var dictionaries = map[uint32][]byte{1: first}

// newest is the one that copies are made with.
const newest = 1
