package app

import (
	"testing"
	"time"
)

// A delivery that is traced is an exemplar of how long deliveries take, and no other is.
func TestAnExemplarLeadsToATrace(t *testing.T) {
	m := newMetrics()
	took := m.times.deliveries("thank-you").Took
	took(20*time.Millisecond, "4bf92f3577b34da6a3ce929d0e0e4736")
	took(2*time.Second, "")
	all, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range all {
		if f.GetName() != "homing_delivery_seconds" {
			continue
		}
		for _, b := range f.Metric[0].Histogram.Bucket {
			if e := b.Exemplar; e != nil {
				found = append(found, e.Label[0].GetName()+" "+e.Label[0].GetValue())
			}
		}
	}
	if len(found) != 1 || found[0] != "trace_id 4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("exemplars: %q", found)
	}
}
