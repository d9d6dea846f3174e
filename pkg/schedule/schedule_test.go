package schedule_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/schedule"
	"homing/pkg/touch"
)

// arrival is a due message and when it came.
type arrival struct {
	touch touch.Touch
	at    time.Time
}

// desk is a NATS with one worker's schedule.
type desk struct {
	t        *testing.T
	nc       *nats.Conn
	js       jetstream.JetStream
	arrivals []arrival
}

func bubble(t *testing.T, f func(t *testing.T, d *desk)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		if _, err := bus.Setup(t.Context(), n.JS, bus.Limits{}, []bus.Worker{{Name: "thank-you"}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		f(t, &desk{t: t, nc: n.Conn, js: n.JS})
	})
}

// wait collects what falls due for some fake time.
func (d *desk) wait(lasts time.Duration) []arrival {
	d.t.Helper()
	c, err := d.js.Consumer(d.t.Context(), bus.ScheduleStream("thank-you"), bus.DueConsumer("thank-you"))
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(d.t.Context(), lasts)
	defer cancel()
	for ctx.Err() == nil {
		m, err := c.Fetch(1, jetstream.FetchContext(ctx))
		if err != nil {
			break
		}
		for m := range m.Messages() {
			x, err := schedule.Decode(m.Data())
			if err != nil {
				d.t.Error(err)
			}
			if m.Headers().Get(bus.HeaderTouch) != x.ID() || m.Subject() != schedule.DueSubject(x) {
				d.t.Errorf("%s on %s is %s", m.Headers().Get(bus.HeaderTouch), m.Subject(), x.ID())
			}
			d.arrivals = append(d.arrivals, arrival{x, time.Now()})
			_ = m.Ack()
		}
	}
	time.Sleep(time.Second)
	return d.arrivals
}

// left counts what is still in the stream.
func (d *desk) left() int {
	d.t.Helper()
	s, err := d.js.Stream(d.t.Context(), bus.ScheduleStream("thank-you"))
	if err != nil {
		d.t.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

func due(occasion string, at time.Time) touch.Touch {
	return touch.Touch{Worker: "thank-you", Step: "thanks", Customer: customer.Key{Store: "main", Bucket: 3, Token: "abcdefghijklmnop"},
		Occasion: occasion, Due: at, Wake: at, Snapshot: &touch.Snapshot{Order: occasion}}
}

func (d *desk) put(s *schedule.Schedule, ts ...touch.Touch) {
	d.t.Helper()
	if err := s.Put(d.t.Context(), ts); err != nil {
		d.t.Fatal(err)
	}
}

// late is how much later than its time a touch may come: the server looks four
// times a second.
const late = 600 * time.Millisecond

func TestATouchComesAtItsTimeAndNotBefore(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		began := time.Now()
		s := schedule.New(d.js, clock.Scale{})
		waits := []time.Duration{500 * time.Millisecond, 1900*time.Millisecond + 7, time.Hour, 3 * time.Hour}
		for i, w := range waits {
			d.put(s, due(string(rune('a'+i)), began.Add(w)))
		}
		got := d.wait(4 * time.Hour)
		if len(got) != len(waits) {
			t.Fatalf("%d touches fell due, want %d", len(got), len(waits))
		}
		for i, a := range got {
			if early := began.Add(waits[i]).Sub(a.at); early > 0 || -early > late {
				t.Errorf("the touch due after %v came %v early", waits[i], early)
			}
		}
		if n := d.left(); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

func TestOnAFastScaleATouchComesAtItsBusinessTime(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		scale := clock.Scale{Start: time.Now(), Speed: 3600}
		d.put(schedule.New(d.js, scale), due("a", scale.Now().Add(10*time.Hour)))
		got := d.wait(time.Minute)
		if len(got) != 1 {
			t.Fatalf("%d touches fell due, want 1", len(got))
		}
		if took := got[0].at.Sub(scale.Start); took < 10*time.Second || took > 10*time.Second+late {
			t.Errorf("ten hours took %v at 3600 times the speed", took)
		}
	})
}

func TestPuttingAgainReplaces(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		began := time.Now()
		s := schedule.New(d.js, clock.Scale{})
		d.put(s, due("a", began.Add(time.Hour)), due("b", began.Add(time.Hour)))
		later := due("a", began.Add(time.Hour))
		later.Wake = began.Add(3 * time.Hour)
		d.put(s, later)
		if n := d.left(); n != 2 {
			t.Errorf("%d schedules stand, want 2", n)
		}
		got := d.wait(5 * time.Hour)
		if len(got) != 2 || got[0].touch.Occasion != "b" || got[1].at.Before(later.Wake) {
			t.Errorf("fell due: %+v; want b, and a at its new time", got)
		}
	})
}

