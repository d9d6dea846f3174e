package projection

import "sync/atomic"

// Progress is how far folding the timeline into Redis has come.
type Progress struct {
	Store    string
	Buckets  int    // that are folded
	Entries  uint64 // folded so far
	From, To uint64 // the sequences of the timeline that are read
	At       uint64 // the last one that was folded
}

// Share is how much of it is done, from 0 to 1.
func (p Progress) Share() float64 {
	if p.To < p.From || p.At >= p.To {
		return 1
	}
	if p.At < p.From {
		return 0
	}
	return float64(p.At-p.From+1) / float64(p.To-p.From+1)
}

// progress is what this process is folding; nil: nothing.
type progress struct{ atomic.Pointer[Progress] }

func (p *progress) begin(store string, l lag) {
	from, to := l.ends()
	p.Store(&Progress{Store: store, Buckets: len(l.buckets()), From: from, To: to})
}

func (p *progress) folded(entries int, at uint64) {
	if now := p.Load(); now != nil {
		next := *now
		next.Entries, next.At = uint64(entries), at
		p.Store(&next)
	}
}

func (p *progress) end() { p.Store(nil) }

// Progress returns what this process is folding now; false: nothing.
func (r *Rebuilder) Progress() (Progress, bool) {
	if now := r.progress.Load(); now != nil {
		return *now, true
	}
	return Progress{}, false
}
