package timeline_test

import (
	"testing"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/timeline"
)

func TestASubjectTellsStoreAndType(t *testing.T) {
	k := customer.Key{Store: "main", Bucket: 17}
	if store, of := timeline.About(timeline.Subject(k, events.TypeOrderPlaced)); store != "main" || of != events.TypeOrderPlaced {
		t.Errorf("store %q, type %q", store, of)
	}
	if store, of := timeline.About("timeline.main.17"); store != "" || of != "" {
		t.Errorf("of no entry: store %q, type %q", store, of)
	}
}
