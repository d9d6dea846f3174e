package workers_test

import (
	"testing"
	"time"

	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

func TestAStepWaitsForTheStepsBeforeIt(t *testing.T) {
	steps := []workers.StepConfig{
		{Template: "w/first", After: time.Hour},
		{Template: "w/second", After: day, Expires: 2 * time.Hour},
		{Template: "w/third", After: 2 * day},
	}
	began := time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		step    string
		settled string // the one step that has its outcome
		at      time.Duration
		until   time.Duration // 0: its turn
	}{
		{"the first waits for nobody", "first", "", time.Hour, 0},
		{"the one before has its outcome", "second", "first", day, 0},
		{"the one before may still go out", "second", "", day, 25 * time.Hour},
		{"no longer than it may", "second", "", day + 30*time.Minute, 25*time.Hour + time.Second},
		{"its time is over", "second", "", 25*time.Hour + 2*time.Second, 0},
		{"a step with an expiry of its own", "third", "first", 25 * time.Hour, 26 * time.Hour},
		{"and that is over", "third", "first", 27 * time.Hour, 0},
		{"a step that is no more", "gone", "", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := workers.InTurn(steps, c.step, began, day, func(s string) bool { return s == c.settled }, began.Add(c.at))
			switch {
			case c.until == 0 && v != touch.Verdict{}:
				t.Errorf("%+v, want its turn", v)
			case c.until != 0 && (v.Reason != reason.NotYet || !v.Until.Equal(began.Add(c.until))):
				t.Errorf("%+v, want held until %v", v, began.Add(c.until))
			}
		})
	}
}
