package bus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

// did lists what a setup changed.
func did(cs []bus.Change) map[string]string {
	out := map[string]string{}
	for _, c := range cs {
		if c.Did != bus.Unchanged {
			out[c.Kind+" "+c.Name] = c.Did
		}
	}
	return out
}

func TestSetupMakesWhatIsMissingAndChangesNothingElse(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		if err := s.js.DeleteStream(s.ctx, bus.Rejected); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]string{"stream REJECTED": bus.Created}, did(s.setup())); d != "" {
			t.Errorf("after a stream was deleted (-want +got):\n%s", d)
		}
		all := s.setup()
		if d := did(all); len(d) != 0 {
			t.Errorf("the second setup changed %v", d)
		}
		want := []string{"stream STOREFRONT", "stream TIMELINE", "stream REJECTED", "stream OFFERS", "stream MAILS", "stream SCHEDULE-thank-you",
			"consumer intake", "consumer erase", "consumer plan-thank-you", "consumer due-thank-you", "bucket templates", "bucket controls", "bucket products"}
		var got []string
		for _, c := range all {
			got = append(got, c.Kind+" "+c.Name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("what a setup looks at (-want +got):\n%s", d)
		}
	})
}

func TestSetupBringsLimitsToWhatIsConfiguredAndLeavesWhereConsumersAre(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		plan := func() *jetstream.ConsumerInfo {
			c, err := s.js.Consumer(s.ctx, bus.Timeline, bus.PlanConsumer(worker.Name))
			if err != nil {
				t.Fatal(err)
			}
			return c.CachedInfo()
		}
		began := plan().Config.OptStartTime
		if began == nil || !began.Equal(time.Now().Add(-worker.Horizon)) {
			t.Fatalf("a new worker begins at %v, want %v ago", began, worker.Horizon)
		}
		time.Sleep(24 * time.Hour)
		more := worker
		more.Triggers = []events.Type{events.TypeOrderPlaced, events.TypeOrderDelivered}
		limits := bus.Limits{StorefrontMaxAge: time.Hour, StorefrontMaxBytes: 1 << 24, TimelineMaxBytes: 1 << 25}
		changes, err := bus.Setup(s.ctx, s.js, limits, []bus.Worker{more}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"stream STOREFRONT": bus.Updated, "stream TIMELINE": bus.Updated, "consumer plan-thank-you": bus.Updated}
		if d := cmp.Diff(want, did(changes)); d != "" {
			t.Errorf("changed (-want +got):\n%s", d)
		}
		i := plan()
		if !i.Config.OptStartTime.Equal(*began) || len(i.Config.FilterSubjects) != 2 {
			t.Errorf("begins at %v, was %v; reads %v", i.Config.OptStartTime, began, i.Config.FilterSubjects)
		}
		st, err := s.js.Stream(s.ctx, bus.Storefront)
		if err != nil {
			t.Fatal(err)
		}
		if c := st.CachedInfo().Config; c.MaxAge != time.Hour || c.MaxBytes != 1<<24 || c.Discard != jetstream.DiscardNew {
			t.Errorf("STOREFRONT has max age %v, max bytes %d, discard %v", c.MaxAge, c.MaxBytes, c.Discard)
		}
	})
}

// An installation from before there were warnings gets their subjects.
func TestSetupAddsTheSubjectsOfWarnings(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		st, err := s.js.Stream(s.ctx, bus.Rejected)
		if err != nil {
			t.Fatal(err)
		}
		old := st.CachedInfo().Config
		old.Subjects, old.Description = []string{"rejected.>"}, "events that could not be understood, with the reason"
		if _, err := s.js.UpdateStream(s.ctx, old); err != nil {
			t.Fatal(err)
		}
		if _, err := s.js.Publish(s.ctx, "rejected.main.not_json", nil); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]string{"stream REJECTED": bus.Updated}, did(s.setup())); d != "" {
			t.Errorf("changed (-want +got):\n%s", d)
		}
		if _, err := s.js.Publish(s.ctx, "warned.main.link_host", nil); err != nil {
			t.Error(err)
		}
		if i, err := st.Info(s.ctx); err != nil || i.State.Msgs != 2 {
			t.Errorf("%+v, %v", i, err)
		}
	})
}

// Each of these settings, were it otherwise, would lose pending touches.
func TestTheScheduleStreamHasNoLimitThatDropsATouch(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		st, err := s.js.Stream(s.ctx, bus.ScheduleStream(worker.Name))
		if err != nil {
			t.Fatal(err)
		}
		c := st.CachedInfo().Config
		if c.MaxAge != 0 || c.MaxMsgs != -1 || c.MaxBytes != -1 || c.MaxMsgsPerSubject != 1 || c.Mirror != nil || len(c.Sources) != 0 {
			t.Errorf("age %v, messages %d, bytes %d, a subject %d, mirror %v, sources %v", c.MaxAge, c.MaxMsgs, c.MaxBytes, c.MaxMsgsPerSubject, c.Mirror, c.Sources)
		}
		if c.Retention != jetstream.WorkQueuePolicy || !c.AllowMsgSchedules || !c.AllowMsgTTL || !c.AllowDirect || !c.AllowAtomicPublish {
			t.Errorf("%+v", c)
		}
	})
}
