package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxDuration keeps sums of durations and times far from overflow.
const maxDuration = 100 * 365 * day

// ParseDuration reads a duration in Go's notation, with d for 24 hours in
// front: "90s", "1h30m", "7d", "1d12h". It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	rest, days := s, time.Duration(0)
	if number, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(number, 10, 31)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration; days are whole and stand first, as in 7d or 1d12h", s)
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

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// Percent is a share in per cent, 0 to 100, written "10%".
type Percent float64

// Fraction returns the share between 0 and 1.
func (p Percent) Fraction() float64 { return float64(p) / 100 }

// String returns the share as it is written in the file.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// MarshalText returns what String returns.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads "10%". A number without the sign is refused, because it
// could mean either a share or a fraction.
func (p *Percent) UnmarshalText(text []byte) error {
	number, hasSign := strings.CutSuffix(string(text), "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(f) || !hasSign {
		return fmt.Errorf("%q is not a percentage; write for example 10%%", text)
	}
	if f < 0 || f > 100 {
		return fmt.Errorf("%q is not between 0%% and 100%%", text)
	}
	*p = Percent(f)
	return nil
}

// Date is a day of the calendar, written 2026-06-01, or "" for none.
type Date string

// UnmarshalText reads 2026-06-01.
func (d *Date) UnmarshalText(text []byte) error {
	if _, err := time.Parse(time.DateOnly, string(text)); err != nil && len(text) > 0 {
		return fmt.Errorf("%q is not a date; write for example 2026-06-01", text)
	}
	*d = Date(text)
	return nil
}

// Midnight returns when the day begins in UTC; the zero time for none.
func (d Date) Midnight() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Bytes is a size, written "512MiB", "2GiB" or as a plain number of bytes.
type Bytes int64

// byteUnits is sorted so that String finds the largest that fits.
var byteUnits = []struct {
	name string
	size int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// String returns the size in the largest unit that holds it exactly.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// MarshalText returns what String returns.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads "512MiB", "2GiB" or a number of bytes.
func (b *Bytes) UnmarshalText(text []byte) error {
	number, size := string(text), int64(1)
	for _, u := range byteUnits {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, size = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && n > math.MaxInt64/size:
		return fmt.Errorf("%q is too large", text)
	case err != nil || n < 0:
		return fmt.Errorf("%q is not a size; write for example 512MiB or 2GiB", text)
	}
	*b = Bytes(n * size)
	return nil
}
