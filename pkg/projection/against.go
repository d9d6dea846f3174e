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
	records []*customer.Record
	links   []customer.Links // of mailboxes, as they were
	later   bool             // it takes a round trip of its own
	same    bool             // nothing changed

	versions, linked []*redis.StringCmd
}

// ask asks in a pipeline, perhaps once more.
func (l *against) ask(ctx context.Context, pipe redis.Pipeliner) {
	l.versions, l.linked = l.versions[:0], l.linked[:0]
	for _, r := range l.records {
		l.versions = append(l.versions, pipe.HGet(ctx, customerKey(r.Key), "m"))
	}
	for _, of := range l.links {
		l.linked = append(l.linked, linksIn(ctx, pipe, of.Mailbox))
	}
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
	for i, c := range l.linked {
		ids, many, err := linksOfAnswer(l.links[i].Mailbox.Store, c)
		if err != nil {
			return err
		}
		// With very many ids, more of them change little: see KeptLinks.
		l.same = l.same && (many || slices.Equal(ids, l.links[i].IDs))
	}
	return nil
}
