package delivery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// A touch may be woken long before it is right: the lead was shortened, a
// birthday was changed, a parcel came late. It is not late for having waited;
// one that only waits for another is.
func TestATouchWhoseTimeMovesIsNotLate(t *testing.T) {
	const in = 16 * day // more than a step is worth sending for
	for _, c := range []struct {
		name  string
		moved func(until time.Time) touch.Verdict
		want  string
	}{
		{"its time has moved", func(until time.Time) touch.Verdict { return touch.MoveTo(until, "it lasts longer") }, "sent"},
		{"it waits for another", func(until time.Time) touch.Verdict {
			return touch.HoldUntil(until, reason.NotYet, "an earlier one has no outcome")
		}, "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			right := time.Time{}
			bubble(t, &series{wanted: func(_ touch.Touch, in workers.Input) touch.Verdict {
				if in.Now.Before(right) {
					return c.moved(right)
				}
				return touch.Verdict{}
			}}, func(r *rig) {
				right = time.Now().Add(in)
				r.known("ann")
				r.touch("ann", "offer", "a", time.Minute, nil)
				r.start()
				time.Sleep(in + time.Hour)
				if d := cmp.Diff(map[string]string{"a": c.want}, r.outcomes()); d != "" {
					t.Errorf("outcomes (-want +got):\n%s", d)
				}
				if held := r.facts(events.TypeEmailHeld)[0].Data.(events.Fact).Body(); c.want == "sent" && !held.Due.Equal(right) {
					t.Errorf("the fact says that it is due %v, want %v", held.Due, right)
				}
			})
		})
	}
}
