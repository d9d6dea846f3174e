package schedule

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// A Desk is where the planners of a process work together. Each reads the timeline
// by a consumer of its own and acks what it has planned, so a worker's progress is
// its own, wherever it runs. But an event that concerns several workers comes to
// their planners at the same moment: what is brought to the desk then is planned in
// one round, which reads each person once, publishes all touches together, and looks
// once whether a person changed.
type Desk struct {
	// Decode reads a message of the timeline.
	Decode func(jetstream.Msg) (customer.Entry, error)

	planners []*Planner

	mu        sync.Mutex
	recent    [recentEntries]decoded // for those who get the same message a moment later
	queue     []*job
	gathering bool          // a round is about to begin: what comes joins it
	rounds    int           // under way
	joined    chan struct{} // closed when a job is queued
}

// decoded is an entry, and its message's sequence on the stream. Of a timeline that is
// split, the entry's own is another.
type decoded struct {
	message uint64
	entry   customer.Entry
}

// job is what a planner brings to the desk.
type job struct {
	planner *Planner
	entries []customer.Entry // that are still to be planned
	all     []customer.Entry // that were brought, or added
	put     []carried        // what may be on the schedule for them
	aside   map[uint64]error // entries, by sequence, that need another partition, which is away
	err     error
	counted bool // Planned was told
	done    chan struct{}
}

func newJob(p *Planner, entries []customer.Entry) *job {
	return &job{planner: p, entries: slices.Clone(entries), all: slices.Clone(entries), aside: map[uint64]error{}}
}

const (
	// roundsAtOnce is how many rounds may be under way: one waits for a server while
	// the other has something to do.
	roundsAtOnce = 2
	// roundSize bounds the entries of a round, unless a single job has more.
	roundSize = 2048
	// companions is how long a round waits for planners that are about to be given
	// the same event, and fewEntries up to how many entries it has then: after a
	// backlog they come when they come.
	companions = time.Millisecond
	fewEntries = 16
	// recentEntries is how many entries are remembered, 2 MB of orders, and largeEntry
	// up to how many bytes each has.
	recentEntries = 1024
	largeEntry    = 4 << 10
)

// Join has a planner work at the desk. It is called before the planner works.
func (d *Desk) Join(p *Planner) {
	p.desk, p.Decode = d, d.entry
	d.planners = append(d.planners, p)
}

// entry decodes a message of the timeline, once for all planners.
func (d *Desk) entry(m jetstream.Msg) (customer.Entry, error) {
	md, err := m.Metadata()
	if err != nil {
		return customer.Entry{}, err
	}
	seq := md.Sequence.Stream
	d.mu.Lock()
	known := d.recent[seq%recentEntries]
	d.mu.Unlock()
	if known.message == seq {
		return known.entry, nil
	}
	e, err := d.Decode(m)
	if err == nil && len(m.Data()) <= largeEntry {
		d.mu.Lock()
		d.recent[seq%recentEntries] = decoded{seq, e}
		d.mu.Unlock()
	}
	return e, err
}

// plan returns when the job's entries have been planned.
func (d *Desk) plan(ctx context.Context, j *job) {
	p, entries := j.planner, j.entries
	j.done = make(chan struct{})
	d.mu.Lock()
	d.queue = append(d.queue, j)
	for _, e := range entries {
		p.reached = max(p.reached, e.Sequence)
	}
	if d.joined != nil {
		close(d.joined)
		d.joined = nil
	}
	lead := !d.gathering && d.rounds < roundsAtOnce
	if lead {
		d.gathering = true
		d.rounds++
	}
	d.mu.Unlock()
	if lead {
		d.gather(ctx, j)
		d.work(ctx)
	}
	<-j.done // bounded: publishing and reading have deadlines of their own
}

