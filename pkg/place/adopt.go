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
	Why   string   // it is refused; empty: somebody lives here, or may
	Place *Place   // nil: none is kept
	Beat  *Beat    // the last one; nil: there was none
	Redis *InRedis // nil: it has none
	Run   string   // of the Redis
	// Own says that Redis has been running since the last beat to it: it is the one that the
	// installation had, and knows all that was ever claimed.
	Own bool
	// Busy says who is at work here now, so that nobody can adopt it; empty: nobody is.
	Busy string

	place            kept[Place]
	beat             kept[Beat]
	bucket, timeline time.Time
}

// Look returns what is here. It changes nothing.
func (r *Resident) Look(ctx context.Context) (f Found, err error) {
	if f.place, f.beat, err = r.inNATS(ctx); err != nil {
		return f, err
	}
	if f.Redis, err = readRedis(ctx, r.o.Redis); err != nil {
		return f, err
	}
	if f.Run, err = r.run(ctx); err != nil {
		return f, err
	}
	f.Place, f.Beat = f.place.value, f.beat.value
	f.Own = f.Redis != nil && f.Run != "" && f.Redis.Run == f.Run
	s := r.seen(f.place, f.beat, f.Run)
	s.Redis = f.Redis
	if err := r.created(ctx, &s); err != nil {
		return f, err
	}
	f.bucket, f.timeline = s.Bucket, s.Timeline
	if s.Place == nil && s.Redis == nil {
		if s.Newest, err = r.o.Newest(ctx); err != nil {
			return f, err
		}
		if s.Familiar, err = r.o.Familiar(ctx); err != nil {
			return f, err
		}
	}
	if verdict, why := Judge(s); verdict == Unadopted {
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
	now := time.Now().UTC()
	p := Place{ID: strings.ToLower(rand.Text()), Since: now, By: by, Bucket: f.bucket, Timeline: f.timeline, Doubt: doubt}
	if f.Place != nil {
		p.Was = f.Place.ID
		if f.Place.Doubt.After(doubt) {
			p.Doubt = f.Place.Doubt
		}
	}
	did, err := write(ctx, r.o.JS, entry, f.place, p)
	if err != nil {
		return p, err
	}
	if !did {
		return p, errors.New("somebody else has changed it in the meantime; run homing adopt again")
	}
	if err := writeRedis(ctx, r.o.Redis, InRedis{p.ID, now, f.Run}); err != nil {
		return p, fmt.Errorf("%w; run homing adopt again", err)
	}
	_, err = write(ctx, r.o.JS, beatEntry, f.beat, Beat{Place: p.ID, At: now, By: r.o.Host, Rest: true, Marks: r.marks(f.Run)})
	return p, err
}
