package delivery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/touch"
	"homing/workers"
)

// The answer to a claim was lost, and when the touch is looked at again it has to
// wait. Whoever takes it up then, perhaps another process, must not find a claim
// under which it may have been sent.
func TestAHeldTouchLeavesNoClaimBehind(t *testing.T) {
	asked := 0
	waits := &series{wanted: func(touch.Touch, workers.Input) touch.Verdict {
		if asked++; asked == 2 {
			return touch.HoldUntil(time.Now().Add(time.Hour), touch.NotYet, "an earlier one has no outcome")
		}
		return touch.Verdict{}
	}}
	bubble(t, waits, func(r *rig) {
		r.known("ann")
		r.touch("ann", "offer", "a", time.Minute, nil)
		r.setFault(func(op string) error {
			if op != "saved" {
				return nil
			}
			r.fault = nil
			return errFault
		})
		first := r.start()
		time.Sleep(30 * time.Minute)
		if claims := r.customer("ann").Claims; asked != 2 || len(claims) != 0 {
			t.Errorf("asked %d times, and these claims are left: %v", asked, claims)
		}
		first.stop()
		r.start()
		time.Sleep(2 * time.Hour)
		if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}
