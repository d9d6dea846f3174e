package doctor

import (
	"fmt"
	"time"

	"homing/pkg/clock"
)

// A Clock is one that was compared with that of this machine.
type Clock struct {
	Whose string        // "Redis", "NATS"
	Ahead time.Duration // how far ours is ahead of it, at least, whatever the answer took on its way
	Err   string
}

// JudgeClocks judges how far clocks differ.
func JudgeClocks(clocks []Clock) []Finding {
	var out []Finding
	for _, c := range clocks {
		if c.Err != "" {
			out = append(out, Unknown(Clocks, c.Whose, c.Err))
			continue
		}
		word := "ahead of"
		if c.Ahead < 0 {
			word = "behind"
		}
		f := Finding{Level: OK, Text: fmt.Sprintf("the clock of this machine is %v %s that of %s", c.Ahead.Abs().Round(10*time.Millisecond), word, c.Whose)}
		if c.Ahead == 0 {
			f.Text = "the clock of this machine agrees with that of " + c.Whose
		}
		const why = "emails leave too early or too late, and claims end too soon, so that one might leave twice"
		const do = "set all machines by NTP or chrony (chronyc tracking, timedatectl), that of %s too"
		switch {
		case c.Ahead.Abs() > clock.Wrong:
			f.Level, f.Why, f.Do = Trouble, why+"; above 5 seconds a process of Homing sends nothing (clock_skew)", fmt.Sprintf(do, c.Whose)
		case c.Ahead.Abs() > clock.Odd:
			f.Level, f.Why, f.Do = Warning, why, fmt.Sprintf(do, c.Whose)
		}
		out = append(out, f)
	}
	return Of(Clocks, out...)
}
