package story_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/homingtest/story"
	"homing/pkg/rehearsal"
)

// A shop lives for a while and then falls silent. What Homing will send from then on is
// told beforehand, next to running workers; then it is lived, and every touch ends as it
// was told.
func TestWhatIsToldOfTheTimeAheadIsWhatHappens(t *testing.T) {
	if lengthy.Race {
		t.Skip("without the race detector it is told of a month")
	}
	lived, ahead, people, least := 6*story.Day, 30*story.Day, 60, 60
	if testing.Short() {
		ahead, people, least = 12*story.Day, 25, 15
	}
	dir := t.TempDir()
	live := map[string]became{}
	var got *rehearsal.Result
	var now, end time.Time
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "")
		kept := keep(t, w)
		w.Start()
		start := time.Now()
		for _, s := range story.New(3, start, int(lived/story.Day), people).Said() {
			time.Sleep(time.Until(s.At))
			w.PublishEvent(s.Event)
		}
		time.Sleep(time.Until(start.Add(lived + 10*time.Hour + 11*time.Minute))) // some of the day's work is done
		r, err := rehearsal.New(rehearsal.Options{Config: w.Config, Secret: homingtest.Secret})
		if err != nil {
			t.Fatal(err)
		}
		now = goOn(t, w, r, ahead)
		end = now.Add(ahead)
		if got, err = r.Live(t.Context()); err != nil {
			t.Fatal(err)
		}
		stories, err := got.Stories(t.Context(), 3)
		if err != nil || len(stories) != 3 || len(stories[0].Lines) < 2 {
			t.Errorf("stories: %v %+v", err, stories)
		}
		time.Sleep(time.Until(end))
		for _, e := range kept() {
			if f, ok := e.Data.(events.Fact); ok && e.Type.Action() != events.ActionHeld && !e.Time.Before(now) {
				b := f.Body()
				live[b.Touch] = became{e.Type.Action(), b.Reason, e.Time}
				for _, other := range b.Bundles {
					live[other] = became{events.ActionDropped, "bundled", e.Time}
				}
			}
		}
	})
	told, sent := map[string]became{}, map[string]int{}
	for _, o := range got.Outcomes {
		if o.Action != events.ActionHeld {
			told[o.Touch()] = became{o.Action, o.Reason, o.At}
		}
		if o.Action == events.ActionSent {
			sent[o.Worker]++
		}
	}
	compare(t, live, told, end, least)
	report := got.Report()
	t.Logf("%d were pending; sent: %v; %+v", report.FromNow.Pending, sent, report.FromNow.Unread)
	for _, w := range []string{"birthday", "win-back", "replenishment", "review-request"} {
		if sent[w] == 0 && !testing.Short() {
			t.Errorf("nothing was sent by %s, of %s", w, strings.Join(slices.Sorted(maps.Keys(sent)), ", "))
		}
	}
	if report.FromNow.Pending < 20 || report.Customers < people-5 || report.FromNow.Events+report.FromNow.Entries > 0 {
		t.Errorf("%+v of %d customers", report.FromNow, report.Customers)
	}
}

// goOn has a rehearsal take over where a world is.
func goOn(t *testing.T, w *homingtest.World, r *rehearsal.Rehearsal, ahead time.Duration) (now time.Time) {
	t.Helper()
	l := w.Installation()
	at, err := l.HandOver(t.Context(), r, func(string, int) {})
	if err != nil {
		t.Fatal(err)
	}
	r.GoOn(rehearsal.Ahead{
		Now: at.Now, Until: at.Now.Add(ahead), Products: at.Products, Shop: at.Shop, Calendar: at.Calendar, Paused: at.Paused, Recall: l.Recall,
		Unread: rehearsal.Unread{Events: at.Unread, Entries: at.Unplanned},
	})
	return at.Now
}
