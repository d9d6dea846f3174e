package shopify_test

import (
	"testing"

	"homing/pkg/shop/shopify"
	"homing/pkg/shop/shoptest"
)

func TestWhatExportsSay(t *testing.T) {
	shoptest.Exports(t, "testdata/exports", store, shopify.OpenExport)
}

func FuzzExport(f *testing.F) {
	shoptest.FuzzExports(f, "testdata/exports", store, shopify.OpenExport)
}
