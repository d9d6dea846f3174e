package app

import (
	"slices"
	"testing"

	"homing/pkg/reason"
)

// Every reason can be seen in the metrics before it first happens, but for the
// pause, which has a gauge of its own.
func TestEveryReasonIsCountedFromTheStart(t *testing.T) {
	m := newMetrics()
	m.worker("thank-you")
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []reason.Reason
	for _, f := range families {
		if name := f.GetName(); name != "homing_emails_total" && name != "homing_holds_total" {
			continue
		}
		for _, x := range f.GetMetric() {
			for _, l := range x.GetLabel() {
				if l.GetName() == "reason" {
					got = append(got, reason.Reason(l.GetValue()))
				}
			}
		}
	}
	want := slices.DeleteFunc(reason.All(), func(r reason.Reason) bool { return r == reason.Paused })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("counted: %v\nwant: %v", got, want)
	}
}
