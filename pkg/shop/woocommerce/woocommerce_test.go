package woocommerce_test

import (
	"testing"
	"time"

	"homing/pkg/shop"
	"homing/pkg/shop/shoptest"
	"homing/pkg/shop/woocommerce"
)

func store(t testing.TB) shop.Store {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return shop.Store{ID: "main", Zone: zone, Currency: "GBP"}
}

func TestWhatEachTopicSays(t *testing.T) {
	shoptest.Golden(t, store(t), woocommerce.Read, woocommerce.Topics())
}

func FuzzRead(f *testing.F) {
	shoptest.Fuzz(f, store(f), woocommerce.Read, woocommerce.Topics())
}
