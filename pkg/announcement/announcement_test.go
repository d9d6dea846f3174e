package announcement_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/announcement"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

func right() announcement.Definition {
	return announcement.Definition{ID: "spring", Store: "main", Template: "announcements/newsletter"}
}

func when(t *testing.T, text string) (w announcement.When) {
	t.Helper()
	if err := w.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	d := right()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	many := 101
	for want, set := range map[string]func(*announcement.Definition){
		"id: is missing":                                           func(d *announcement.Definition) { d.ID = "" },
		`id: "Spring sale" is not`:                                 func(d *announcement.Definition) { d.ID = "Spring sale" },
		"store: is missing":                                        func(d *announcement.Definition) { d.Store = "" },
		"template: is missing":                                     func(d *announcement.Definition) { d.Template = "" },
		`template: "newsletter" is not`:                            func(d *announcement.Definition) { d.Template = "newsletter" },
		`template: "win-back/offer" is`:                            func(d *announcement.Definition) { d.Template = "win-back/offer" },
		`countries[1]: "Germany" is not`:                           func(d *announcement.Definition) { d.Countries = []string{"GB", "Germany"} },
		`languages[0]: "German" is not`:                            func(d *announcement.Definition) { d.Languages = []string{"German"} },
		"who: character 1: unknown name grup; did you mean group?": func(d *announcement.Definition) { d.Who = `grup == "new"` },
		"zone: ":                        func(d *announcement.Definition) { d.Zone, d.At = "Mars/Base", when(t, "2027-03-01 09:00") },
		"zone: says nothing without at": func(d *announcement.Definition) { d.Zone = "Europe/London" },
		"expires: 31d is not between":   func(d *announcement.Definition) { d.Expires = 31 * 24 * time.Hour },
		"priority: 101 is not between":  func(d *announcement.Definition) { d.Priority = &many },
		"holdout: 100% would":           func(d *announcement.Definition) { d.Holdout = 1 },
	} {
		d := right()
		set(&d)
		if err := d.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestATimeIsReadAsItIsWritten(t *testing.T) {
	if got := when(t, "2027-03-01 09:05").String(); got != "2027-03-01 09:05" {
		t.Error(got)
	}
	for _, text := range []string{"", "tomorrow", "2027-03-01", "2027-02-30 09:00", "2027-03-01 25:00", "2027-03-01T09:00:00Z"} {
		var w announcement.When
		if err := w.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "2027-03-01 09:00") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWhenPlanningBegins(t *testing.T) {
	sent := time.Date(2027, 2, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		at, zone string
		want     time.Time
	}{
		"now":                        {"", "", sent},
		"in the first zone there is": {"2027-03-01 09:00", "", time.Date(2027, 2, 28, 17, 0, 0, 0, time.UTC)},
		"all at once":                {"2027-03-01 09:00", "Europe/Berlin", time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC)},
		"it is late":                 {"2027-02-01 09:00", "", sent},
	} {
		a := announcement.Announcement{Definition: right(), Sent: sent}
		if a.Zone = c.zone; c.at != "" {
			a.At = when(t, c.at)
		}
		if got := a.Begins(); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestStates(t *testing.T) {
	now := time.Now()
	for want, a := range map[string]announcement.Announcement{
		announcement.Scheduled: {},
		announcement.Planning:  {Walk: announcement.Walk{Owner: "x"}},
		announcement.Sending:   {Planned: now},
		announcement.Held:      {Planned: now, Paused: now},
		announcement.Finished:  {Planned: now, Done: now},
		announcement.CalledOff: {Planned: now, Paused: now, Cancelled: now, Done: now},
	} {
		if got := a.State(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// What is paused is looked at again the later, the longer nobody resumed it; what nobody
// knows about waits, and other workers' touches are none of its business.
func TestWhatPeopleDecided(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	paused := func(ago time.Duration) *announcement.Announcement {
		return &announcement.Announcement{Definition: right(), Paused: now.Add(-ago)}
	}
	of := touch.Touch{Worker: announcement.Worker, Step: "newsletter", Customer: customer.Key{Store: "main"}, Occasion: "spring"}
	for name, c := range map[string]struct {
		a    *announcement.Announcement
		want reason.Reason
		wait time.Duration
	}{
		"goes on":          {&announcement.Announcement{Definition: right()}, "", 0},
		"cancelled":        {&announcement.Announcement{Definition: right(), Paused: now, Cancelled: now}, reason.CalledOff, 0},
		"just paused":      {paused(time.Second), reason.Paused, time.Minute},
		"paused a while":   {paused(5 * time.Minute), reason.Paused, 5 * time.Minute},
		"paused for a day": {paused(24 * time.Hour), reason.Paused, 15 * time.Minute},
		"lost":             {nil, reason.Paused, 15 * time.Minute},
	} {
		var all []*announcement.Announcement
		if c.a != nil {
			all = append(all, c.a)
		}
		v := announcement.Occasions(all, func() time.Time { return now })(of)
		if v.Reason != c.want || c.wait > 0 && !v.Until.Equal(now.Add(c.wait)) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	of.Worker = "win-back"
	if v := announcement.Occasions(nil, func() time.Time { return now })(of); v.Action != touch.Send {
		t.Errorf("another worker's: %+v", v)
	}
}
