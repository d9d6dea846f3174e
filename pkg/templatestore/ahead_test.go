package templatestore_test

import (
	"context"
	"fmt"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/render"
	"homing/pkg/templatestore"
)

// Processes load a version before it is in force, however long that takes each of them,
// and once: so they change to it together.
func TestAllProcessesHaveAVersionLoadedWhenItIsInForce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		js := natstest.Start(t, dir).JS
		if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
			t.Fatal(err)
		}
		s := templatestore.New(js)
		publish(t, s, 0, "Ann", "a/b.html=1")
		var loads atomic.Int32
		var all []*templatestore.Follower
		for n := range 3 {
			f := templatestore.Follow(templatestore.FollowOptions{Store: s, Log: zap.NewNop(), Load: func(fsys fs.FS) (*render.Set, error) {
				loads.Add(1)
				time.Sleep(time.Duration(n+1) * time.Second)
				return &render.Set{}, nil
			}})
			if err := f.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			go f.Run(t.Context())
			go templatestore.Answer(t.Context(), js.Conn(), f, zap.NewNop(), func() templatestore.Process {
				return templatestore.Process{Process: fmt.Sprint(n), Version: f.InUse().Name, Prepares: true, Prepared: f.Prepared()}
			})
			all = append(all, f)
		}
		time.Sleep(10 * time.Second)
		loads.Store(0)
		publish(t, s, 1, "Ann", "a/b.html=2")
		for _, f := range all {
			if v := f.InUse().Version; v != 1 && v != 2 {
				t.Errorf("version %d", v)
			}
		}
		time.Sleep(time.Second)
		for _, f := range all {
			if v := f.InUse().Version; v != 2 {
				t.Errorf("a second after it was in force a process has version %d", v)
			}
		}
		if n := loads.Load(); n != 3 {
			t.Errorf("%d loads, want one each", n)
		}
	})
}

// A process that is never done with loading delays a version, and no more: it is in force
// when the publisher's time is up.
func TestAVersionThatIsStoredIsInForceInTheEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		js := natstest.Start(t, dir).JS
		if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
			t.Fatal(err)
		}
		s := templatestore.New(js)
		publish(t, s, 0, "Ann", "a/b.html=1")
		go templatestore.Answer(t.Context(), js.Conn(), nil, zap.NewNop(), func() templatestore.Process {
			return templatestore.Process{Process: "slow", Version: "1", Prepares: true}
		})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		v, err := s.Publish(ctx, templatestore.Draft{Files: templatestore.Files{"a/b.html": []byte("2")}, Base: 1, Author: "Ann"})
		if err != nil || v.Number != 2 {
			t.Errorf("version %d: %v", v.Number, err)
		}
		if n, err := s.Current(t.Context()); err != nil || n != 2 {
			t.Errorf("version %d is in force: %v", n, err)
		}
	})
}
