package localtime_test

import (
	"testing"
	"time"

	"homing/pkg/localtime"
)

func TestAClockIsReadAsItIsWritten(t *testing.T) {
	var c localtime.Clock
	if err := c.UnmarshalText([]byte("08:05")); err != nil || c != 8*60+5 {
		t.Errorf("%v, %v", c, err)
	}
	if text, err := c.MarshalText(); err != nil || string(text) != "08:05" {
		t.Errorf("%s, %v", text, err)
	}
	for _, s := range []string{"", "9:00", "24:00", "09:00:00", "nine"} {
		if err := c.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is a time of day", s)
		}
	}
}

func TestAWeekdayIsReadAsItIsWritten(t *testing.T) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		text, err := localtime.Weekday(d).MarshalText()
		var back localtime.Weekday
		if err == nil {
			err = back.UnmarshalText(text)
		}
		if err != nil || time.Weekday(back) != d {
			t.Errorf("%v: %s, %v, %v", d, text, back, err)
		}
	}
	var d localtime.Weekday
	for _, s := range []string{"", "Mon", "monday", "1"} {
		if err := d.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is a day of the week", s)
		}
	}
}
