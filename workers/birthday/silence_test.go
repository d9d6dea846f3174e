package birthday_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/workers"
	"homing/workers/birthday"
)

func TestABirthdayThatIsKnownSaysWhenItIsGreeted(t *testing.T) {
	w, err := birthday.Kind.New(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		birthday, now string
		why           reason.Reason
		says          string
	}{
		{"1990-06-14", "2026-03-02", reason.NotYet, "greeted Sun 2026-06-14 09:00, for the birthday on 2026-06-14"},
		{"--06-14", "2026-06-15", reason.NotYet, "greeted Mon 2027-06-14 09:00"},
		{"--06-14", "2026-06-10", "", ""}, // what became of the greeting says more
		{"--06-14", "2026-06-14", "", ""},
		{"--02-29", "2026-03-02", reason.NotYet, "greeted Sun 2027-02-28 09:00"},
		{"--12-31", "2026-12-31", "", ""},
		{"", "2026-03-02", reason.InsufficientData, "no birthday"},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now+" 12:00", zone)
		if err != nil {
			t.Fatal(err)
		}
		in := workers.Input{Customer: new(customer.Customer), Zone: zone, Now: now}
		in.Customer.Birthday.Value = c.birthday
		if why, says := w.Silence(in); why != c.why || !strings.Contains(says, c.says) {
			t.Errorf("%s on %s: %q, %q", c.birthday, c.now, why, says)
		}
	}
}
