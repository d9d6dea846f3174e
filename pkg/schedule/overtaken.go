package schedule

import (
	"context"
	"slices"
	"sync"

	"homing/pkg/customer"
)

// A plan that took long to be put may replace a newer one: of an order that was told
// again, or of a cart that has changed, which another process planned in the meantime.
// The planner that was late sees that the customer moved and asks the worker again. But
// what it planned for may have been overtaken by then: the worker plans nothing for an
// older copy of an order, and the late plan would stay. So an entry whose plan may have
// been late is planned again together with all that came after it for the same person,
// the newest last.
//
// A plan that only brings a better time displays what was pending when it was read. It
// replaces that and nothing else, see Schedule.put: else it is made once more.
//
// What moved a person was folded before it was appended, and it can only have been
// planned, and replaced by us, after that: so it is on the timeline when we look.

// unsure are the entries, by sequence, of which an earlier plan may be on the schedule.
type unsure struct {
	mu  sync.Mutex
	seq map[uint64]struct{}
}

func (u *unsure) add(es ...customer.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seq == nil {
		u.seq = map[uint64]struct{}{}
	}
	for _, e := range es {
		u.seq[e.Sequence] = struct{}{}
	}
}

func (u *unsure) remove(es []customer.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seq) == 0 {
		return
	}
	for _, e := range es {
		delete(u.seq, e.Sequence)
	}
}

// of returns those of the entries that it has.
func (u *unsure) of(es []customer.Entry) (out []customer.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.seq) == 0 {
		return nil
	}
	for _, e := range es {
		if _, is := u.seq[e.Sequence]; is {
			out = append(out, e)
		}
	}
	return out
}

// doubt notes that plans of these jobs may be on the schedule, and late.
func doubt(jobs []*job) []*job {
	for _, j := range jobs {
		j.planner.unsure.add(j.entries...)
	}
	return jobs
}

// catchUp adds to each job what came after the entries that it is unsure of, and
// reports whether it did.
func catchUp(ctx context.Context, jobs []*job, asks []customer.Ask, persons []customer.Person) (more bool, err error) {
	whose := map[customer.Key]*customer.Person{}
	for _, j := range jobs {
		if j.planner.Timeline == nil {
			continue
		}
		late := j.planner.unsure.of(j.entries)
		if len(late) == 0 {
			continue
		}
		for i, a := range asks {
			whose[a.Key] = &persons[i]
		}
		came, err := j.after(ctx, late, whose)
		if err != nil {
			return false, err
		}
		if len(came) > 0 {
			j.entries, j.all, more = append(j.entries, came...), append(j.all, came...), true
		}
	}
	return more, nil
}

// after returns what concerns the job's worker, is about the persons of some entries,
// and came after them. One request covers all of a store.
func (j *job) after(ctx context.Context, late []customer.Entry, whose map[customer.Key]*customer.Person) (came []customer.Entry, err error) {
	keys, from := map[string][]customer.Key{}, map[string]uint64{}
	has := map[uint64]bool{}
	for _, e := range j.entries {
		has[e.Sequence] = true
	}
	for _, e := range late {
		s := e.Key.Store
		if first, ok := from[s]; !ok || e.Sequence < first {
			from[s] = e.Sequence
		}
		keys[s] = append(keys[s], e.Key)
		for _, r := range idsOf(whose[e.Key]) {
			keys[s] = append(keys[s], r.Key)
		}
	}
	for s, all := range keys {
		es, err := j.planner.Timeline.After(ctx, s, all, from[s])
		if err != nil {
			return nil, err
		}
		came = append(came, es...)
	}
	return slices.DeleteFunc(came, func(e customer.Entry) bool { return has[e.Sequence] || !j.planner.concerned(e) }), nil
}

// idsOf returns the records of ids that a person rests on. What is told of a mailbox itself
// is no worker's concern.
func idsOf(p *customer.Person) []*customer.Record {
	return slices.DeleteFunc(slices.Clone(p.Rests), func(r *customer.Record) bool {
		return slices.ContainsFunc(p.Mailboxes, func(m *customer.Record) bool { return m.Key == r.Key })
	})
}
