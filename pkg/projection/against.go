package projection

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// against is what was judged by, and is looked at once more after a write.
type against struct {
	records   []customer.Record
	mailboxes []customer.Key
	ids       [][]customer.Key // of the mailboxes, as they were
	later     bool             // it takes a round trip of its own
	same      bool             // nothing changed

	versions []*redis.StringCmd
	links    func() (many []int, err error)
	now      [][]customer.Key
}

// ask asks in a pipeline, perhaps once more.
func (l *against) ask(ctx context.Context, s *Customers, pipe redis.Pipeliner) {
	l.versions = l.versions[:0]
	for _, r := range l.records {
		l.versions = append(l.versions, pipe.HGet(ctx, customerKey(r.Key), "m"))
	}
	l.now = make([][]customer.Key, len(l.mailboxes))
	l.links = s.linking(ctx, pipe, l.mailboxes, l.now)
}

// answer reads the answers.
func (l *against) answer() error {
	l.same = true
	for i, c := range l.versions {
		m, err := c.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("looking at customers again: %w", err)
		}
		l.same = l.same && versionOf(m) == l.records[i].Version
	}
	many, err := l.links()
	if err != nil {
		return err
	}
	for i, ids := range l.now {
		// With very many ids, more of them change little: see keptLinks.
		if !slices.Contains(many, i) {
			l.same = l.same && slices.Equal(ids, l.ids[i])
		}
	}
	return nil
}
