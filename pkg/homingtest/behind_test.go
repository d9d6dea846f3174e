package homingtest_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/app"
	"homing/pkg/homingtest"
)

// Redis was emptied and nobody folds the timeline again: that nothing is known of a
// customer, or that this is all, would be a wrong answer to somebody who asks for
// their data. While Homing runs it notices within a minute, even if nothing happens.
func TestNobodyIsUnknownWhileRedisKnowsLessThanTheTimeline(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		w.Start()
		w.Publish("main", homingtest.Order("ann", "1001"))
		w.Publish("main", homingtest.Order("bob", "1002"))
		time.Sleep(time.Hour)
		asked := func(who string) (why, export error) {
			l := w.Look()
			_, why = l.Why(t.Context(), "main", who, app.WhyOptions{})
			_, export = l.Export(t.Context(), "main", who)
			return why, export
		}
		expect := func(when, who string, want error) {
			t.Helper()
			if why, export := asked(who); !errors.Is(why, want) || !errors.Is(export, want) {
				t.Errorf("%s, %s: why %v, export %v; want %v", when, who, why, export, want)
			}
		}
		expect("at first", "ann", nil)
		expect("at first", "eve", app.ErrUnknown)

		w.Stop()
		w.Redis.Mini().FlushAll()
		expect("with Redis empty", "ann", app.ErrBehind)
		w.Start()
		time.Sleep(time.Minute)
		expect("folded again at the start", "ann", nil)

		w.Redis.Mini().FlushAll()
		time.Sleep(2 * time.Minute)
		expect("emptied while nothing happens", "bob", nil)
		expect("emptied while nothing happens", "eve", app.ErrUnknown)
	})
}
