package place_test

import (
	"testing"
	"time"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
)

// placeKey is where a Redis has its place.
const placeKey = "homing:{installation}:place"

// On a Redis Cluster, and behind sentinels, the place is with one of several servers. When
// that is killed another one takes over, which has the place and another run: whoever lived
// there does so still, and so does a process that starts; with another's place in it,
// neither does.
func TestAPlaceOutlivesTheRedisThatHasIt(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *homingtest.RedisEngine{"cluster": homingtest.StartReplicatedCluster, "sentinel": homingtest.StartSentinels} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			c := config.Default()
			c.Redis.URL = config.URL(e.URL)
			rdb, err := connect.Redis(&c, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = rdb.Close() })
			h := &house{t: t, n: natstest.Start(t, t.TempDir()), rdb: rdb, outside: true, every: 20 * time.Millisecond}
			if _, err := bus.Setup(t.Context(), h.n.JS, bus.Limits{}, []bus.Worker{{Name: "thank-you"}}, time.Now()); err != nil {
				t.Fatal(err)
			}
			first := h.at()
			h.settles(first, true)
			h.beats(first, true)
			h.isOwn(true)

			admin, master := e.Having(placeKey)
			if err := admin.Wait(t.Context(), 1, 0).Err(); err != nil {
				t.Fatal(err)
			}
			e.Kill(master)
			h.soon("a Redis that takes what is written", func() bool { return rdb.Set(t.Context(), placeKey+"-is-there", 1, time.Minute).Err() == nil })
			h.isOwn(false)
			h.settles(first, true)
			h.settles(h.at(), true)
			h.soon("the beat in the new master", func() bool { // of a cluster a client learns a little later who that is
				h.beats(first, true)
				f, err := h.at().Look(t.Context())
				return err == nil && f.Own
			})

			// It was lost, all copies of it.
			admin, _ = e.Having(placeKey)
			if err := admin.Del(t.Context(), placeKey).Err(); err != nil {
				t.Fatal(err)
			}
			h.settles(first, true)
			h.isOwn(true)
			if err := first.Leave(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.settles(h.at(), true)
			if err := admin.Set(t.Context(), placeKey, "another 0", 0).Err(); err != nil {
				t.Fatal(err)
			}
			h.settles(first, false)
			h.settles(h.at(), false)
		})
	}
}

// soon asks again and again, until it is so.
func (h *house) soon(what string, so func() bool) {
	h.t.Helper()
	for range 600 {
		if so() {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	h.t.Fatalf("a minute passed without %s", what)
}

// isOwn fails unless the Redis has been running since the last beat to it, or has not.
func (h *house) isOwn(want bool) {
	h.t.Helper()
	f, err := h.at().Look(h.t.Context())
	if err != nil || f.Own != want {
		h.t.Errorf("Redis has been running since the last beat: %v (%v), want %v", f.Own, err, want)
	}
}
