package localtime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// maxDuration keeps sums of durations and times far from overflow.
const maxDuration = 100 * 365 * day

// ParseDuration reads a duration in Go's notation, with days of 24 hours first:
// "90s", "1h30m", "7d", "1d12h". It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	rest, days := s, time.Duration(0)
	if number, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(number, 10, 31)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration; days are whole and come first, as in 7d or 1d12h", s)
		}
		if n > uint64(maxDuration/day) {
			return 0, fmt.Errorf("%q is more than 100 years", s)
		}
		rest, days = after, time.Duration(n)*day
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	switch {
	case err != nil && isNumber(rest):
		return 0, fmt.Errorf("%q has no unit; write %[1]ss, %[1]sm, %[1]sh or %[1]sd", s)
	case err != nil:
		return 0, fmt.Errorf("%q is not a duration; write for example 30m, 16h, 7d or 1d12h", s)
	case d < 0:
		return 0, fmt.Errorf("%q is negative", s)
	case d > maxDuration-days:
		return 0, fmt.Errorf("%q is more than 100 years", s)
	}
	return days + d, nil
}

// FormatDuration writes what ParseDuration reads, in the shortest form.
func FormatDuration(d time.Duration) string {
	if d <= 0 {
		return d.String()
	}
	var b strings.Builder
	if d >= day {
		fmt.Fprintf(&b, "%dd", d/day)
		d %= day
	}
	if d > 0 {
		text := d.String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		b.WriteString(text)
	}
	return b.String()
}

// InWords writes a duration in whole units: "30 minutes", "1 day 12 hours".
func InWords(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"day", day}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		n := d / unit.is
		d %= unit.is
		if n == 0 && (unit.is > time.Second || len(parts) > 0) {
			continue
		}
		word := unit.name
		if n != 1 {
			word += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, word))
	}
	return strings.Join(parts, " ")
}

// Age writes for how long something has been so, in whole units of the largest: "59s",
// "3 min", "24 h", "2 days".
func Age(d time.Duration) string {
	d = max(0, d).Truncate(time.Second)
	switch {
	case d < time.Minute:
		return d.String()
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d/day))
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
