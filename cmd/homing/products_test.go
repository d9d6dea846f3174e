package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

func shownProducts(t *testing.T, url string, args ...string) (doc listedProducts) {
	t.Helper()
	r := homing(t, append(append([]string{"products"}, args...), "--output=json", "--nats", url)...).want(t, exitOK)
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestProductsShowsWhatIsKnown(t *testing.T) {
	d := startDev(t, "--state", filepath.Join(t.TempDir(), "state"))
	homing(t, "products", "--nats", d.NATS).want(t, exitOK).contains(t, "Nobody bought anything twice")
	publishRaw(t, d.NATS, "storefront.main.product.updated", `{"product":{"id":"coffee","supply_days":30,"available":false}}`)
	eventually(t, func() bool { return shownProducts(t, d.NATS).Total == 1 }, func() string { return "the product is not shown" })
	doc := shownProducts(t, d.NATS, "refresh")
	if len(doc.Products) != 1 || doc.Products[0].ID != "coffee" || doc.Products[0].SupplyDays != 30 || !doc.Products[0].Unavailable() || doc.At == nil || doc.Store != "main" {
		t.Errorf("%+v", doc)
	}
	homing(t, "products", "--nats", d.NATS).want(t, exitOK).contains(t, "Computed ", " ago from 0 customers of store main", "coffee", "30", "no")
}

func TestProductsRefusesWhatItCannotMean(t *testing.T) {
	homing(t, "products", "--limit=-1").want(t, exitUsage).contains(t, "--limit")
	homing(t, "products", "refresh", "--nats=nats://127.0.0.1:1", "--timeout=1ms").want(t, exitUnreachable)
	homing(t, "products", "tea").want(t, exitUsage)
}
