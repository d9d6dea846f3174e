package main

import (
	"testing"

	"homing/pkg/config"
)

func TestCheckSaysWhereEventsComeIn(t *testing.T) {
	c := config.Example()
	if got := checkDoors(&c); got != nil {
		t.Errorf("no door is open, and it says %v", got)
	}
	s := c.Stores["main"]
	s.WooCommerce.Secret, s.Shopify.Secret = "a secret\nand another", "a third one"
	s.APIKeys = config.APIKeys{{ID: "website", Key: "key"}, {ID: "erp", Key: "other"}}
	c.Stores["main"] = s
	want := "events of main over HTTP: https://mail.shop.example/in/shopify/main, https://mail.shop.example/in/woocommerce/main, https://mail.shop.example/v1/events (2 keys)"
	if got := checkDoors(&c); len(got) != 1 || got[0].Text != want || got[0].Level != "ok" {
		t.Errorf("it says %v", got)
	}
	c.HTTP.PublicURL = ""
	if got := checkDoors(&c); len(got) != 1 || got[0].Text == want {
		t.Errorf("without an address it says %v", got)
	}
}
