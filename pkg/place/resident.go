package place

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"

	"homing/pkg/bus"
)

// Options are what a Resident works with.
type Options struct {
	JS    jetstream.JetStream
	Redis redis.UniversalClient // that asks nobody whether it may be trusted
	// Embedded is a Redis inside this process, which has no run id.
	Embedded bool
	Hosts    []string // marks of the hosts that the configuration names
	Host     string   // this machine's name
	Every    time.Duration
	// Newest returns when the newest entry of the timeline is from; the zero time: it is empty.
	Newest func(ctx context.Context) (time.Time, error)
	// Familiar reports whether Redis has customers of this timeline.
	Familiar func(ctx context.Context) (bool, error)
}

// Every is how often somebody who lives in a place says so.
const Every = 2 * time.Minute

// staleAfter is after how many beats that did not come nobody lives there any more.
const staleAfter = 5

// Refused says that this may be a copy of an installation.
type Refused struct{ Why string }

func (r *Refused) Error() string {
	return "this may be a copy of an installation that sends, or did: " + r.Why +
		". Nothing is sent, taken in or planned until `homing adopt` says that this is the one (docs/backup.md)"
}

// A Resident is a process that wants to live where its installation does.
type Resident struct {
	o Options

	mu      sync.Mutex
	witness string    // the place in which it lives, as far as it knows
	doubt   time.Time // see Place
	last    time.Time // the newest beat that it saw: an older one is of a copy that was restored under it
	told    told      // which Redis all processes use; see Servers
}

// NewResident returns one that lives nowhere yet.
func NewResident(o Options) *Resident {
	if o.Every == 0 {
		o.Every = Every
	}
	return &Resident{o: o}
}

// Doubt is until when emails that fell due, and have no claim, may have been sent
// somewhere else. It is known before anything is sent.
func (r *Resident) Doubt() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.doubt
}

// Arrive looks whether somebody lives here now, as soon as NATS answers: Redis may be
// away, and come back empty when everybody's last beat is old.
func (r *Resident) Arrive(ctx context.Context) error {
	p, b, err := r.inNATS(ctx)
	if err != nil {
		return err
	}
	s := r.seen(p, b, "")
	if err := r.created(ctx, &s); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.witness == "" {
		r.witness = s.Witnessed()
	}
	return nil
}

// Settle looks whether we live here, and is to be asked whenever Redis is proven
// complete. Its error is a *Refused if it may be a copy. Where nobody has lived yet, we
// do from now on; where Redis was lost, it is told where it is.
func (r *Resident) Settle(ctx context.Context) error {
	for range 5 { // somebody else may be at it
		done, err := r.settle(ctx)
		if err != nil || done {
			return err
		}
	}
	return errors.New("the place of the installation keeps changing")
}

func (r *Resident) settle(ctx context.Context) (done bool, err error) {
	s, err := r.look(ctx)
	if err != nil {
		return false, err
	}
	s.Witness = r.home(s.Beat)
	switch verdict, why := Judge(s.Seen); verdict {
	case Unadopted:
		r.mu.Lock()
		r.witness = ""
		r.mu.Unlock()
		return false, &Refused{why}
	case New, Take:
		id := strings.ToLower(rand.Text())
		if verdict == Take {
			id = s.Redis.Place
		}
		_, _, err := write(ctx, r.o.JS, entry, s.place, Place{ID: id, Since: s.Now.UTC(), By: r.o.Host, Bucket: s.Bucket, Timeline: s.Timeline})
		return false, err
	}
	if s.Redis == nil {
		if err := writeRedis(ctx, r.o.Redis, InRedis{s.Place.ID, s.Now, s.run}); err != nil {
			return false, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.witness, r.doubt = s.Place.ID, s.Place.Doubt
	return true, nil
}

// sight is what a process sees, and how it was read.
type sight struct {
	Seen
	place kept[Place]
	beat  kept[Beat]
	run   string // of the Redis
}

// look reads all that is judged by, apart from what this process knows by itself.
func (r *Resident) look(ctx context.Context) (s sight, err error) {
	if s.place, s.beat, err = r.inNATS(ctx); err != nil {
		return s, err
	}
	in, err := readRedis(ctx, r.o.Redis)
	if err != nil {
		return s, err
	}
	if s.run, err = r.run(ctx); err != nil {
		return s, err
	}
	s.Seen = r.seen(s.place, s.beat, s.run)
	s.Redis = in
	if err := r.created(ctx, &s.Seen); err != nil || s.Place != nil || s.Redis != nil {
		return s, err
	}
	if s.Newest, err = r.o.Newest(ctx); err == nil {
		s.Familiar, err = r.o.Familiar(ctx)
	}
	return s, err
}

// seen begins what is judged by.
func (r *Resident) seen(p kept[Place], b kept[Beat], redisRun string) Seen {
	return Seen{Now: time.Now(), Stale: staleAfter * r.o.Every, Place: p.value, Beat: b.value, Marks: r.marks(redisRun)}
}

// created finds out when the bucket and the timeline were created. A timeline is made
// before its first entry; a minute is for the clocks of two servers. Of one that is split
// each part counts, as one may be restored alone: the newest of those that were restored,
// if it is newer than when somebody took the place.
func (r *Resident) created(ctx context.Context, s *Seen) error {
	b, err := r.o.JS.Stream(ctx, "KV_"+bus.ControlsBucket)
	if err != nil {
		return fmt.Errorf("the bucket %s: %w", bus.ControlsBucket, err)
	}
	s.Bucket = b.CachedInfo().Created.UTC()
	parts := bus.PartitionsOf(r.o.JS).Timelines()
	for _, name := range parts {
		t, err := r.o.JS.Stream(ctx, name)
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		i := t.CachedInfo()
		older := i.State.Msgs > 0 && i.State.FirstTime.Before(i.Created.Add(-time.Minute))
		if older && !s.Older || older == s.Older && i.Created.After(s.Timeline) {
			s.Timeline, s.Older = i.Created.UTC(), older
		}
	}
	if len(parts) > 1 && s.Place != nil && !s.Timeline.After(s.Place.Timeline) {
		s.Timeline = s.Place.Timeline // what made one part an old one ends before it does in another
	}
	return nil
}

func (r *Resident) inNATS(ctx context.Context) (p kept[Place], b kept[Beat], err error) {
	if p, err = read[Place](ctx, r.o.JS, entry); err == nil {
		b, err = read[Beat](ctx, r.o.JS, beatEntry)
	}
	return p, b, err
}

// home returns the place in which this process lives, as far as it knows. It does not
// know any more once the last beat is older than one it has seen: the streams under it
// were replaced by a backup's.
func (r *Resident) home(b *Beat) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case b == nil:
		if !r.last.IsZero() {
			r.witness, r.last = "", time.Time{}
		}
	case b.At.Before(r.last.Add(-time.Minute)): // more than clocks differ
		r.witness, r.last = "", time.Time{}
	case b.At.After(r.last):
		r.last = b.At
	}
	return r.witness
}

func (r *Resident) saw(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = at
}

func (r *Resident) run(ctx context.Context) (string, error) {
	if r.o.Embedded {
		return "", nil
	}
	return run(ctx, r.o.Redis)
}

// marks are those of our servers.
func (r *Resident) marks(redisRun string) []string {
	out := slices.Clone(r.o.Hosts)
	if id := r.o.JS.Conn().ConnectedServerId(); id != "" {
		out = append(out, markNATSRun+id)
	}
	if redisRun != "" {
		out = append(out, markRedisRun+redisRun)
	}
	return out
}
