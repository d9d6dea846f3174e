package medusa_test

import (
	"testing"

	"homing/pkg/shop"
	"homing/pkg/shop/medusa"
	"homing/pkg/shop/shoptest"
)

var store = shop.Store{ID: "main", Currency: "EUR"}

func TestWhatEachTypeSays(t *testing.T) {
	shoptest.Golden(t, store, medusa.Read, medusa.Topics())
}

func FuzzRead(f *testing.F) {
	shoptest.Fuzz(f, store, medusa.Read, medusa.Topics())
}
