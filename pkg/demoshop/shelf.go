// Package demoshop makes up the shop that `homing dev --demo` shows: a year of a small shop
// for tea and coffee, with customers who come back, or do not, and who now and then do what an
// email asks them to. What Homing did about them in that year is no invention: it is
// rehearsed.
package demoshop

import (
	"slices"
	"strings"

	"homing/events"
	"homing/pkg/config"
)

// Shelf is what the shop sells: name, price of one in minor units, days it lasts.
var Shelf = map[string]events.Item{
	"assam":    {Name: "Assam Second Flush, 250 g", Price: events.Money{Minor: 1180}, SupplyDays: 60},
	"grey":     {Name: "Earl Grey, 125 g", Price: events.Money{Minor: 740}, SupplyDays: 40},
	"sencha":   {Name: "Sencha, 100 g", Price: events.Money{Minor: 990}, SupplyDays: 35},
	"espresso": {Name: "House Espresso, whole bean, 250 g", Price: events.Money{Minor: 850}, SupplyDays: 14},
	"decaf":    {Name: "Decaf Colombia, ground, 250 g", Price: events.Money{Minor: 920}, SupplyDays: 16},
	"filters":  {Name: "Paper Filters No. 2, 100 pieces", Price: events.Money{Minor: 410}, SupplyDays: 50},
	"mug":      {Name: "Stoneware Mug, harbour blue", Price: events.Money{Minor: 1600}},
	"pot":      {Name: "Glass Teapot, 0.8 l", Price: events.Money{Minor: 2950}},
}

// usedUp are the products of the shelf that people buy again and again.
var usedUp = func() (out []string) {
	for id, item := range Shelf {
		if item.SupplyDays > 0 {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}()

// kept are the others.
var kept = []string{"mug", "pot"}

// page is an address of the shop's.
func page(store config.Store, path string) string { return strings.TrimSuffix(store.URL, "/") + path }

// Item takes some pieces of a product from the shelf.
func Item(store config.Store, id string, pieces int) events.Item {
	it := Shelf[id]
	it.ProductID, it.Quantity, it.Price.Currency = id, pieces, store.Currency
	it.URL, it.ImageURL = page(store, "/p/"+id), page(store, "/pictures/"+id+".jpg")
	return it
}

// Total is what some items cost, at least one.
func Total(items []events.Item) (out events.Money) {
	for _, it := range items {
		out.Currency = it.Price.Currency
		out.Minor += it.Price.Minor * int64(it.Quantity)
	}
	return out
}
