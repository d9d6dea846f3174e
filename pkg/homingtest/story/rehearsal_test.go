package story_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/homingtest/story"
	"homing/pkg/rehearsal"
	"homing/pkg/timeline"
	"homing/pkg/touch"
)

// became is what became of a touch at the end, and when.
type became struct {
	action, reason string
	at             time.Time
}

func (b became) String() string {
	return b.action + " " + b.reason + " at " + b.at.Format(time.DateTime)
}

// rehearsed is for how long the shop lives: all workers have sent by then, and with the tag
// story it lives longer.
const rehearsed = max(20, days-10)

// A shop lives once, on fake time, with NATS, Redis and a relay, and is rehearsed after
// that: from what it told, and from what the timeline had at the end. Every touch ends in
// the same way, at the same time, but that a timeline has nothing of who was erased.
func TestARehearsalIsWhatHappens(t *testing.T) {
	if lengthy.Race {
		t.Skip("the story is of four days then, and tells little; without the race detector it is of a month")
	}
	dir := t.TempDir()
	var said []story.Said
	var end time.Time
	var stored [][]byte        // as `homing history` writes it
	var erased map[string]bool // tokens of those who are gone from it
	var c *config.Config
	lived := map[string]became{}
	took := spent(t)
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, story.Workers)
		c = w.Config
		kept := keep(t, w)
		w.Start()
		start := time.Now()
		end = start.Add(rehearsed * story.Day)
		shop := story.New(5, start, rehearsed, customers)
		said = live(w, shop, shop.Hear, kept, end, func(time.Time) {})
		stored, erased = onTimeline(t, w)
		for _, e := range kept() {
			if f, ok := e.Data.(events.Fact); ok && e.Type.Action() != events.ActionHeld {
				b := f.Body()
				lived[b.Touch] = became{e.Type.Action(), b.Reason, e.Time}
				for _, other := range b.Bundles {
					lived[other] = became{events.ActionDropped, "bundled", e.Time}
				}
			}
		}
	})
	livedIn := took()
	runtime.GC() // what the engine left is not the rehearsal's
	took = spent(t)
	told := rehearse(t, c, end, func(r *rehearsal.Rehearsal) error {
		for _, s := range said {
			body, err := events.Encode(s.Event)
			if err == nil {
				err = r.AddAt(s.Event.Store, s.Event.Type, body, s.At)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	rehearsedIn := took()
	ratio := float64(livedIn) / float64(rehearsedIn)
	t.Logf("the engine with its servers took %v of CPU time on fake time, the rehearsal %v: %.0f times as long", livedIn, rehearsedIn, ratio)
	if days > 30 && ratio < fast { // a short life is mostly the start of it
		t.Errorf("a rehearsal is %.0f times as fast as the engine, want %d", ratio, fast)
	}
	compare(t, lived, told, end, 150)
	all := len(lived)
	maps.DeleteFunc(lived, func(id string, _ became) bool {
		_, _, token, _, err := touch.ParseID(id)
		return err == nil && erased[token]
	})
	if n := all - len(lived); len(erased) == 0 || n == 0 || n > all/10 {
		t.Errorf("%d erased, who had %d of %d touches", len(erased), n, all)
	}
	compare(t, lived, rehearse(t, c, end, func(r *rehearsal.Rehearsal) error {
		for _, line := range stored {
			s, ok := rehearsal.ReadStored(line)
			if !ok {
				return fmt.Errorf("not of a timeline: %s", line)
			}
			if err := r.AddStored("main", s); err != nil {
				return fmt.Errorf("%w: %s", err, line)
			}
		}
		return nil
	}), end, 150)
}

// onTimeline is the history that a world's timeline has, and who was erased from it.
func onTimeline(t *testing.T, w *homingtest.World) (out [][]byte, erased map[string]bool) {
	t.Helper()
	erased = map[string]bool{}
	err := timeline.New(w.JS).Lines(t.Context(), "main", func(lines []timeline.Line, _, _ uint64) error {
		for _, x := range lines {
			if x.Type == events.TypeCustomerErased {
				erased[x.Token] = true
			}
			if !x.Type.IsFact() {
				out = append(out, rehearsal.Stored{Token: x.Token, At: x.Stored, Data: x.Data}.Append(nil))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, erased
}

// rehearse lives through a history, and returns what becomes of each touch.
func rehearse(t *testing.T, c *config.Config, end time.Time, add func(*rehearsal.Rehearsal) error) map[string]became {
	t.Helper()
	r, err := rehearsal.New(rehearsal.Options{Config: c, Secret: homingtest.Secret, Until: end})
	if err == nil {
		err = add(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]became{}
	for _, o := range got.Outcomes {
		if o.Action != events.ActionHeld {
			out[o.Touch()] = became{o.Action, o.Reason, o.At}
		}
	}
	return out
}

// compare tells how two lives of so many touches at least differ. There is one exception: touches of one customer that
// are looked at in the same moment are taken in any order live. Where one asks what became
// of the other, as a reminder does, its outcome depends on that.
func compare(t *testing.T, live, rehearsed map[string]became, end time.Time, least int) {
	t.Helper()
	same, late, excepted := 0, time.Duration(0), 0
	var wrong []string
	all := maps.Clone(live)
	maps.Copy(all, rehearsed)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		l, r := live[id], rehearsed[id]
		off := l.at.Sub(r.at).Abs()
		switch {
		case (l == became{} || r == became{}) && all[id].at.After(end.Add(-tolerance)): // one is behind the end
		case l.action == r.action && l.reason == r.reason && off <= tolerance:
			same++
			late = max(late, off)
		case together(id, rehearsed):
			excepted++
			t.Logf("%s: live %v, rehearsed %v, in the same moment as another", id, l, r)
		default:
			wrong = append(wrong, fmt.Sprintf("%s: live %v, rehearsed %v", id, l, r))
		}
	}
	if len(wrong) > 0 {
		t.Errorf("%d of %d touches end otherwise:\n%s", len(wrong), len(all), strings.Join(wrong[:min(len(wrong), 60)], "\n"))
	}
	if len(all) < least || excepted > max(2, len(all)/100) {
		t.Errorf("%d of %d touches are excepted, and at least %d are to be compared: that says little", excepted, len(all), least)
	}
	t.Logf("%d touches, %d of them alike, at most %v apart; %d looked at in the same moment as another", len(all), same, late, excepted)
}

// together reports whether the rehearsal looked at another touch of the same worker and
// customer at the same time.
func together(id string, rehearsed map[string]became) bool {
	worker, _, customer, _, err := touch.ParseID(id)
	if err != nil {
		return false
	}
	for other, o := range rehearsed {
		w, _, c, _, err := touch.ParseID(other)
		if err == nil && other != id && w == worker && c == customer && o.at.Sub(rehearsed[id].at).Abs() < time.Second {
			return true
		}
	}
	return false
}

// tolerance is how much later than rehearsed something may happen: NATS looks for what is
// due four times a second, and what is caused by an event follows it within moments.
const tolerance = 5 * time.Second
