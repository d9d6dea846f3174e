package place_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/bus"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/place"
)

// house is a NATS and a Redis, and as many residents as a test wants.
type house struct {
	t       *testing.T
	n       *natstest.NATS
	rdb     redis.UniversalClient
	outside bool // the Redis is no part of this process
	every   time.Duration
}

func inHouse(t *testing.T, f func(h *house)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, n: natstest.Start(t, dir), rdb: homingtest.RedisInProcess(t)}
		if _, err := bus.Setup(t.Context(), h.n.JS, bus.Limits{}, []bus.Worker{{Name: "thank-you"}}, time.Now()); err != nil {
			h.t.Fatal(err)
		}
		f(h)
	})
}

// at is a process that starts on a machine, with hosts of NATS and Redis by which it
// reaches them.
func (h *house) at(hosts ...string) *place.Resident {
	r := place.NewResident(place.Options{
		JS: h.n.JS, Redis: h.rdb, Embedded: !h.outside, Every: h.every, Hosts: hosts, Host: "machine",
		Newest:   func(context.Context) (time.Time, error) { return time.Time{}, nil },
		Familiar: func(context.Context) (bool, error) { return false, nil },
	})
	if err := r.Arrive(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) settles(r *place.Resident, want bool) {
	h.t.Helper()
	err := r.Settle(h.t.Context())
	if _, refused := errors.AsType[*place.Refused](err); (err == nil) != want || err != nil && !refused {
		h.t.Errorf("settled: %v, want that it does: %v", err, want)
	}
}

func (h *house) beats(r *place.Resident, want bool) {
	h.t.Helper()
	if home, err := r.Beat(h.t.Context()); err != nil || home != want {
		h.t.Errorf("at home: %v (%v), want %v", home, err, want)
	}
}

func (h *house) loseRedis() {
	h.t.Helper()
	if err := h.rdb.FlushAll(h.t.Context()).Err(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) adopt(doubt time.Time) {
	h.t.Helper()
	r := h.at("nats b:4222", "redis b:6379")
	f, err := r.Look(h.t.Context())
	if err == nil && f.Why == "" {
		err = errors.New("there is nothing to adopt")
	}
	if err == nil {
		_, err = r.Adopt(h.t.Context(), f, "somebody", doubt)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// A Redis that was lost recovers with no command as long as anybody lives there, or did a
// moment ago; a process that waits for Redis counts as one. A long stop changes nothing.
func TestALostRedisNeedsNoCommand(t *testing.T) {
	inHouse(t, func(h *house) {
		first := h.at()
		h.settles(first, true)
		h.beats(first, true)
		h.settles(h.at(), true)
		h.loseRedis()
		h.settles(first, true)
		time.Sleep(9 * time.Minute) // all end, and start again
		h.loseRedis()
		waits := h.at()
		time.Sleep(time.Hour) // Redis is away
		h.beats(waits, true)
		h.settles(waits, true)
		time.Sleep(1000 * time.Hour)
		back := h.at()
		h.settles(back, true)
		h.beats(back, true)
		if err := back.Leave(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
		time.Sleep(time.Hour)
		h.settles(h.at(), true)
	})
}

// With an empty Redis, after a while, it may be a restored backup. It may not be adopted
// while somebody is at work there, and once it is, all know the same doubt.
func TestACopyIsAtHomeOnceItIsAdopted(t *testing.T) {
	inHouse(t, func(h *house) {
		original := h.at("nats a:4222", "redis a:6379")
		h.settles(original, true)
		h.beats(original, true)
		time.Sleep(20 * time.Minute)
		h.loseRedis()
		twin, other := h.at("nats b:4222", "redis b:6379"), h.at("nats b:4222", "redis b:6379")
		h.settles(twin, false)
		h.beats(twin, true) // it says nothing
		h.settles(other, false)
		doubt := time.Now().Add(-time.Minute).UTC()
		h.adopt(doubt)
		for _, r := range []*place.Resident{twin, other, h.at("nats b:4222", "redis b:6379")} {
			h.settles(r, true)
			if !r.Doubt().Equal(doubt) {
				h.t.Errorf("doubt until %v, want %v", r.Doubt(), doubt)
			}
		}
		h.beats(twin, true)

		// The original shares the NATS, and has another Redis.
		h.beats(original, false)
		if err := h.rdb.Set(h.t.Context(), "homing:{installation}:place", "its-own 0", 0).Err(); err != nil {
			h.t.Fatal(err)
		}
		h.settles(original, false)
		f, err := original.Look(h.t.Context())
		if err != nil || f.Busy == "" {
			h.t.Errorf("it could take the place back (%v)", err)
		}
	})
}

// What homing restore has brought back waits, wherever it is and whatever Redis knows.
func TestARestoredBackupWaits(t *testing.T) {
	inHouse(t, func(h *house) {
		r := h.at()
		h.settles(r, true)
		h.beats(r, true)
		if err := place.MarkRestored(h.t.Context(), h.n.JS, time.Now().Add(-time.Hour)); err != nil {
			h.t.Fatal(err)
		}
		h.beats(r, false)
		h.settles(r, false)
		time.Sleep(11 * time.Minute) // Redis was in use until a moment ago
		h.adopt(time.Time{})
		h.settles(r, true)
		if !r.Doubt().IsZero() {
			h.t.Error("all that was sent is known")
		}
	})
}