// gather waits for the planners that are about to be given what j has.
func (d *Desk) gather(ctx context.Context, j *job) {
	if len(j.entries) > fewEntries {
		return
	}
	timeout := time.NewTimer(companions)
	defer timeout.Stop()
	for {
		d.mu.Lock()
		if !d.missing(j) {
			d.mu.Unlock()
			return
		}
		if d.joined == nil {
			d.joined = make(chan struct{})
		}
		joined := d.joined
		d.mu.Unlock()
		select {
		case <-joined:
		case <-timeout.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// missing reports whether a planner is yet to be given an entry of j that concerns
// it. The lock is held.
func (d *Desk) missing(j *job) bool {
	return slices.ContainsFunc(d.planners, func(p *Planner) bool {
		return slices.ContainsFunc(j.entries, func(e customer.Entry) bool { return e.Sequence > p.reached && p.concerned(e) })
	})
}

// work plans what is on the desk, and hands on what has come by then: a planner that
// leads a round does not work for others after it.
func (d *Desk) work(ctx context.Context) {
	ctx = context.WithoutCancel(ctx) // of one job, and others are in the round
	d.mu.Lock()
	n, size := 0, 0
	for n < len(d.queue) && (n == 0 || size+len(d.queue[n].entries) <= roundSize) {
		size += len(d.queue[n].entries)
		n++
	}
	jobs := slices.Clone(d.queue[:n])
	d.queue = slices.Delete(d.queue, 0, n)
	d.gathering = false
	d.mu.Unlock()
	if err := round(ctx, jobs); err != nil && len(jobs) > 1 {
		apart(ctx, jobs) // what fails may be one worker's alone
	}
	for _, j := range jobs {
		close(j.done)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) > 0 && !d.gathering {
		d.gathering = true
		go d.work(ctx)
		return
	}
	d.rounds--
}

// apart plans each job by itself.
func apart(ctx context.Context, jobs []*job) {
	var wg sync.WaitGroup
	for _, j := range jobs {
		if j.err != nil {
			wg.Go(func() { _ = round(ctx, []*job{j}) }) // the job knows
		}
	}
	wg.Wait()
}

// round plans jobs together, sets their errors, and returns the first.
func round(ctx context.Context, jobs []*job) error {
	open := slices.Clone(jobs)
	var err error
	var without avoided
	for try := 0; try < planTries && len(open) > 0 && err == nil; try++ {
		if open, err = attempt(ctx, open, without); without.add(open, err) {
			err, try = nil, -1 // with all but those who need that partition
		}
	}
	if err == nil && len(open) > 0 {
		err = bus.Later(time.Second)
	}
	for _, j := range jobs {
		j.err = nil
	}
	for _, j := range open {
		j.err = err
	}
	for _, j := range jobs {
		if j.err == nil {
			j.planner.unsure.remove(j.all)
		}
	}
	return err
}

// attempt plans jobs once. It returns those whose customers changed before all was
// scheduled, with the entries that must be planned again.
func attempt(ctx context.Context, jobs []*job, without avoided) ([]*job, error) {
	p := jobs[0].planner // what all of a desk share is the same with each
	asks, near := asksOf(jobs)
	persons, err := p.People.Read(ctx, asks, near...)
	if err != nil {
		return jobs, err
	}
	if without.setAside(jobs, asks, persons) {
		if jobs = withEntries(jobs); len(jobs) == 0 {
			return nil, nil
		}
		return jobs, nil // from the beginning: the rest is read again
	}
	if more, err := catchUp(ctx, jobs, asks, persons); err != nil {
		return jobs, err
	} else if more {
		asks, near = asksOf(jobs)
		if persons, err = p.People.Read(ctx, asks, near...); err != nil {
			return jobs, err
		}
	}
	people := peopleOf(asks, persons)
	if err := forgetErased(ctx, jobs, people); err != nil {
		return doubt(jobs), err
	}
	fold(jobs, people)
	var plans []carried
	each := make([]int, len(jobs))
	for i, j := range jobs {
		wanted := j.planner.ask(j.entries, people)
		if err := j.planner.recall(ctx, wanted, asks, persons); err != nil {
			return jobs, err
		}
		planned, err := carry(ctx, p.Schedule, wanted)
		if err != nil {
			return jobs, err
		}
		plans, each[i] = append(plans, planned...), len(planned)
		j.put = append(j.put, planned...)
	}
	plans = once(plans)
	switch err := p.Schedule.put(ctx, plans); {
	case errors.Is(err, errReplaced):
		return doubt(jobs), nil // and again, with what is pending now
	case err != nil:
		return doubt(jobs), err
	}
	for i, j := range jobs {
		if j.planner.Planned != nil && !j.counted {
			j.planner.Planned(each[i])
		}
		j.counted = true
	}
	if err := p.forgetSentElsewhere(ctx, plans); err != nil {
		return doubt(jobs), err
	}
	same, err := p.People.Same(ctx, persons)
	if err != nil {
		return doubt(jobs), err
	}
	moved := map[customer.Key]bool{}
	for i, a := range asks {
		if !same[i] {
			moved[a.Key] = true
		}
	}
	var again []*job
	for _, j := range jobs {
		j.entries = slices.DeleteFunc(j.entries, func(e customer.Entry) bool { return !moved[e.Key] })
		if len(j.entries) > 0 {
			again = append(again, j)
		}
	}
	return doubt(again), nil
}

// fold folds what the jobs are about into the people, each entry once: several planners
// have the same one.
func fold(jobs []*job, people map[customer.Key]*customer.Customer) {
	folded := map[events.Data]bool{}
	for _, j := range jobs {
		for _, e := range j.entries {
			if !folded[e.Event.Data] {
				folded[e.Event.Data] = true
				customer.Apply(people[e.Key], e.Event)
			}
		}
	}
}

// asksOf returns whom the entries are about, and the mailboxes that they name.
func asksOf(jobs []*job) (asks []customer.Ask, near []customer.Key) {
	seen := map[customer.Key]bool{}
	for _, j := range jobs {
		for _, e := range j.entries {
			if seen[e.Key] {
				continue
			}
			seen[e.Key] = true
			asks = append(asks, customer.Ask{Key: e.Key})
			if k, ok := j.planner.near(e); ok {
				near = append(near, k)
			}
		}
	}
	return asks, near
}

func peopleOf(asks []customer.Ask, persons []customer.Person) map[customer.Key]*customer.Customer {
	out := make(map[customer.Key]*customer.Customer, len(asks))
	for i, a := range asks {
		out[a.Key] = &persons[i].Customer
	}
	return out
}
