package problem

import (
	"errors"
	"testing"
)

func TestErrorLeavesOutWhatIsNotKnown(t *testing.T) {
	for _, tc := range []struct {
		p    Problem
		want string
	}{
		{Problem{File: "f.yaml", Line: 2, Column: 10, Key: "redis.url", Text: "is empty"}, "f.yaml:2:10: redis.url: is empty"},
		{Problem{File: "f.yaml", Line: 2, Text: "is empty"}, "f.yaml:2: is empty"},
		{Problem{File: "f.yaml", Key: "redis.url", Text: "is empty"}, "f.yaml: redis.url: is empty"},
		{Problem{Key: "HOMING_NATS_URL", Text: "is empty"}, "HOMING_NATS_URL: is empty"},
		{Problem{Line: 2, Column: 10, Text: "is empty"}, "is empty"},
	} {
		if got := tc.p.Error(); got != tc.want {
			t.Errorf("%q, not %q", got, tc.want)
		}
	}
}

func TestUnderNamesTheSectionOfEveryProblem(t *testing.T) {
	var l List
	l.Add("limit", "%d is negative", -1)
	l.Add("[0].window", "is missing")
	l.Add("", "is empty")
	l = append(l, errors.New("is odd"))
	const want = "pacing.frequency.limit: -1 is negative\npacing.frequency[0].window: is missing\n" +
		"pacing.frequency: is empty\npacing.frequency: is odd"
	if got := Under("pacing", Under("frequency", l.Err())); got == nil || got.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", got, want)
	}
	if err := Under("pacing", List(nil).Err()); err != nil {
		t.Errorf("no problem became %v", err)
	}
}
