package place

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Seen is all that a process judges by whether it lives where its installation does.
type Seen struct {
	Now   time.Time
	Stale time.Duration // how old the last beat of a place is in which nobody lives any more

	Place *Place   // nil: none is kept yet
	Beat  *Beat    // nil: nobody beat yet
	Redis *InRedis // nil: Redis has none: it is new, was lost, or older than places

	// Bucket and Timeline are when those were created that are here. Older says that
	// entries of the timeline are older than itself: it was restored.
	Bucket, Timeline time.Time
	Older            bool

	Marks   []string // of our servers
	Witness string   // the place in which this process lives, as far as it knows

	// Where no place is kept:
	Newest   time.Time // the newest entry of the timeline; zero: it is empty
	Familiar bool      // Redis has customers of this timeline
}

// Verdict is what follows.
type Verdict uint8

// The verdicts.
const (
	Unadopted Verdict = iota // it may be a copy: nothing is sent until somebody adopts it
	Home                     // we live here
	New                      // this is a new place: nobody has lived here yet
	Take                     // NATS lost the place that Redis has
)

// Judge says whether this is the place that an installation lives in, and if not, why
// not, for a person.
func Judge(s Seen) (Verdict, string) {
	p := s.Place
	s.ofPlace()
	switch {
	case p == nil:
		return s.nameless()
	case p.Restored != nil:
		return Unadopted, fmt.Sprintf("it was restored on %s from a backup of %s", day(p.Restored.At), day(p.Restored.Taken))
	case s.remade():
		return Unadopted, s.lived() + ", and its streams were restored from a backup since"
	case s.Redis == nil:
		return s.withoutRedis()
	case s.Redis.Place != p.ID:
		return Unadopted, "Redis is that of another installation" + s.lastIn(s.Redis.At) + "; correct redis.url, if it is the wrong one"
	case s.Witness == p.ID:
		return Home, ""
	case s.elsewhere():
		return Unadopted, s.lived() + ", and here all servers are others"
	case s.fresh(s.Redis.At) && !s.lives():
		return Unadopted, "this Redis is in use by an installation with another NATS, of which this one may be an older copy" + s.lastIn(s.Redis.At)
	}
	return Home, ""
}

// ofPlace forgets a beat of another place, from before this one was adopted.
func (s *Seen) ofPlace() {
	if s.Place != nil && s.Beat != nil && s.Beat.Place != s.Place.ID {
		s.Beat = nil
	}
}

// nameless judges an installation that keeps no place: a new one, one of a version
// that knew no places, or one whose bucket was lost.
func (s Seen) nameless() (Verdict, string) {
	switch {
	case s.Redis != nil:
		return Take, ""
	case s.Newest.IsZero(), s.Familiar, s.fresh(s.Newest):
		return New, ""
	}
	return Unadopted, fmt.Sprintf("the newest entry of its timeline is of %s, and Redis knows nothing of it", day(s.Newest))
}

// withoutRedis judges where Redis knows no place. A Redis that was lost recovers by
// itself, if somebody has lived here until a moment ago.
func (s Seen) withoutRedis() (Verdict, string) {
	switch {
	case s.Witness == s.Place.ID:
		return Home, ""
	case s.elsewhere():
		return Unadopted, s.lived() + ", and here all servers are others"
	case s.lives():
		return Home, ""
	}
	return Unadopted, s.lived() + ", and Redis knows nothing of it"
}

// remade reports whether the bucket is another one than when somebody took the place, or
// the timeline is, and not because it was lost. Servers before 2.15 give what they
// restore the age that it had.
func (s Seen) remade() bool {
	p := s.Place
	return !p.Bucket.IsZero() && !p.Bucket.Equal(s.Bucket) || s.Older && !p.Timeline.Equal(s.Timeline)
}

// lives reports whether somebody lives here: they beat lately, or came a moment ago.
func (s Seen) lives() bool {
	return s.fresh(s.Place.Since) || s.Beat != nil && s.fresh(s.Beat.At)
}

func (s Seen) fresh(at time.Time) bool { return s.Now.Sub(at) < s.Stale }

// elsewhere reports whether all servers are others than when somebody beat last: they
// have other hosts, and none of them is still running since.
func (s Seen) elsewhere() bool {
	if s.Beat == nil || len(Hosts(s.Beat.Marks)) == 0 || len(Hosts(s.Marks)) == 0 {
		return false // it says nothing
	}
	return !slices.ContainsFunc(s.Marks, func(m string) bool { return slices.Contains(s.Beat.Marks, m) })
}

// lived says where and when somebody lived here last.
func (s Seen) lived() string {
	if s.Beat == nil {
		return "nobody has lived here since " + day(s.Place.Since)
	}
	where := ""
	if hosts := Hosts(s.Beat.Marks); len(hosts) > 0 {
		where = " with " + strings.Join(hosts, ", ")
	}
	return fmt.Sprintf("it was last in use%s, on %s", where, day(s.Beat.At))
}

func (s Seen) lastIn(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf(" (last in use on %s)", day(at))
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// Witnessed returns the place in which a process that starts may take itself to live before
// Redis is there to be asked: one in which others live now, on the same servers.
func (s Seen) Witnessed() string {
	s.ofPlace()
	if s.Place == nil || s.Place.Restored != nil || s.remade() || s.elsewhere() || !s.lives() {
		return ""
	}
	return s.Place.ID
}
