package shopify_test

import (
	"testing"

	"homing/pkg/shop"
	"homing/pkg/shop/shopify"
	"homing/pkg/shop/shoptest"
)

var store = shop.Store{ID: "main", Currency: "USD", URL: "https://shop.example/"}

func TestWhatEachTopicSays(t *testing.T) {
	shoptest.Golden(t, store, shopify.Read, shopify.Topics())
}

func FuzzRead(f *testing.F) {
	shoptest.Fuzz(f, store, shopify.Read, shopify.Topics())
}
