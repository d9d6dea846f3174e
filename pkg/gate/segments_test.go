package gate_test

import (
	"errors"
	"testing"
	"time"

	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// of has the worker be for some segments and not for others; the customer is in vip alone.
func of(c *gate.Case, segments, not []string) {
	c.Policy.Own.Segments, c.Policy.Own.NotSegments = segments, not
	c.Member = func(name string) (bool, string, error) { return name == "vip", "group is active", nil }
}

func TestAWorkerIsForSomeSegments(t *testing.T) {
	for what, tc := range map[string]struct {
		segments, not []string
		want          touch.Verdict
	}{
		"none named":     {nil, nil, touch.Verdict{}},
		"one of them":    {[]string{"champion", "vip"}, nil, touch.Verdict{}},
		"of none":        {[]string{"champion", "loyal"}, nil, touch.DropFor(reason.NotInSegment, "not in champion: group is active; not in loyal: group is active")},
		"not excluded":   {nil, []string{"lost"}, touch.Verdict{}},
		"excluded":       {nil, []string{"lost", "vip"}, touch.DropFor(reason.NotInSegment, "win-back is not for customers in vip: group is active")},
		"exclusion wins": {[]string{"vip"}, []string{"vip"}, touch.DropFor(reason.NotInSegment, "win-back is not for customers in vip: group is active")},
	} {
		t.Run(what, func(t *testing.T) {
			c := passing()
			of(c, tc.segments, tc.not)
			if got := gate.Judge(c); got != tc.want {
				t.Errorf("%+v\nwant %+v", got, tc.want)
			}
			c.Step.Class = touch.Transactional // it is the worker's emails that are for them
			if got := gate.Judge(c); got != tc.want {
				t.Errorf("transactional: %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// That nobody knows is neither a yes nor a no.
func TestWhileNobodyKnowsTheSegmentsEmailsWait(t *testing.T) {
	for what, own := range map[string]gate.Own{"for": {Segments: []string{"vip"}}, "not for": {NotSegments: []string{"vip"}}} {
		c := passing()
		of(c, own.Segments, own.NotSegments)
		c.Member = func(string) (bool, string, error) { return false, "", errors.New("not computed yet") }
		want := touch.HoldUntil(now.Add(15*time.Minute), reason.SegmentsUnknown, "not computed yet")
		if got := gate.Judge(c); got != want {
			t.Errorf("%s: %+v\nwant %+v", what, got, want)
		}
		c.Touch.Due = now.Add(-20 * dayLong)
		if got := gate.Judge(c); got.Reason != reason.Expired {
			t.Errorf("%s: too late, and it waits: %+v", what, got)
		}
	}
}
