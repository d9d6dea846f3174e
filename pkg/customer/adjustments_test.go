package customer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

func adjusts(n int, id string, points int) events.Event {
	return at(n, fmt.Sprint("adjust", id, n), &events.PointsAdjusted{Customer: ann, Adjustment: events.Adjustment{ID: id, Points: points}})
}

func TestOfTooManyAdjustmentsTheOldestGoWhicheverCameFirst(t *testing.T) {
	var es []events.Event
	for i := range customer.MaxAdjustments + 50 {
		es = append(es, adjusts(i, fmt.Sprint(i), i+1))
	}
	want := fold(es)
	if n := len(want.Adjustments); n != customer.MaxAdjustments || want.Adjustments[n-1].Points != 51 {
		t.Fatalf("%d, the oldest %+v", n, want.Adjustments[n-1])
	}
	es = append(es, es[:100]...)
	rand.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
	if d := diff(want, fold(es)); d != "" {
		t.Error(d)
	}
}

// What a rewards programme costs in a record: what it follows from is there for other
// reasons. A member who only ordered costs nothing more than anybody else.
func TestTheBytesOfAMember(t *testing.T) {
	size := func(es ...events.Event) int {
		who := fold(es)
		return len(customer.Encode(&who))
	}
	usual := usual()
	none := size(usual...)
	joined := size(append(usual, at(9_000_000, "j", &events.RewardsJoined{Customer: ann}))...) - none
	one := size(append(usual, adjusts(9_000_000, "a", -50))...) - none
	two := size(append(usual, adjusts(9_000_000, "a", -50), adjusts(9_700_000, "b", 500))...) - none
	t.Logf("%d bytes for having asked, %d for the first adjustment, %d for the second", joined, one, two-one)
	if joined > 20 || one > 25 || two-one > 16 {
		t.Errorf("%d, %d, %d", joined, one, two-one)
	}
}
