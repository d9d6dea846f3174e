package events

import "testing"

func euro(minor int64) Money { return Money{minor, "EUR"} }

// TestTotalsThatFitAreNotWarnedAbout has orders as shops write them: prices with tax
// and without, rounded prices, bundles, and what is not given.
func TestTotalsThatFitAreNotWarnedAbout(t *testing.T) {
	tea := Item{Quantity: 3, Price: euro(333)}
	box, jam := Item{ProductID: "box", Quantity: 1, Price: euro(2400)}, Item{Quantity: 2, Price: euro(600), BundleOf: "box"}
	free := jam
	free.Price = euro(0)
	dear := Item{Quantity: 1_000_000, Price: euro(99_999_999_999_999_999)}
	for name, o := range map[string]Order{
		"as it is":                  {Items: []Item{tea}, Total: euro(999)},
		"a cent a line":             {Items: []Item{tea, tea}, Total: euro(2000)},
		"a thousand rounded prices": {Items: []Item{{Quantity: 1000, Price: euro(33)}}, Total: euro(33333)},
		"tax in the prices":         {Items: []Item{tea}, Tax: euro(159), Shipping: euro(490), Total: euro(1489)},
		"tax on top":                {Items: []Item{tea}, Tax: euro(190), Shipping: euro(490), Total: euro(1679)},
		"a discount":                {Items: []Item{tea}, Discount: euro(99), Total: euro(900)},
		"nothing to pay":            {Items: []Item{tea}, Discount: euro(999), Total: euro(0)},
		"a bundle with its price":   {Items: []Item{box, free}, Total: euro(2400)},
		"a bundle and its parts":    {Items: []Item{box, jam}, Total: euro(2400)},
		"a bundle of its parts":     {Items: []Item{{ProductID: "box", Quantity: 1, Price: euro(0)}, jam}, Tax: euro(100), Total: euro(1300)},
		"a price is not given":      {Items: []Item{tea, {Quantity: 1}}, Total: euro(5000)},
		"absurd":                    {Items: []Item{dear}, Total: euro(1)},
		"absurd total":              {Items: []Item{tea}, Total: euro(1 << 62)},
		"another currency":          {Items: []Item{tea}, Shipping: Money{490, "GBP"}, Total: euro(1)},
	} {
		if _, _, problem := o.addUp(); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
	for name, o := range map[string]Order{
		"two cents":       {Items: []Item{{Quantity: 1, Price: euro(1000)}}, Total: euro(1002)},
		"less":            {Items: []Item{tea}, Total: euro(500)},
		"forgotten":       {Items: []Item{tea}, Total: euro(1489)},
		"half of the tax": {Items: []Item{tea}, Tax: euro(190), Total: euro(1094)},
		"no bundle":       {Items: []Item{box, {Quantity: 2, Price: euro(600)}}, Total: euro(2400)},
	} {
		if field, reason, problem := o.addUp(); problem == "" || reason != WarnTotalMismatch || field != "total" {
			t.Errorf("%s: %s %s %q", name, field, reason, problem)
		}
	}
}

func TestSamplesAndPartsOfBundlesAreNotReviewed(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		item Item
		want bool
	}{
		{Item{}, true},
		{Item{Price: euro(100)}, true},
		{Item{Price: euro(0)}, false},
		{Item{Price: euro(0), Reviewable: &yes}, true},
		{Item{Price: euro(100), Reviewable: &no}, false},
		{Item{Price: euro(100), BundleOf: "box"}, false},
		{Item{Price: euro(0), ProductID: "part", BundleOf: "crate"}, false},
		{Item{Price: euro(100), BundleOf: "crate"}, true},
		{Item{BundleOf: "box", Reviewable: &yes}, true},
	} {
		if got := c.item.MayReview([]Item{{ProductID: "box"}, c.item}); got != c.want {
			t.Errorf("%+v: %v", c.item, got)
		}
	}
}
