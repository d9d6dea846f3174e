package schedule

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Memory keeps the pending touches of some customers in this process, for those who
// rehearse: it does for planners and delivery what a Schedule does over NATS, and
// forgets all when the process ends. It is for one goroutine.
type Memory struct {
	all  map[named]*pending
	of   map[string][]*pending // by the customer's token
	next wakes
	seq  uint64
}

// pending is one touch that waits, or fell due and is not decided yet.
type pending struct {
	touch touch.Touch
	seq   uint64 // of its message
	due   bool
	at    int // in the heap; -1: it fell due
}

// NewMemory returns a board on which nothing waits.
func NewMemory() *Memory { return &Memory{all: map[named]*pending{}, of: map[string][]*pending{}} }

// Len returns how many touches are pending.
func (m *Memory) Len() int { return len(m.next) }

// Put has touches wait that were planned elsewhere, in this order.
func (m *Memory) Put(ts []touch.Touch) {
	plans := make([]carried, len(ts))
	for i, t := range ts {
		plans[i].Touch = t
	}
	_ = m.put(context.Background(), plans) // in memory nothing can go wrong
}

// NextAt returns when the next touch falls due; false: none does.
func (m *Memory) NextAt() (time.Time, bool) {
	if len(m.next) == 0 {
		return time.Time{}, false
	}
	return m.next[0].touch.Wake, true
}

// Take returns the next touch, which falls due by it, and the sequence of its message. It
// is pending until Done is called, or PutBack.
func (m *Memory) Take() (touch.Touch, uint64) {
	p := heap.Pop(&m.next).(*pending)
	p.due = true
	return p.touch, p.seq
}

// Done says that the touch which fell due as the message of a sequence is decided. If it
// was put back, or planned again, it stays.
func (m *Memory) Done(t touch.Touch, sequence uint64) {
	if of := m.find(t); of != nil && of.seq == sequence && of.due {
		m.remove(t.Customer.Token, func(p *pending) bool { return p == of })
	}
}

// PutBack schedules a touch again that fell due as the message of a sequence; see
// Schedule.PutBack.
func (m *Memory) PutBack(_ context.Context, t touch.Touch, sequence uint64, _ reason.Reason) (bool, error) {
	p := m.find(t)
	if p == nil || p.seq != sequence || !p.due {
		return false, nil
	}
	m.set(p, t)
	return true, nil
}

// Pending returns those of the touches that are pending, with what they display.
func (m *Memory) Pending(_ context.Context, ts []touch.Touch) ([]touch.Touch, error) {
	var out []touch.Touch
	for _, t := range ts {
		if p := m.find(t); p != nil {
			out = append(out, p.touch)
		}
	}
	return out, nil
}

// Waiting returns the pending touches of some workers for one customer.
func (m *Memory) Waiting(_ context.Context, k customer.Key, workers []string) ([]touch.Touch, error) {
	all := m.of[k.Token]
	out := make([]touch.Touch, 0, len(all))
	for _, p := range all {
		if p.touch.Customer.Store == k.Store && slices.Contains(workers, p.touch.Worker) {
			out = append(out, p.touch)
		}
	}
	slices.SortStableFunc(out, func(a, b touch.Touch) int {
		return cmp.Or(cmp.Compare(slices.Index(workers, a.Worker), slices.Index(workers, b.Worker)), a.Wake.Compare(b.Wake))
	})
	return out, nil
}

// Forget implements Board.
func (m *Memory) Forget(_ context.Context, worker string, k customer.Key, until time.Time) (int, error) {
	return m.forget(worker, k, func(t touch.Touch) bool { return causedBy(t, until) }), nil
}

// ForgetTo implements Board.
func (m *Memory) ForgetTo(_ context.Context, worker string, k customer.Key, email string, until time.Time) (int, error) {
	return m.forget(worker, k, func(t touch.Touch) bool { return goesTo(t, email, until) }), nil
}

func (m *Memory) forgetTouch(_ context.Context, of touch.Touch, until time.Time) (int, error) {
	return m.forget(of.Worker, of.Customer, func(t touch.Touch) bool { return isOne(t, of, until) }), nil
}

func (m *Memory) forget(worker string, k customer.Key, is func(touch.Touch) bool) int {
	return m.remove(k.Token, func(p *pending) bool {
		return p.touch.Worker == worker && p.touch.Customer.Store == k.Store && is(p.touch)
	})
}

func (m *Memory) latest(_ context.Context, ts []touch.Touch, fn func(t touch.Touch, seq uint64, due bool)) error {
	for _, t := range ts {
		if p := m.find(t); p != nil {
			fn(p.touch, p.seq, p.due)
		}
	}
	return nil
}

func (m *Memory) put(_ context.Context, plans []carried) error {
	for _, c := range plans {
		p := m.find(c.Touch)
		if p == nil {
			p = &pending{at: -1}
			m.all[nameOf(&c.Touch)], m.of[c.Customer.Token] = p, append(m.of[c.Customer.Token], p)
		}
		m.set(p, c.Touch)
	}
	return nil
}

func (m *Memory) partition(uint8) int { return 0 }

// set has a touch wait for its time, as a new message.
func (m *Memory) set(p *pending, t touch.Touch) {
	m.seq++
	t = t.In()
	t.Trace = nil
	p.touch, p.seq, p.due = t, m.seq, false
	if p.at < 0 {
		heap.Push(&m.next, p)
	} else {
		heap.Fix(&m.next, p.at)
	}
}

func (m *Memory) find(t touch.Touch) *pending { return m.all[nameOf(&t)] }

// remove deletes what is pending for a customer, as far as is says so, and returns how
// much there was.
func (m *Memory) remove(token string, is func(*pending) bool) int {
	all := m.of[token]
	left := slices.DeleteFunc(all, func(p *pending) bool {
		if !is(p) {
			return false
		}
		if p.at >= 0 {
			heap.Remove(&m.next, p.at)
		}
		delete(m.all, nameOf(&p.touch))
		return true
	})
	if n := len(all) - len(left); len(left) > 0 {
		m.of[token] = left
		return n
	}
	delete(m.of, token)
	return len(all)
}

// wakes is a heap of what waits, the first to fall due on top; of one time, the one that
// was put first.
type wakes []*pending

func (w wakes) Len() int { return len(w) }
func (w wakes) Less(i, j int) bool {
	a, b := w[i], w[j]
	return cmp.Or(a.touch.Wake.Compare(b.touch.Wake), cmp.Compare(a.seq, b.seq)) < 0
}
func (w wakes) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].at, w[j].at = i, j
}

// Push implements heap.Interface.
func (w *wakes) Push(x any) {
	p := x.(*pending)
	p.at = len(*w)
	*w = append(*w, p)
}

// Pop implements heap.Interface.
func (w *wakes) Pop() any {
	last := len(*w) - 1
	p := (*w)[last]
	(*w)[last] = nil
	*w, p.at = (*w)[:last], -1
	return p
}

// Together has planners plan the same entries in one round, as they do at a Desk.
func Together(ctx context.Context, planners []*Planner, entries []customer.Entry) error {
	jobs := make([]*job, 0, len(planners))
	for _, p := range planners {
		var mine []customer.Entry
		for _, e := range entries {
			if p.concerned(e) {
				mine = append(mine, e)
			}
		}
		if len(mine) > 0 {
			jobs = append(jobs, newJob(p, mine))
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return round(ctx, jobs)
}
