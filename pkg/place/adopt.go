package place

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Found is a place as somebody found it who may want to adopt it.
type Found struct {
	Why   string // it is refused; empty: somebody lives here, or may
	Place *Place // nil: none is kept
	Beat  *Beat  // the last one; nil: there was none
	// Own says that Redis has been running since the last beat to it: it is the one that the
	// installation had, and knows all that was ever claimed.
	Own bool
	// Busy says who is at work here now, so that nobody can adopt it; empty: nobody is.
	Busy string

	seen sight
}

// Look returns what is here. It changes nothing.
func (r *Resident) Look(ctx context.Context) (Found, error) {
	s, err := r.look(ctx)
	if err != nil {
		return Found{}, err
	}
	f := Found{Place: s.Place, Beat: s.Beat, Own: s.Redis != nil && s.run != "" && s.Redis.Run == s.run, seen: s}
	if verdict, why := Judge(s.Seen); verdict == Unadopted {
		f.Why, f.Busy = why, s.busy()
	}
	return f, nil
}

// busy says who is at work here now: on the NATS with another Redis, or with the Redis on
// another NATS.
func (s Seen) busy() string {
	s.ofPlace()
	wait := func(at time.Time) string { return at.Add(s.Stale).UTC().Format("15:04 MST") }
	restored := s.Place != nil && (s.Place.Restored != nil || s.remade())
	switch {
	case s.Redis != nil && s.fresh(s.Redis.At):
		return fmt.Sprintf("this Redis was in use %v ago: an installation that sends has it. Give this copy a Redis of its own (redis.url); "+
			"or, if that installation has ended, come back after %s", s.Now.Sub(s.Redis.At).Round(time.Second), wait(s.Redis.At))
	case s.Beat != nil && s.fresh(s.Beat.At) && !s.Beat.Rest && !restored && !s.elsewhere():
		return fmt.Sprintf("processes were at work on this NATS %v ago, with another Redis: correct redis.url here. "+
			"If none runs any more, come back after %s", s.Now.Sub(s.Beat.At).Round(time.Second), wait(s.Beat.At))
	}
	return ""
}

// Adopt makes what was found a place of its own, which somebody takes. doubt is until when
// emails that fell due may have been sent elsewhere; zero: none were.
func (r *Resident) Adopt(ctx context.Context, f Found, by string, doubt time.Time) (Place, error) {
	if f.Busy != "" {
		return Place{}, errors.New(f.Busy)
	}
	now, s := time.Now().UTC(), f.seen
	p := Place{ID: strings.ToLower(rand.Text()), Since: now, By: by, Bucket: s.Bucket, Timeline: s.Timeline, Doubt: doubt}
	if f.Place != nil {
		p.Was = f.Place.ID
		if f.Place.Doubt.After(doubt) {
			p.Doubt = f.Place.Doubt
		}
	}
	_, did, err := write(ctx, r.o.JS, entry, s.place, p)
	if err != nil {
		return p, err
	}
	if !did {
		return p, errors.New("somebody else has changed it in the meantime; run homing adopt again")
	}
	if err := writeRedis(ctx, r.o.Redis, InRedis{p.ID, now, s.run}); err != nil {
		return p, fmt.Errorf("%w; run homing adopt again", err)
	}
	_, _, err = write(ctx, r.o.JS, beatEntry, s.beat, Beat{Place: p.ID, At: now, By: r.o.Host, Rest: true, Marks: r.marks(s.run)})
	return p, err
}
