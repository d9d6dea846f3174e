package render

import (
	"slices"
	"testing"
)

func TestEveryFieldAndFunctionIsExplained(t *testing.T) {
	v := Words()
	for _, name := range []string{"Data", "Store", "Customer", "Order", "Cart", "Item", "Offer", "Products", "Answer", "Link"} {
		if len(v.Types[name]) == 0 {
			t.Errorf("the type %s is missing", name)
		}
	}
	for name := range functions(defaultLocale) {
		if name != commentFunc && !slices.ContainsFunc(v.Functions, func(f Function) bool { return f.Name == name }) {
			t.Errorf("the function %s is not explained", name)
		}
	}
	for _, name := range builtins {
		if !slices.ContainsFunc(v.Functions, func(f Function) bool { return f.Name == name }) {
			t.Errorf("the function %s is not explained", name)
		}
	}
	var offer Field
	for _, f := range v.Types["Data"] {
		if f.Name == "Offer" {
			offer = f
		}
	}
	if offer.Type != "Offer" || !offer.Pointer || offer.Doc == "" {
		t.Errorf("%+v", offer)
	}
}