func TestWhatIsDueGoesStraightAndTakesItsOldScheduleAway(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		began := time.Now()
		s := schedule.New(d.js, clock.Scale{})
		d.put(s, due("a", began.Add(time.Hour)), due("b", began.Add(time.Hour)))
		d.put(s, due("a", began.Add(-time.Minute)), due("now", began))
		if n := d.left(); n != 3 {
			t.Errorf("%d messages stand, want two that are due and one schedule", n)
		}
		got := d.wait(2 * time.Hour)
		if len(got) != 3 {
			t.Fatalf("%d touches fell due, want 3: %+v", len(got), got)
		}
		for i, want := range []string{"a", "now", "b"} {
			if got[i].touch.Occasion != want {
				t.Errorf("touch %d is %s, want %s", i, got[i].touch.Occasion, want)
			}
		}
		if wait := got[1].at.Sub(began); wait > 100*time.Millisecond {
			t.Errorf("what was due waited %v", wait)
		}
	})
}

func TestATouchIsReadAsItWasPut(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		want := due("a", time.Now().Add(time.Hour).UTC())
		want.Tries = 3
		d.put(schedule.New(d.js, clock.Scale{}), want)
		got := d.wait(2 * time.Hour)
		if len(got) != 1 {
			t.Fatalf("%d touches", len(got))
		}
		if diff := cmp.Diff(want, got[0].touch); diff != "" {
			t.Errorf("-put +read:\n%s", diff)
		}
	})
}

func TestDecodeRefusesWhatIsNoTouch(t *testing.T) {
	whole, err := json.Marshal(due("a", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"nothing": "", "not JSON": "{", "no object": `"x"`, "empty": "{}",
		"no worker":   strings.Replace(string(whole), `"thank-you"`, `""`, 1),
		"no step":     strings.Replace(string(whole), `"thanks"`, `""`, 1),
		"no customer": strings.Replace(string(whole), `"abcdefghijklmnop"`, `""`, 1),
		"no occasion": strings.Replace(string(whole), `"occasion":"a"`, `"occasion":""`, 1),
		"bad time":    strings.Replace(string(whole), `"due":"`, `"due":"x`, 1),
	} {
		if _, err := schedule.Decode([]byte(body)); err == nil || !strings.HasPrefix(err.Error(), "touch: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	x, err := schedule.Decode([]byte(`{"worker":"w","step":"s","customer":{"token":"t"},"occasion":"o"}`))
	if err != nil || x.Snapshot == nil {
		t.Errorf("a touch without a snapshot: %+v, %v; workers rely on there being one", x, err)
	}
}

func TestTheScaleGoesThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := clock.Scale{Start: time.Unix(1_750_000_000, 0), Speed: rapid.SampledFrom([]float64{0, 1, 60, 3600, 86400}).Draw(t, "speed")}
		at := s.Start.Add(time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour)).Draw(t, "after")))
		if off := s.Business(s.Real(at)).Sub(at).Abs(); off > 100*time.Microsecond {
			t.Fatalf("off by %v at speed %v", off, s.Speed)
		}
		if later := at.Add(time.Second); !s.Real(later).After(s.Real(at)) {
			t.Fatalf("time stands still at speed %v", s.Speed)
		}
	})
	var real clock.Scale
	now := time.Now()
	if !real.Business(now).Equal(now) || !real.Real(now).Equal(now) {
		t.Error("the zero scale is not real time")
	}
	fast := clock.Scale{Start: now, Speed: 3600}
	if got := fast.Business(now.Add(time.Second)).Sub(now); got != time.Hour {
		t.Errorf("a second is %v at speed 3600", got)
	}
}

func TestASweepOfAHealthyScheduleFindsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		s := schedule.New(d.js, clock.Scale{})
		w := &schedule.Watchdog{JS: d.js, Worker: "thank-you", Log: zap.NewNop()}
		if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
			t.Fatalf("of an empty schedule: %d, %v", n, err)
		}
		d.put(s, due("a", time.Now().Add(time.Hour)), due("b", time.Now().Add(-time.Hour)))
		if n, err := w.Sweep(t.Context()); n != 0 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		if got := d.wait(2 * time.Hour); len(got) != 2 {
			t.Errorf("%d touches fell due after a sweep, want 2", len(got))
		}
	})
}
