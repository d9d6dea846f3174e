package product_test

import (
	"testing"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
)

func TestARecordOfNobodyIsNoCustomer(t *testing.T) {
	bounced := &customer.Customer{}
	d := &events.AddressBounced{}
	customer.Apply(bounced, events.Event{ID: "b", Source: "/relay", Type: d.Type(), Time: start, Data: d})
	erased := buyer("bob", "tea", 1, 0)
	customer.Apply(erased, events.Event{ID: "e", Source: "/shop", Type: events.TypeCustomerErased, Time: start.Add(day), Data: &events.CustomerErased{}})
	k := product.NewCollector(start, nil)
	for _, c := range []*customer.Customer{bounced, erased, buyer("ann", "tea", 1, 0, 30)} {
		k.Add(c)
	}
	if s := k.Snapshot(); s.Customers != 1 {
		t.Errorf("computed from %d customers, want Ann alone", s.Customers)
	}
}
