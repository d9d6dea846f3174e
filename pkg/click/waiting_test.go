package click_test

import (
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/bus"
	"homing/pkg/click"
	"homing/pkg/homingtest/natstest"
)

// Once the gateway has left a click, each process knows that it waits, however lately it
// was told that none did; until intake has acknowledged it and all that came before.
func TestAClickThatWasLeftWaitsForIntake(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		js := natstest.Start(t, dir).JS
		if _, err := bus.Setup(t.Context(), js, bus.Limits{}, []bus.Worker{{Name: "thank-you"}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		w, s := click.NewWaiting(js), signer(t, "one")
		waits := func(w *click.Waiting, store string, want bool) {
			t.Helper()
			if got, err := w.In(t.Context(), store); err != nil || got != want {
				t.Errorf("a click waits in %s: %v, %v", store, got, err)
			}
		}
		waits(w, "main", false)
		done := make(chan error)
		go func() { done <- click.Leave(t.Context(), js, s, click.Click{Customer: ann(t), Scope: "all", At: 1}) }()
		for asking := true; asking; { // a process that sends emails all the time
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				asking = false
			case <-time.After(10 * time.Millisecond):
				_, _ = w.In(t.Context(), "main")
			}
		}
		waits(w, "main", true)
		waits(w, "second", false)
		if _, err := js.Publish(t.Context(), "storefront.main.order.placed", nil); err != nil {
			t.Fatal(err)
		}
		c, err := js.Consumer(t.Context(), bus.Storefront, bus.IntakeConsumer)
		if err != nil {
			t.Fatal(err)
		}
		batch, err := c.Fetch(2)
		if err != nil {
			t.Fatal(err)
		}
		m := <-batch.Messages() // what came after the click may wait
		time.Sleep(time.Second)
		waits(w, "main", true)
		waits(click.NewWaiting(js), "main", true) // of a process that starts now
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		waits(w, "main", false)
		waits(click.NewWaiting(js), "main", false)
		js.Conn().Close()
		time.Sleep(time.Second)
		if waiting, err := w.In(t.Context(), "main"); err == nil || !waiting {
			t.Error("nobody could be asked, and it is said that none waits")
		}
	})
}
