package config

import (
	"time"

	"homing/pkg/localtime"
	"homing/pkg/problem"
)

// Numbers says how it is counted what emails bring.
type Numbers struct {
	Attribution Attribution `yaml:"attribution"`
	Lift        Lift        `yaml:"lift"`
}

// Attribution says for how long an email has a part in a customer's orders.
type Attribution struct {
	AfterSending time.Duration `yaml:"after_sending"`
	AfterClick   time.Duration `yaml:"after_click"`
	// HalfLife is after how long an email has half of the part, where parts decay.
	HalfLife time.Duration `yaml:"half_life"`
}

// Lift says how people are compared with the control group.
type Lift struct {
	// Window is for how long their orders count.
	Window time.Duration `yaml:"window"`
}

// maxWindow is the longest of these windows.
const maxWindow = 90 * day

// Validate reports windows for which nothing is kept, and those in which nothing counts.
func (a Attribution) Validate() error {
	var l problem.List
	for key, d := range map[string]time.Duration{"after_sending": a.AfterSending, "after_click": a.AfterClick} {
		if d < 0 || d > maxWindow {
			l.Add(key, "%s is not between 0s and %s", localtime.FormatDuration(d), localtime.FormatDuration(maxWindow))
		}
	}
	if a.AfterSending == 0 && a.AfterClick == 0 {
		l.Add("after_sending", "is 0s, and so is after_click, so no email would have a part in an order; write for example 7d")
	}
	if a.HalfLife < time.Hour || a.HalfLife > maxWindow {
		l.Add("half_life", "%s is not between 1h and %s; write for example 7d", localtime.FormatDuration(a.HalfLife), localtime.FormatDuration(maxWindow))
	}
	return l.Err()
}

// Validate reports a window in which nobody could order, and one that is longer than what a
// night reads.
func (l Lift) Validate() error {
	var ps problem.List
	if l.Window < day || l.Window > maxWindow {
		ps.Add("window", "%s is not between 1d and %s; write for example 30d", localtime.FormatDuration(l.Window), localtime.FormatDuration(maxWindow))
	}
	return ps.Err()
}
