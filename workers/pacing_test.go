package workers_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/touch"
	"homing/workers"
)

func TestAWorkersQuietHoursLieOverTheStores(t *testing.T) {
	at, none := localtime.Clock(23*60), time.Duration(0)
	for _, c := range []struct {
		own      workers.QuietHours
		from, to localtime.Clock
		spread   time.Duration
	}{
		{workers.QuietHours{}, 21 * 60, 8 * 60, time.Hour},
		{workers.QuietHours{From: &at}, 23 * 60, 8 * 60, time.Hour},
		{workers.QuietHours{From: &at, To: &at}, 23 * 60, 23 * 60, time.Hour},
		{workers.QuietHours{Spread: &none}, 21 * 60, 8 * 60, 0},
	} {
		from, to, spread := c.own.Over(21*60, 8*60, time.Hour)
		if from != c.from || to != c.to || spread != c.spread {
			t.Errorf("%+v: from %v to %v over %v", c.own, from, to, spread)
		}
	}
}

func TestAShareIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]workers.Share{"0%": 0, "5%": 0.05, "12.5%": 0.125, "100%": 1} {
		var s workers.Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %v, %v", text, s, err)
		}
		if back, err := s.MarshalText(); err != nil || string(back) != text {
			t.Errorf("%s is written %s, %v", text, back, err)
		}
	}
	for _, text := range []string{"", "5", "0.05", "-1%", "101%", "NaN%", "%"} {
		var s workers.Share
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a share, %v", text, s)
		}
	}
}

func TestADayStandsOnce(t *testing.T) {
	s := workers.Settings{Status: workers.Live, Class: touch.Marketing, SendDays: []localtime.Weekday{1, 2, 1}}
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "send_days[2]: mon stands there twice") {
		t.Error(err)
	}
}
