package place

import (
	"context"
	"time"
)

// Beat says that somebody lives here, if nobody else has lately, and reports whether the
// place is still the one in which this process lives. A process that lives nowhere says
// nothing.
func (r *Resident) Beat(ctx context.Context) (home bool, err error) {
	p, b, err := r.inNATS(ctx)
	if err != nil {
		return false, err
	}
	mine := r.home(b.value)
	if mine == "" {
		return true, nil // it was refused, or will be judged: nothing has changed
	}
	if p.value == nil || p.value.ID != mine || p.value.Restored != nil {
		return false, nil
	}
	now := time.Now()
	if b.value != nil && b.value.Place == mine && !b.value.Rest && now.Sub(b.value.At) < r.o.Every*3/4 {
		return true, nil
	}
	id, err := r.run(ctx) // without Redis somebody lives here all the same
	if _, did, werr := write(ctx, r.o.JS, beatEntry, b, Beat{Place: mine, At: now.UTC(), By: r.o.Host, Marks: r.marks(id)}); werr != nil || !did {
		return true, werr
	}
	r.saw(now)
	if err == nil {
		err = r.tellRedis(ctx, InRedis{mine, now, id})
	}
	return true, err
}

// tellRedis tells Redis of a beat. One that knows no place is judged first.
func (r *Resident) tellRedis(ctx context.Context, beat InRedis) error {
	in, err := readRedis(ctx, r.o.Redis)
	if err != nil || in == nil || in.Place != beat.Place {
		return err
	}
	return writeRedis(ctx, r.o.Redis, beat)
}

// Leave says that this process stops in order. Others who live here say otherwise at
// their next beat.
func (r *Resident) Leave(ctx context.Context) error {
	p, b, err := r.inNATS(ctx)
	if err != nil {
		return err
	}
	mine := r.home(b.value)
	if mine == "" || p.value == nil || p.value.ID != mine {
		return nil
	}
	last := Beat{Place: mine, At: time.Now().UTC(), Rest: true, By: r.o.Host}
	if b.value != nil && b.value.Place == mine {
		last.Marks = b.value.Marks // Redis is not asked on the way out
	} else {
		last.Marks = r.marks("")
	}
	_, did, err := write(ctx, r.o.JS, beatEntry, b, last)
	if err != nil || !did {
		return err
	}
	in, err := readRedis(ctx, r.o.Redis)
	if err != nil || in == nil || in.Place != mine {
		return err
	}
	in.At = time.Time{}
	return writeRedis(ctx, r.o.Redis, *in)
}
