package control_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/timeline"
)

func TestWhatLastsIsAHoldAndTheFirstSuccessEndsIt(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		one, two := h.replica(), h.replica()
		time.Sleep(time.Second)
		stores := []string{"main", "other"}
		a, b := one.Watch(worker, stores), two.Watch(worker, stores)
		fails := func(want ...string) {
			h.t.Helper()
			if d := cmp.Diff(want, h.facts()); d != "" {
				h.t.Errorf("facts (-want +got):\n%s", d)
			}
		}
		ctx := h.t.Context()
		if a.Failed(ctx, "main", "smtp_down", "", false) {
			t.Error("a store is passed by at its first failure")
		}
		time.Sleep(9 * time.Second)
		a.Worked(ctx, "main", "smtp_down", "")
		a.Failed(ctx, "main", "smtp_down", "", false)
		time.Sleep(9 * time.Second)
		a.Failed(ctx, "main", "smtp_down", "", false)
		fails()
		time.Sleep(2 * time.Second)
		for range 10 {
			if !a.Failed(ctx, "main", "smtp_down", "", false) {
				t.Error("the other store has no trouble, and this one is not passed by")
			}
			b.Failed(ctx, "main", "smtp_down", "", false)
			time.Sleep(2 * time.Second)
		}
		held := "main " + worker + " held smtp_down "
		fails(held)
		if !one.In(worker, "main", "smtp_down") || one.In(worker, "other", "smtp_down") {
			t.Error("it is not shown where it is")
		}
		if one.Paused(worker, "main") {
			t.Error("a hold of the system is taken for a pause")
		}
		b.Worked(ctx, "main", "smtp_down", "")
		b.Worked(ctx, "main", "smtp_down", "")
		a.Worked(ctx, "main", "smtp_down", "")
		fails(held, "main "+worker+" resumed smtp_down ")
	})
}

// One list is empty, another is not: a code of the other ends nothing.
func TestAHoldEndsByWhatBeganIt(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		c := h.replica()
		time.Sleep(time.Second)
		w, ctx := c.Watch(worker, []string{"main"}), h.t.Context()
		if w.Failed(ctx, "main", "no_offer_code", "list spring", true) {
			t.Error("the only store there is is passed by")
		}
		time.Sleep(time.Second)
		w.Worked(ctx, "main", "no_offer_code", "list summer")
		w.Worked(ctx, "main", "template_error", "list spring")
		held := "main " + worker + " held no_offer_code list spring"
		if d := cmp.Diff([]string{held}, h.facts()); d != "" {
			t.Errorf("facts (-want +got):\n%s", d)
		}
		w.Worked(ctx, "main", "no_offer_code", "list spring")
		if d := cmp.Diff([]string{held, "main " + worker + " resumed no_offer_code list spring"}, h.facts()); d != "" {
			t.Errorf("facts (-want +got):\n%s", d)
		}
	})
}

// Two replicas that do not see the same tell of it once in ten minutes.
func TestReplicasDoNotAnswerEachOther(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		one, two := h.replica(), h.replica()
		time.Sleep(time.Second)
		a, b := one.Watch(worker, []string{"main"}), two.Watch(worker, []string{"main"})
		for range 3600 {
			a.Failed(h.t.Context(), "main", "smtp_down", "", false)
			b.Worked(h.t.Context(), "main", "smtp_down", "")
			time.Sleep(time.Second)
		}
		if n := len(h.facts()); n < 10 || n > 14 {
			t.Errorf("%d facts in an hour, want two every ten minutes", n)
		}
	})
}

// Nobody is left to see that the cause is gone.
func TestResumeEndsAHoldOfTheSystemToo(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		c := h.replica()
		time.Sleep(time.Second)
		c.Watch(worker, []string{"main"}).Failed(h.t.Context(), "main", "template_error", "template gone", true)
		did, err := h.controls().Resume(h.t.Context(), holdOf("main"))
		if err != nil || !did {
			t.Errorf("resumed: %v (%v)", did, err)
		}
		time.Sleep(time.Second)
		if c.In(worker, "main", "template_error") {
			t.Error("it is in force")
		}
	})
}

func holdOf(store string) control.Hold {
	return control.Hold{Worker: worker, Store: store, Reason: control.Paused}
}

// A store had trouble, and nothing was tried there since: nobody knows whether it
// has, and it does not keep another from being passed by.
func TestATroubleThatIsOldIsNone(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		c := h.replica()
		time.Sleep(time.Second)
		w, ctx := c.Watch(worker, []string{"main", "other"}), h.t.Context()
		fails := func(store string) (pass bool) {
			for range 3 {
				pass = w.Failed(ctx, store, "smtp_down", "", false)
				time.Sleep(6 * time.Second)
			}
			return pass
		}
		if !fails("other") {
			t.Error("one alone in trouble is not passed by")
		}
		if fails("main") {
			t.Error("one of two that are in trouble is passed by")
		}
		time.Sleep(8 * time.Minute)
		if !fails("main") {
			t.Error("one is not passed by, for another of which nothing is known any more")
		}
	})
}

// The timeline is away when a hold begins: the fact follows.
func TestAFactThatCouldNotBeToldFollows(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		tl := &away{Timeline: timeline.New(h.js)}
		c := control.New(control.Options{JS: h.js, Timeline: tl, Stores: []string{"main"}, Now: time.Now, Log: zap.NewNop()})
		if err := c.Read(h.t.Context()); err != nil {
			t.Fatal(err)
		}
		w, ctx := c.Watch(worker, []string{"main"}), h.t.Context()
		tl.is.Store(true)
		w.Failed(ctx, "main", "no_offer_code", "list spring", true)
		w.Failed(ctx, "main", "no_offer_code", "list spring", true)
		tl.is.Store(false)
		w.Failed(ctx, "main", "no_offer_code", "list spring", true)
		if d := cmp.Diff([]string{"main " + worker + " held no_offer_code list spring"}, h.facts()); d != "" {
			t.Errorf("facts (-want +got):\n%s", d)
		}
	})
}

// away is a timeline that cannot be reached for as long as that says.
type away struct {
	*timeline.Timeline
	is atomic.Bool
}

func (a *away) Append(ctx context.Context, es []customer.Entry) error {
	if a.is.Load() {
		return errors.New("away")
	}
	return a.Timeline.Append(ctx, es)
}
