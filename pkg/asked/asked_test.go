package asked_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/asked"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
)

func TestHowOftenAMailboxIsAsked(t *testing.T) {
	o, err := redis.ParseURL(homingtest.StartRedis(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	ids, err := customer.NewIdentity("a secret that only tests use, 32+ bytes")
	if err != nil {
		t.Fatal(err)
	}
	a := asked.New(rdb, ids)
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		store, address, touch string
		after                 time.Duration
		free                  bool
	}{
		{"main", "ann@example.com", "1", 0, true},
		{"main", "ann@example.com", "1", time.Second, true}, // tried again
		{"main", "ann+1@example.com", "2", time.Minute, false},
		{"main", "ann+1@example.com", "2", 23 * time.Hour, false},
		{"other", "ann+1@example.com", "2", time.Minute, true},
		{"main", "eve@example.com", "3", time.Minute, true},
		{"main", "ann+2@example.com", "4", 25 * time.Hour, true},
		{"main", "ann+3@example.com", "5", 50 * time.Hour, true},
		{"main", "ann+4@example.com", "6", 29 * 24 * time.Hour, false},
		{"main", "ann+4@example.com", "6", 30*24*time.Hour + time.Minute, true},
		{"main", "ann+5@example.com", "7", 32 * 24 * time.Hour, true},
		{"main", "ann@example.com", "1", 32*24*time.Hour + time.Minute, false}, // long forgotten
	} {
		why, err := a.Take(t.Context(), c.store, c.address, c.touch, begin.Add(c.after))
		if err != nil || (why == "") != c.free {
			t.Errorf("%s at %s, %s: %q, %v", c.touch, c.address, c.after, why, err)
		}
	}
	_ = rdb.Close()
	if _, err := a.Take(t.Context(), "main", "new@example.com", "8", begin); err == nil {
		t.Error("asked although Redis did not answer")
	}
}
