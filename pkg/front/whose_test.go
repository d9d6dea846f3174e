package front_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"homing/pkg/front"
	"homing/pkg/shop"
)

// shops are two shops with one app of Shopify, and one of WooCommerce.
func shops(t *testing.T) *stage {
	t.Helper()
	return newStageOf(map[string]front.Store{
		"main": {Shop: shop.Store{ID: "main", Currency: "GBP"}, Shopify: []string{shopifySecret}, ShopifyShop: "acme.myshopify.com",
			WooCommerce: []string{wooSecret}, WooCommerceSite: "https://shop.example/tea/"},
		"second": {Shop: shop.Store{ID: "second", Currency: "GBP"}, Shopify: []string{shopifySecret}, ShopifyShop: "acme-eu.myshopify.com"},
		"third":  {Shop: shop.Store{ID: "third", Currency: "GBP"}, Shopify: []string{"another secret of Shopify"}, ShopifyShop: "other.myshopify.com"},
	})
}

// One app of Shopify has one secret and one address, and may be in several shops: whose a
// webhook is says the shop's name.
func TestAWebhookGoesToTheShopThatItIsOf(t *testing.T) {
	body := file(t, "shopify/testdata/orders+create.json")
	for _, c := range []struct {
		path, shop string
		code       int
		store      string
	}{
		{"/in/shopify/main", "acme.myshopify.com", 200, "main"},
		{"/in/shopify/main", "ACME.myshopify.com", 200, "main"},
		{"/in/shopify/main", "acme-eu.myshopify.com", 200, "second"},
		{"/in/shopify/second", "acme.myshopify.com", 200, "main"},
		{"/in/shopify/main", "staging.myshopify.com", 403, ""},
		{"/in/shopify/main", "", 403, ""},
		{"/in/shopify/main", "other.myshopify.com", 401, ""}, // whose secret is another
	} {
		s := shops(t)
		w := s.post(c.path, body, "X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", sign(shopifySecret, string(body)), "X-Shopify-Shop-Domain", c.shop)
		if w.Code != c.code || s.types(t) != strings.TrimSpace(c.store+map[bool]string{true: " order.placed"}[c.store != ""]) {
			t.Errorf("%s from %q: %d %s, %s", c.path, c.shop, w.Code, w.Body, s.types(t))
		}
		for _, m := range s.stored {
			var doc struct{ Source string }
			if err := json.Unmarshal(m.Data, &doc); err != nil || doc.Source != "/shopify/"+c.store {
				t.Errorf("from %q: the source is %q", c.shop, doc.Source)
			}
		}
	}
	s := shops(t)
	if w := s.post("/in/shopify/main", body, "X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", sign(wooSecret, string(body)), "X-Shopify-Shop-Domain", "staging.myshopify.com"); w.Code != 401 {
		t.Errorf("not signed, and from another shop: %d", w.Code)
	}
}

// A copy of a site, for tests, has its webhooks and their secrets, too.
func TestACopyOfASiteIsRefused(t *testing.T) {
	body := file(t, "woocommerce/testdata/order.created.json")
	for source, code := range map[string]int{
		"https://shop.example/tea/": 200, "https://www.shop.example/tea": 200, "http://shop.example/tea/": 200,
		"https://staging.shop.example/tea/": 403, "https://shop.example/": 403, "": 403,
	} {
		s := shops(t)
		var w *httptest.ResponseRecorder
		if w = s.post("/in/woocommerce/main", body, "X-WC-Webhook-Topic", "order.created", "X-WC-Webhook-Signature", sign(wooSecret, string(body)), "X-WC-Webhook-Source", source); w.Code != code {
			t.Errorf("%q: %d %s", source, w.Code, w.Body)
		}
		if len(s.stored) != map[bool]int{true: 1}[code == 200] {
			t.Errorf("%q: %d stored", source, len(s.stored))
		}
	}
}
