package events_test

import (
	"testing"

	"homing/events"
)

// Events of another store, type or source that have the same id are other events, and so
// is what is brought over.
func TestWhatThePublisherCallsACopyIsOne(t *testing.T) {
	ids := map[string]bool{}
	for _, e := range []events.Event{
		{Store: "main", Type: events.TypeOrderPlaced}, {Store: "main", Type: events.TypeOrderCancelled}, {Store: "other", Type: events.TypeOrderPlaced},
	} {
		for _, e.Source = range []string{"/a", "/b"} {
			for _, e.Historical = range []bool{false, true} {
				e.ID = "1"
				ids[events.MessageID(e)] = true
			}
		}
	}
	if len(ids) != 12 {
		t.Errorf("%d message ids for twelve events: %v", len(ids), ids)
	}
	// As docs/events.md and the client for JavaScript have it.
	if !ids["main order.placed /a 1"] || !ids["main order.placed /a 1 historical"] {
		t.Error(ids)
	}
}
