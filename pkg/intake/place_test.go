package intake_test

import (
	"testing"
	"time"
)

// The place decides which of two statements of one time was made later, so it is
// the message's own, whatever its publisher says.
func TestWhatIsTakenInHasItsPlaceOnTheStream(t *testing.T) {
	w := &world{}
	feed(t, w.intake(t).Handle, []*message{
		created(41, `"id":"ann"`),
		{subject: "storefront.main.customer.created", seq: 43, data: `{"specversion":"1.0","id":"e","source":"/shop",
			"type":"customer.created","time":"2025-03-01T10:00:00Z","place":"7","data":{"customer":{"id":"bob"}}}`},
	}, time.Second)
	if len(w.entries) != 2 {
		t.Fatalf("%d entries, want 2", len(w.entries))
	}
	for i, want := range []uint64{41, 43} {
		if got := w.entries[i].Event.Place; got != want {
			t.Errorf("entry %d has the place %d, want %d", i, got, want)
		}
	}
}
