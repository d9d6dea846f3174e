package delivery_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// An order may be placed again after it was cancelled, and its email is wanted
// again. What was dropped for another reason stays dropped, and nothing is sent twice.
func TestWhatWasDroppedForAReasonThatWasTakenBackIsSent(t *testing.T) {
	for _, c := range []struct {
		name  string
		first reason.Reason
		then  touch.Verdict
		want  []string
	}{
		{"cancelled, and placed again", reason.Cancelled, touch.Verdict{}, []string{"cancelled", "sent"}},
		{"refunded, and placed again", reason.Refunded, touch.Verdict{}, []string{"refunded", "sent"}},
		{"still cancelled", reason.Cancelled, touch.DropFor(reason.Cancelled, ""), []string{"cancelled"}},
		{"placed again, and too late", reason.Cancelled, touch.DropFor(reason.Reviewed, ""), []string{"cancelled", "reviewed", "reviewed"}},
		{"reviewed", reason.Reviewed, touch.Verdict{}, []string{"reviewed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			verdict := touch.DropFor(c.first, "")
			bubble(t, &series{wanted: func(touch.Touch, workers.Input) touch.Verdict { return verdict }}, func(r *rig) {
				r.known("ann")
				x := r.touch("ann", "offer", "a", time.Minute, nil)
				r.start()
				time.Sleep(time.Hour)
				verdict = c.then
				for range 2 {
					x.Due = time.Now().Add(time.Minute)
					x.Wake = x.Due
					r.put(x)
					time.Sleep(time.Hour)
				}
				if d := cmp.Diff(c.want, r.reasons()); d != "" {
					t.Errorf("reasons (-want +got):\n%s", d)
				}
				if n := len(r.subjects()); n > 1 || (n == 1) != slices.Contains(c.want, "sent") {
					t.Errorf("%d emails", n)
				}
			})
		})
	}
}

// reasons lists why touches had their outcomes, oldest first, those once that were
// told again.
func (r *rig) reasons() (out []string) {
	told := map[string]bool{}
	for _, f := range r.facts(events.OutcomeTypes(events.ActionSent, events.ActionDropped, events.ActionUncertain)...) {
		if !told[f.ID] {
			out = append(out, f.Data.(events.Fact).Body().Reason)
		}
		told[f.ID] = true
	}
	return out
}

// Nothing is lost, or told twice, where the process ends between the record and
// the timeline.
func TestADropThatCanBeTakenBackIsOnTheTimelineAfterACrash(t *testing.T) {
	bubble(t, &series{wanted: func(touch.Touch, workers.Input) touch.Verdict { return touch.DropFor(reason.Cancelled, "") }}, func(r *rig) {
		r.known("ann")
		r.touch("ann", "offer", "a", time.Minute, nil)
		r.setFault(dieAt("append email.dropped", 1))
		p := r.start()
		time.Sleep(5 * time.Minute)
		p.stop()
		r.setFault(nil)
		r.start()
		time.Sleep(time.Hour)
		if d := cmp.Diff([]string{"cancelled"}, r.reasons()); d != "" {
			t.Errorf("reasons (-want +got):\n%s", d)
		}
	})
}
