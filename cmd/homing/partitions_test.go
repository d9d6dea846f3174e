package main

import (
	"slices"
	"testing"
)

func TestPartitionsAreAListOfNumbersAndRanges(t *testing.T) {
	for list, want := range map[string][]int{"": nil, "0": {0}, "0,2-3": {0, 2, 3}, " 1, 1-2": {1, 2}, "5-5": {5}} {
		if got, err := parsePartitions(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v (%v)", list, got, want, err)
		}
	}
	for _, list := range []string{"a", "3-1", "-1", "0/2", "0,", "64", "1-99", "1-"} {
		if got, err := parsePartitions(list); err == nil {
			t.Errorf("%q: %v, want an error", list, got)
		}
	}
}
