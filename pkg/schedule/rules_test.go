package schedule_test

import (
	"encoding/json"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/schedule"
	"homing/pkg/touch"
)

// A process that ran before Vancouver gave up its winter time planned for 09:00 there.
// What started since finds the plan, and the email leaves at 09:00.
func TestWhatWasPlannedByOldRulesOfAZoneKeepsItsTimeOfDay(t *testing.T) {
	data, err := os.ReadFile("../touch/testdata/America-Vancouver-2025c")
	if err != nil {
		t.Fatal(err)
	}
	old, err := time.LoadLocationFromTZData("America/Vancouver", data)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 12, 24, 12, 30, 0, 0, time.UTC)))
		began := time.Now()
		n := natstest.Start(t, dir)
		if _, err := bus.Setup(t.Context(), n.JS, bus.Limits{}, []bus.Worker{{Name: "thank-you"}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		d := &desk{t: t, nc: n.Conn, js: n.JS}
		zoned := func(occasion string, at time.Time) touch.Touch {
			x := due(occasion, at)
			x.Zone = at.Location().String()
			return x
		}
		held := zoned("held", time.Date(2026, 12, 24, 10, 0, 0, 0, old))
		held.Due = began.Add(-time.Hour)
		for _, x := range []touch.Touch{
			zoned("at-nine", time.Date(2026, 12, 24, 9, 0, 0, 0, old)), held,
			zoned("at-five", time.Date(2026, 12, 24, 5, 0, 0, 0, old)), // which is over by today's rules
			due("an-instant", time.Date(2026, 12, 24, 9, 0, 0, 0, old).UTC()),
			zoned("elsewhere", time.Date(2026, 12, 24, 15, 0, 0, 0, time.UTC)),
		} {
			d.store(x)
		}
		w := &schedule.Watchdog{JS: d.js, Worker: "thank-you", Scale: clock.Scale{}, Log: zap.NewNop()}
		for range 2 { // what is where it belongs is left alone
			if n, err := w.Sweep(t.Context()); err != nil || n != 0 {
				t.Fatalf("swept %d: %v", n, err)
			}
			time.Sleep(time.Second) // the server has what is over fall due
		}
		s, err := d.js.Stream(t.Context(), bus.ScheduleStream("thank-you"))
		if err != nil {
			t.Fatal(err)
		}
		if last := s.CachedInfo().State.LastSeq; last != 5+3+1 { // three were moved, and one of them fell due
			t.Errorf("the last sequence is %d", last)
		}
		want := map[string]string{"at-five": "12:30", "elsewhere": "15:00", "at-nine": "16:00", "held": "17:00", "an-instant": "17:00"}
		for _, a := range d.wait(6 * time.Hour) {
			x := a.touch
			if got := a.at.UTC().Format("15:04"); got != want[x.Occasion] {
				t.Errorf("%s came at %s, want %s", x.Occasion, got, want[x.Occasion])
			}
			delete(want, x.Occasion)
			if x.Due.Equal(x.Wake) == (x.Occasion == "held") {
				t.Errorf("%s was due %v, and looked at %v", x.Occasion, x.Due, x.Wake)
			}
			if x.Occasion == "at-nine" && x.Wake.Format(time.RFC3339) != "2026-12-24T09:00:00-07:00" {
				t.Errorf("it is for %v", x.Wake)
			}
		}
		if len(want) > 0 {
			t.Errorf("did not come: %v", want)
		}
	})
}

// store puts a touch on the schedule as a process with other rules did.
func (d *desk) store(x touch.Touch) {
	d.t.Helper()
	body, err := json.Marshal(x)
	if err != nil {
		d.t.Fatal(err)
	}
	m := &nats.Msg{Subject: schedule.Subject(x), Data: body, Header: nats.Header{
		bus.HeaderTouch:                {x.ID()},
		jetstream.ScheduleHeader:       {"@at " + x.Wake.UTC().Format(time.RFC3339Nano)},
		jetstream.ScheduleTargetHeader: {schedule.DueSubject(x)},
	}}
	if _, err := d.js.PublishMsg(d.t.Context(), m); err != nil {
		d.t.Fatal(err)
	}
}
