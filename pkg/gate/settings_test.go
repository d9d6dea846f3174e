package gate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"homing/pkg/config"
	"homing/pkg/gate"
	"homing/pkg/localtime"
)

// The layers are the store's, with the worker's over them.
func TestAWorkersQuietHoursLieOverTheStores(t *testing.T) {
	for _, c := range []struct {
		own      string
		from, to localtime.Clock
		spread   time.Duration
	}{
		{`{}`, 21 * 60, 8 * 60, time.Hour},
		{`{quiet_hours: {from: "23:00"}}`, 23 * 60, 8 * 60, time.Hour},
		{`{quiet_hours: {from: "23:00", to: "23:00"}}`, 23 * 60, 23 * 60, time.Hour},
		{`{quiet_hours: {spread: 0s}}`, 21 * 60, 8 * 60, 0},
	} {
		p := gate.Policy{Pacing: gate.Pacing{Hours: gate.Hours{QuietHours: gate.QuietHours{From: 21 * 60, To: 8 * 60, Spread: time.Hour}}}}
		p, err := ofWorker(t, c.own, p)
		if err != nil {
			t.Fatal(err)
		}
		if q := p.QuietHours; q.From != c.from || q.To != c.to || q.Spread != c.spread {
			t.Errorf("%s: from %v to %v over %v", c.own, q.From, q.To, q.Spread)
		}
	}
}

// ofWorker lays a worker's section over a policy.
func ofWorker(t *testing.T, section string, p gate.Policy) (gate.Policy, error) {
	t.Helper()
	c, err := config.Parse("test", []byte("workers: {any: "+section+"}"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Workers["any"].Decode(&struct{}{}); err != nil {
		t.Fatal(err)
	}
	return c.Workers["any"].Policy(p)
}

func TestAShareIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]gate.Share{"0%": 0, "5%": 0.05, "12.5%": 0.125, "100%": 1} {
		var s gate.Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %v, %v", text, s, err)
		}
		if back, err := s.MarshalText(); err != nil || string(back) != text {
			t.Errorf("%s is written %s, %v", text, back, err)
		}
	}
	for _, text := range []string{"", "5", "0.05", "-1%", "101%", "NaN%", "%"} {
		var s gate.Share
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a share, %v", text, s)
		}
	}
}

func TestAWorkerWithoutSendDaysHasTheStores(t *testing.T) {
	for own, want := range map[string]gate.SendDays{`{}`: {1, 2}, `{send_days: []}`: {1, 2}, `{send_days: [sun]}`: {0}} {
		p, err := ofWorker(t, own, gate.Policy{Pacing: gate.Pacing{Hours: gate.Hours{SendDays: gate.SendDays{1, 2}}}})
		if err != nil || !slices.Equal(p.SendDays, want) {
			t.Errorf("%s: %v, %v, want %v", own, p.SendDays, err, want)
		}
	}
}

func TestADayIsListedOnce(t *testing.T) {
	_, err := ofWorker(t, `{send_days: [mon, tue, mon]}`, gate.Policy{})
	if err == nil || !strings.Contains(err.Error(), "send_days[2]: mon is listed twice") {
		t.Error(err)
	}
}
