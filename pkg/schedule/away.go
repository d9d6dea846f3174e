package schedule

import (
	"errors"
	"slices"

	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Where the streams are split, a person's ids may be in several partitions, and planning
// for such a person looks at the streams of all of them. While one is away, who needs it
// waits, and nobody else does: the round goes on without them.

// avoided are the partitions that were away in a round, and why.
type avoided map[int]error

// add notes a partition that an attempt failed for, and reports whether the round can go
// on without it: it isn't the planners' own.
func (a *avoided) add(jobs []*job, err error) bool {
	away, is := errors.AsType[*bus.Away](err)
	if !is || len(jobs) == 0 || away.Partition == jobs[0].planner.Partition {
		return false
	}
	if _, known := (*a)[away.Partition]; known {
		return false
	}
	if *a == nil {
		*a = avoided{}
	}
	(*a)[away.Partition] = err
	return true
}

// setAside takes the entries out of jobs that need one of the partitions, and reports
// whether there were any.
func (a avoided) setAside(jobs []*job, asks []customer.Ask, persons []customer.Person) (any bool) {
	if len(a) == 0 {
		return false
	}
	whose := map[customer.Key]*customer.Person{}
	for i, k := range asks {
		whose[k.Key] = &persons[i]
	}
	for _, j := range jobs {
		j.entries = slices.DeleteFunc(j.entries, func(e customer.Entry) bool {
			for _, r := range idsOf(whose[e.Key]) {
				if err := a[j.planner.Schedule.partition(r.Key.Bucket)]; err != nil {
					j.aside[e.Sequence], any = err, true
					return true
				}
			}
			return false
		})
	}
	return any
}

// withEntries returns the jobs that have something left to plan.
func withEntries(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return len(j.entries) == 0 })
}
