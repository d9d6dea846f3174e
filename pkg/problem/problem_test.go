package problem

import "testing"

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
