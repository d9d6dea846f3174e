package control_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/timeline"
)

const worker = "thank-you"

// house is a NATS, and as many replicas as a test wants.
type house struct {
	t  *testing.T
	js jetstream.JetStream
}

func bubble(t *testing.T, f func(h *house)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f(&house{t: t, js: natstest.Start(t, dir).JS})
	})
}

func (h *house) setup() {
	h.t.Helper()
	if _, err := bus.Setup(h.t.Context(), h.js, bus.Limits{}, []bus.Worker{{Name: worker}}, time.Now()); err != nil {
		h.t.Fatal(err)
	}
}

// controls returns those of one process.
func (h *house) controls() *control.Controls {
	return control.New(control.Options{JS: h.js, Timeline: timeline.New(h.js), Stores: []string{"main", "other"}, Now: time.Now, Log: zap.NewNop()})
}

// replica runs one.
func (h *house) replica() *control.Controls {
	c := h.controls()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	h.t.Cleanup(func() { cancel(); <-done })
	return c
}

// facts lists what is on the timeline: store, id and reason.
func (h *house) facts() []string {
	h.t.Helper()
	var out []string
	for _, store := range []string{"main", "other"} {
		err := timeline.New(h.js).Read(h.t.Context(), store, []uint8{0}, 1, 1<<40, func(batch []customer.Entry) error {
			for _, e := range batch {
				switch d := e.Event.Data.(type) {
				case *events.WorkerHeld:
					out = append(out, store+" "+d.Worker+" held "+d.Reason+" "+d.Detail)
				case *events.WorkerResumed:
					out = append(out, store+" "+d.Worker+" resumed "+d.Reason+" "+d.Detail)
				}
			}
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return out
}

func (h *house) do(act func(context.Context, control.Hold) (bool, error), hold control.Hold, want bool) {
	h.t.Helper()
	hold.Worker, hold.Reason = worker, control.Paused
	if did, err := act(h.t.Context(), hold); err != nil || did != want {
		h.t.Errorf("changed something: %v, want %v (%v)", did, want, err)
	}
}

func TestAPauseReachesAllReplicasWithinASecondAndLasts(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		one, two, command := h.replica(), h.replica(), h.controls()
		time.Sleep(time.Second)
		if one.Paused(worker, "main") || two.Paused(worker, "main") {
			t.Fatal("paused, and nobody said so")
		}
		time.Sleep(3 * time.Hour)
		h.do(command.Pause, control.Hold{Detail: "new wording"}, true)
		h.do(command.Pause, control.Hold{}, false)
		time.Sleep(time.Second)
		late := h.replica()
		time.Sleep(time.Second)
		for i, c := range []*control.Controls{one, two, late} {
			if !c.Paused(worker, "main") || !c.Paused(worker, "to-come") || c.Paused("win-back", "main") {
				t.Errorf("replica %d does not have it paused", i)
			}
		}
		h.do(h.controls().Resume, control.Hold{}, true)
		h.do(h.controls().Resume, control.Hold{}, false)
		time.Sleep(time.Second)
		for i, c := range []*control.Controls{one, two, late} {
			if c.Paused(worker, "main") {
				t.Errorf("replica %d still has it paused", i)
			}
		}
		want := []string{"main thank-you held paused new wording", "main thank-you resumed paused new wording",
			"other thank-you held paused new wording", "other thank-you resumed paused new wording"}
		if d := cmp.Diff(want, h.facts()); d != "" {
			t.Errorf("one fact a transition and store (-want +got):\n%s", d)
		}
	})
}

func TestOneStoreGoesOnWhileTheOthersStayPaused(t *testing.T) {
	bubble(t, func(h *house) {
		h.setup()
		c := h.replica()
		h.do(h.controls().Pause, control.Hold{}, true)
		h.do(h.controls().Resume, control.Hold{Store: "other"}, true)
		time.Sleep(time.Second)
		if !c.Paused(worker, "main") || c.Paused(worker, "other") {
			t.Errorf("main paused %v, other paused %v", c.Paused(worker, "main"), c.Paused(worker, "other"))
		}
		h.do(h.controls().Resume, control.Hold{}, true)
		h.do(h.controls().Pause, control.Hold{Store: "other"}, true)
		h.do(h.controls().Resume, control.Hold{Store: "main"}, false)
		time.Sleep(time.Second)
		if c.Paused(worker, "main") || !c.Paused(worker, "other") {
			t.Errorf("main paused %v, other paused %v", c.Paused(worker, "main"), c.Paused(worker, "other"))
		}
		want := []string{"main thank-you held paused ", "main thank-you resumed paused ",
			"other thank-you held paused ", "other thank-you resumed paused ", "other thank-you held paused "}
		if d := cmp.Diff(want, h.facts()); d != "" {
			t.Errorf("one fact a transition and store (-want +got):\n%s", d)
		}
	})
}

// Nobody knows what the operator wants until the bucket can be read: then
// nothing leaves.
func TestWhileTheBucketCannotBeReadAllIsPaused(t *testing.T) {
	bubble(t, func(h *house) {
		c := h.replica()
		time.Sleep(time.Minute)
		if c.Known() || !c.Paused(worker, "main") {
			t.Error("something may leave, and there is no bucket")
		}
		h.setup()
		time.Sleep(2 * time.Second)
		if !c.Known() || c.Paused(worker, "main") {
			t.Error("paused, and the bucket says nothing of it")
		}
	})
}
