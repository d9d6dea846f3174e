package schedule

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// look is a question what is pending for a customer with some workers.
type look struct {
	key     customer.Key
	workers []string
	found   []found // of each of the workers
}

// Waiting returns the pending touches of some workers for one customer. Those who ask at
// the same time ask together: each worker has a stream, so that one customer alone costs as
// many requests as there are workers, and a hundred cost no more.
func (s *Schedule) Waiting(ctx context.Context, k customer.Key, workers []string) ([]touch.Touch, error) {
	l := &look{key: k, workers: workers, found: make([]found, len(workers))}
	if err := s.looks.Do(ctx, []*look{l}); err != nil {
		return nil, err
	}
	var out []touch.Touch
	for _, f := range l.found {
		for _, p := range f {
			out = append(out, p.Touch)
		}
	}
	return out, nil
}

// asked are those who are asked about in one stream.
type asked struct {
	partition int
	subjects  []string // two of each customer
	into      map[customer.Key][]*found
}

// lookAll answers questions, with one request for each stream, and more only where the
// server would not answer so much.
func (s *Schedule) lookAll(ctx context.Context, looks []*look) error {
	streams := map[string]*asked{}
	for _, l := range looks {
		for i, w := range l.workers {
			name, p := s.stream(w, l.key.Bucket)
			a := streams[name]
			if a == nil {
				a = &asked{partition: p, into: map[customer.Key][]*found{}}
				streams[name] = a
			}
			if a.into[l.key] == nil {
				a.subjects = append(a.subjects, s.subjectsOf(w, l.key)...)
			}
			a.into[l.key] = append(a.into[l.key], &l.found[i])
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	for name, a := range streams {
		g.Go(func() error {
			for some := range slices.Chunk(a.subjects, lookAtOnce) {
				if err := s.lookIn(ctx, name, a, some); err != nil {
					return s.split.In(a.partition, err)
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// lookAtOnce is how many subjects one request asks for at most: the server answers with
// 1024 messages, and a customer has few with one worker.
const lookAtOnce = 256

func (s *Schedule) lookIn(ctx context.Context, stream string, a *asked, subjects []string) error {
	msgs, err := s.reads.Get(ctx, stream, map[string]any{"multi_last": subjects})
	if errors.Is(err, bus.ErrTooMany) && len(subjects) > 2 { // one of them has more than most
		half := len(subjects) / 4 * 2
		if err := s.lookIn(ctx, stream, a, subjects[:half]); err != nil {
			return err
		}
		return s.lookIn(ctx, stream, a, subjects[half:])
	}
	if err != nil {
		return err
	}
	for _, m := range msgs {
		p, err := read(m)
		if err != nil {
			return err
		}
		for _, f := range a.into[p.Touch.Customer] {
			f.add(p)
		}
	}
	return nil
}
