package announcement_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/announcement"
	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
)

// Somebody pauses and resumes while a process writes down how far it is: neither loses what
// the other wrote.
func TestChangesDoNotLoseEachOther(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := natstest.Start(t, dir)
		if _, err := bus.Setup(t.Context(), n.JS, bus.Limits{}, []bus.Worker{{Name: announcement.Worker, ByHand: true}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		e := announcement.Entries{JS: n.JS}
		if _, err := e.Get(t.Context(), "main", "spring"); !errors.Is(err, announcement.ErrUnknown) {
			t.Errorf("one that there is not: %v", err)
		}
		if _, err := e.Create(t.Context(), right(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Create(t.Context(), right(), time.Now()); !errors.Is(err, announcement.ErrUsed) {
			t.Errorf("an id that was used: %v", err)
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for range 5 {
					_, err := e.Change(t.Context(), "main", "spring", func(a *announcement.Announcement) error { a.Walk.Planned++; return nil })
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		if _, did, err := e.Pause(t.Context(), "main", "spring", time.Now()); err != nil || !did {
			t.Error(did, err)
		}
		wg.Wait()
		if _, did, err := e.Pause(t.Context(), "main", "spring", time.Now()); err != nil || did {
			t.Error("paused twice", did, err)
		}
		a, err := e.Get(t.Context(), "main", "spring")
		if err != nil || a.Walk.Planned != 15 || a.Paused.IsZero() {
			t.Errorf("%+v %v", a, err)
		}
		if _, did, err := e.Cancel(t.Context(), "main", "spring", time.Now()); err != nil || !did {
			t.Error(did, err)
		}
		_, err = e.Change(t.Context(), "main", "spring", func(a *announcement.Announcement) error { a.Done = time.Now(); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := e.Resume(t.Context(), "main", "spring"); !errors.Is(err, announcement.ErrOver) {
			t.Errorf("resumed, and it is over: %v", err)
		}
		all, err := e.All(t.Context())
		if err != nil || len(all) != 1 || all[0].ID != "spring" {
			t.Errorf("%+v %v", all, err)
		}
	})
}
