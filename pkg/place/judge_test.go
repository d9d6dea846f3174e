package place_test

import (
	"strings"
	"testing"
	"time"

	"homing/pkg/place"
)

// Each line is a way to find an installation, and whether it may be a copy.
func TestACopyIsToldFromAHome(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	here := []string{"nats nats.a:4222", "redis redis.a:6379", "nats-run N1", "redis-run r1"}
	restarted := []string{"nats nats.a:4222", "redis redis.a:6379", "nats-run N2", "redis-run r2"}
	renamed := []string{"nats nats.b:4222", "redis redis.b:6379", "nats-run N1", "redis-run r2"}
	there := []string{"nats nats.b:4222", "redis redis.b:6379", "nats-run N9", "redis-run r9"}
	loopback := []string{"nats-run N9", "redis-run r9"}

	p := func() *place.Place { return &place.Place{ID: "p", Since: ago(1000 * time.Hour)} }
	beat := func(d time.Duration) *place.Beat { return &place.Beat{Place: "p", At: ago(d), Marks: here} }
	in := func(id string, d time.Duration) *place.InRedis {
		return &place.InRedis{Place: id, At: ago(d), Run: "r1"}
	}
	for name, c := range map[string]struct {
		seen place.Seen
		want place.Verdict
		says string
	}{
		"the first start":                      {place.Seen{Marks: here}, place.New, ""},
		"an upgrade, with its Redis":           {place.Seen{Marks: here, Newest: ago(90 * time.Hour), Familiar: true}, place.New, ""},
		"an upgrade that lost Redis just now":  {place.Seen{Marks: here, Newest: ago(time.Minute)}, place.New, ""},
		"an old backup, and an empty Redis":    {place.Seen{Marks: here, Newest: ago(90 * time.Hour)}, place.Unadopted, "newest entry"},
		"a lost bucket":                        {place.Seen{Marks: here, Redis: in("p", time.Minute), Newest: ago(time.Hour)}, place.Take, ""},
		"every day":                            {place.Seen{Marks: here, Place: p(), Beat: beat(time.Minute), Redis: in("p", time.Minute)}, place.Home, ""},
		"a long stop":                          {place.Seen{Marks: restarted, Place: p(), Beat: beat(900 * time.Hour), Redis: in("p", 900*time.Hour)}, place.Home, ""},
		"renamed hosts, NATS runs on":          {place.Seen{Marks: renamed, Place: p(), Beat: beat(time.Hour), Redis: in("p", time.Hour)}, place.Home, ""},
		"Redis lost":                           {place.Seen{Marks: restarted, Place: p(), Beat: beat(time.Minute)}, place.Home, ""},
		"Redis lost, while we live here":       {place.Seen{Marks: restarted, Place: p(), Beat: beat(time.Hour), Witness: "p"}, place.Home, ""},
		"Redis lost, before the first beat":    {place.Seen{Marks: here, Place: &place.Place{ID: "p", Since: ago(time.Minute)}}, place.Home, ""},
		"an older NATS, and its Redis":         {place.Seen{Marks: restarted, Place: p(), Beat: beat(20 * time.Hour), Redis: in("p", 3*time.Hour)}, place.Home, ""},
		"just adopted":                         {place.Seen{Marks: there, Place: &place.Place{ID: "q", Since: now, Was: "p"}, Beat: beat(time.Hour), Redis: in("q", 0)}, place.Home, ""},
		"a copy, and an empty Redis":           {place.Seen{Marks: restarted, Place: p(), Beat: beat(time.Hour)}, place.Unadopted, "2026-03-02 11:00"},
		"a fresh copy on other servers":        {place.Seen{Marks: there, Place: p(), Beat: beat(time.Minute)}, place.Unadopted, "all servers are others"},
		"both copied":                          {place.Seen{Marks: there, Place: p(), Beat: beat(time.Hour), Redis: in("p", time.Hour)}, place.Unadopted, "nats nats.a:4222, redis redis.a:6379"},
		"both copied, and nothing tells":       {place.Seen{Marks: loopback, Place: p(), Beat: beat(time.Hour), Redis: in("p", time.Hour)}, place.Home, ""},
		"another's Redis":                      {place.Seen{Marks: here, Place: p(), Beat: beat(time.Minute), Redis: in("q", time.Minute)}, place.Unadopted, "another installation"},
		"another's Redis, while we live here":  {place.Seen{Marks: here, Place: p(), Beat: beat(time.Minute), Redis: in("q", time.Minute), Witness: "p"}, place.Unadopted, "another installation"},
		"a copy with the original's Redis":     {place.Seen{Marks: restarted, Place: p(), Beat: beat(time.Hour), Redis: in("p", time.Minute)}, place.Unadopted, "in use by an installation"},
		"a stream restored over it, at once":   {place.Seen{Marks: here, Place: made(p(), now), Bucket: ago(time.Second), Timeline: now, Beat: beat(time.Minute), Redis: in("p", time.Minute), Witness: "p"}, place.Unadopted, "were restored"},
		"the timeline alone restored":          {place.Seen{Marks: here, Place: made(p(), now), Bucket: now, Timeline: ago(time.Second), Older: true, Beat: beat(time.Minute)}, place.Unadopted, "were restored"},
		"the timeline lost, and made again":    {place.Seen{Marks: here, Place: made(p(), now), Bucket: now, Timeline: ago(time.Second), Beat: beat(time.Minute), Redis: in("p", time.Minute)}, place.Home, ""},
		"restored once, and adopted":           {place.Seen{Marks: here, Place: made(p(), now), Bucket: now, Timeline: now, Older: true, Beat: beat(time.Minute), Redis: in("p", time.Minute)}, place.Home, ""},
		"restored, and Redis kept":             {place.Seen{Marks: here, Place: restored(p(), now), Beat: beat(time.Minute), Redis: in("p", time.Minute)}, place.Unadopted, "from a backup"},
		"restored over those who live here":    {place.Seen{Marks: here, Place: restored(p(), now), Beat: beat(time.Minute), Redis: in("p", time.Minute), Witness: "p"}, place.Unadopted, "from a backup"},
		"an older beat is of the place before": {place.Seen{Marks: here, Place: &place.Place{ID: "q", Since: ago(time.Hour)}, Beat: beat(time.Minute)}, place.Unadopted, "nobody has lived here"},
	} {
		t.Run(name, func(t *testing.T) {
			c.seen.Now, c.seen.Stale = now, 10*time.Minute
			got, why := place.Judge(c.seen)
			if got != c.want || !strings.Contains(why, c.says) {
				t.Errorf("%v (%s), want %v", got, why, c.want)
			}
		})
	}
}

func restored(p *place.Place, at time.Time) *place.Place {
	p.Restored = &place.Restored{At: at, Taken: at.Add(-time.Hour)}
	return p
}

func made(p *place.Place, at time.Time) *place.Place {
	p.Bucket, p.Timeline = at, at
	return p
}
