package visit

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/limits"
	"homing/pkg/link"
	"homing/pkg/touch"
)

const (
	// burst is within how long following many links of one email is a program's work, and
	// many how many: people open one, look at the page, and perhaps come back.
	burst = 5 * time.Second
	many  = 3
	// most is how many visits wait at once; a thousandth of a second's worth of an attack
	// is no loss, and a click is not worth more memory.
	most = 10_000
	// atOnce is how many are recorded together.
	atOnce = 500
	// patience is how long recording some may take.
	patience = 5 * time.Second
)

// A Visit is one use of a link that leads to the shop, or of the picture in an email.
type Visit struct {
	Link    link.Link
	At      time.Time // business time
	Machine bool

	came time.Time
}

// Recorder records visits a little later, so that what is followed in a burst is known for
// a program's, and so that nobody waits for it. What cannot be recorded is lost, and
// counted: a click is not worth more.
type Recorder struct {
	// Take appends the entries to the timeline.
	Take func(ctx context.Context, entries []customer.Entry) error
	// Became is told what became of visits: recorded, machine, repeated or lost.
	Became func(what string, n int)

	bell    clock.Bell
	mu      sync.Mutex
	waiting []Visit // the oldest first
	recent  []Visit // that were recorded and came within burst of those that wait
	known   limits.Lately
}

// Note has a visit recorded, and never waits.
func (r *Recorder) Note(v Visit) {
	v.came = time.Now()
	r.mu.Lock()
	full := len(r.waiting) >= most
	if !full {
		r.waiting = append(r.waiting, v)
	}
	r.mu.Unlock()
	if full {
		r.Became("lost", 1)
	}
	r.bell.Ring()
}

// Run records until ctx ends, and then what still waits.
func (r *Recorder) Run(ctx context.Context) {
	r.bell.Run(ctx, time.Second, func() bool {
		r.record(ctx, r.due(time.Now().Add(-burst)))
		return r.wait()
	})
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	r.record(last, r.due(time.Now().Add(time.Hour)))
}

// wait reports whether some wait.
func (r *Recorder) wait() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting) > 0
}

// due takes out the visits that came before a time, each once, judged by all that came
// around them.
func (r *Recorder) due(until time.Time) []Visit {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(r.waiting) && !r.waiting[n].came.After(until) {
		n++
	}
	if n == 0 {
		return nil
	}
	all := append(r.recent, r.waiting...)
	machine := bursts(all)
	var out []Visit
	for i, v := range r.waiting[:n] {
		v.Machine = v.Machine || machine[len(r.recent)+i]
		if r.known.Add(eventID(v)) {
			out = append(out, v)
		} else {
			r.Became("repeated", 1)
		}
	}
	all = all[:len(r.recent)+n]
	for len(all) > 0 && (all[0].came.Before(until.Add(-burst)) || len(all) > most) {
		all = all[1:]
	}
	r.recent = append([]Visit(nil), all...)
	r.waiting = append([]Visit(nil), r.waiting[n:]...)
	return out
}

// bursts reports of each visit, the oldest first, whether it is one of those that followed
// many links of one email within burst.
func bursts(all []Visit) []bool {
	out := make([]bool, len(all))
	of := map[string][]int{} // touch → its visits
	for i, v := range all {
		if v.Link.Purpose == link.Visit {
			of[touchOf(v.Link)] = append(of[touchOf(v.Link)], i)
		}
	}
	for _, visits := range of {
		from, marked, within := 0, 0, map[string]int{}
		for to, i := range visits {
			for within[all[i].Link.URL]++; all[i].came.Sub(all[visits[from]].came) > burst; from++ {
				if u := all[visits[from]].Link.URL; within[u] == 1 {
					delete(within, u)
				} else {
					within[u]--
				}
			}
			if len(within) >= many {
				for marked = max(marked, from); marked <= to; marked++ {
					out[visits[marked]] = true
				}
			}
		}
	}
	return out
}

func (r *Recorder) record(ctx context.Context, due []Visit) {
	for len(due) > 0 {
		n := min(len(due), atOnce)
		entries := make([]customer.Entry, n)
		machines := 0
		for i, v := range due[:n] {
			entries[i] = Entry(v)
			if v.Machine {
				machines++
			}
		}
		try, cancel := context.WithTimeout(ctx, patience)
		err := r.Take(try, entries)
		cancel()
		if err != nil {
			r.Became("lost", n)
		} else {
			r.Became("machine", machines)
			r.Became("recorded", n-machines)
		}
		due = due[n:]
	}
}

// touchOf is the id of the touch whose email has the link.
func touchOf(l link.Link) string {
	return touch.Touch{Worker: l.Worker, Step: l.Step, Customer: l.Customer, Occasion: l.Occasion}.ID()
}

// eventID is the same for all visits of a link in one minute of the clock: people click
// twice. What a program did is apart, so that it doesn't hide what a person does.
func eventID(v Visit) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(v.Link.URL))
	what := "clicked"
	if v.Link.Purpose == link.Opened {
		what = "opened"
	}
	if v.Machine {
		what += ".machine"
	}
	return fmt.Sprintf("%s.%s.%x.%d", touchOf(v.Link), what, h.Sum64(), v.At.Unix()/60)
}

// Entry is what is put on the timeline.
func Entry(v Visit) customer.Entry {
	l := v.Link
	of := events.EmailVisit{Touch: touchOf(l), Worker: l.Worker, Step: l.Step, Customer: l.Customer.Token, Machine: v.Machine}
	var d events.Data = &events.EmailOpened{EmailVisit: of}
	if l.Purpose == link.Visit {
		d = &events.EmailClicked{EmailVisit: of, URL: Plain(l.URL)}
	}
	return customer.Entry{Key: l.Customer, Event: events.Event{ID: eventID(v), Source: events.Gateway, Type: d.Type(), Store: l.Customer.Store, Time: v.At.UTC(), Data: d}}
}
