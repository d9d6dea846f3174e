package place

import (
	"context"
	"errors"
	"slices"
	"time"
)

// serversEntry is the entry of the bucket `controls` that says which Redis all processes use.
const serversEntry = "redis"

// Servers are the Redis servers that all processes of an installation use, by the ids
// that they have until they restart. Whoever finds others says so first.
type Servers struct {
	Runs  []string  `json:"runs"` // sorted
	Since time.Time `json:"since"`
	By    string    `json:"by"` // the machine of the process that found them
}

// told is what a process knows of Servers.
type told struct {
	revision uint64
	heard    time.Time // when it learnt of them, if they may be news to others as well
}

// recent is how old Servers are that a process which starts takes for news: longer than
// clocks differ and processes take to hear.
const recent = time.Minute

// Agree says that the Redis servers with these run ids are those that are used, unless that
// is known; anew says it all the same, since the servers lost something. It returns when
// this process learnt of the last change; the zero time: nobody has to be waited for.
func (r *Resident) Agree(ctx context.Context, runs []string, anew bool) (heard time.Time, err error) {
	for range 5 { // somebody else may be at it
		done, err := r.agree(ctx, runs, anew)
		if err != nil {
			return time.Time{}, err
		}
		if done {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.told.heard, nil
		}
		anew = false // somebody said something at this moment
	}
	return time.Time{}, errors.New("which Redis is used keeps changing")
}

func (r *Resident) agree(ctx context.Context, runs []string, anew bool) (done bool, err error) {
	was, err := read[Servers](ctx, r.o.JS, serversEntry)
	if err != nil {
		return false, err
	}
	if was.value != nil && slices.Equal(was.value.Runs, runs) && !anew {
		r.tell(was)
		return true, nil
	}
	now := time.Now()
	revision, done, err := write(ctx, r.o.JS, serversEntry, was, Servers{Runs: runs, Since: now.UTC(), By: r.o.Host})
	if err != nil || !done {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = told{revision: revision}
	if was.value != nil { // else nobody has used any yet
		r.told.heard = now
	}
	return true, nil
}

// Agreed reports whether the servers that are used are those with these run ids, as far as
// this process has learnt, and when it learnt of the last change.
func (r *Resident) Agreed(ctx context.Context, runs []string) (agreed bool, heard time.Time, err error) {
	is, err := read[Servers](ctx, r.o.JS, serversEntry)
	if err != nil {
		return false, time.Time{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return is.value != nil && is.revision == r.told.revision && slices.Equal(is.value.Runs, runs), r.told.heard, nil
}

// News looks whether somebody said since that other servers are used, or that they lost
// something. It is news once.
func (r *Resident) News(ctx context.Context) (bool, error) {
	is, err := read[Servers](ctx, r.o.JS, serversEntry)
	if err != nil || is.value == nil {
		return false, err
	}
	return r.tell(is), nil
}

// tell notes what this process learnt, and reports whether it is news.
func (r *Resident) tell(is kept[Servers]) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if is.revision == r.told.revision {
		return false
	}
	first := r.told.revision == 0
	r.told = told{revision: is.revision, heard: time.Now()}
	if first && time.Since(is.value.Since).Abs() > recent {
		r.told.heard = time.Time{}
	}
	return !first
}
