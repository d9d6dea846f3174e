package projection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// sequenceBytes is how many bytes of a timeline sequence are kept: enough for a
// trillion entries. A record holds the last 100.
const (
	sequenceBytes = 5
	keptSequences = 100 * sequenceBytes
)

// markScript moves a bucket's mark and notes the entries with their customers.
//
// KEYS[1] mark, KEYS[2…] customers; ARGV[1] highest sequence (decimal), [2] bytes
// of sequences kept, [3…] sequence of each customer's entry (5 bytes).
// Returns the mark as it was before, 0 if there was none.
var markScript = redis.NewScript(`
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    local s = (redis.call('HGET', KEYS[i], 's') or '') .. ARGV[i + 1]
    local keep = tonumber(ARGV[2])
    if #s > keep then s = string.sub(s, -keep) end
    redis.call('HSET', KEYS[i], 's', s)
  end
end
if tonumber(ARGV[1]) > before then redis.call('SET', KEYS[1], ARGV[1]) end
return before`)

type bucket struct {
	store string
	n     uint8
}

// highest remembers the highest mark this process has seen of each bucket.
type highest struct {
	mu sync.Mutex
	of map[bucket]uint64
}

// raise takes a mark over and returns the highest seen before.
func (h *highest) raise(b bucket, mark uint64) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[bucket]uint64{}
	}
	before := h.of[b]
	h.of[b] = max(before, mark)
	return before
}

func (h *highest) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.of)
}

// Epoch is to be read before folding what is then marked.
func (s *Store) Epoch() uint64 { return s.guard.Epoch() }

// MarkIn is Mark for what was folded in an epoch. It refuses when Redis lost
// its tail since: the fold may be gone, and must be done again.
func (s *Store) MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error {
	if s.guard.Epoch() != epoch {
		return fmt.Errorf("%w since the fold", ErrRebuilding)
	}
	return s.Mark(ctx, entries)
}

// Mark says that timeline entries are folded: it moves their buckets' marks and
// notes the entries with the customers. ErrBackwards means that Redis lost
// something meanwhile; the guard is told, and the fold must be done again.
func (s *Store) Mark(ctx context.Context, entries []customer.Entry) error {
	err := s.marks.do(ctx, entries)
	if errors.Is(err, ErrBackwards) && s.guard != nil {
		s.seen.forget()
		s.guard.Distrust()
	}
	return err
}

func (s *Store) markAll(ctx context.Context, entries []customer.Entry) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	groups := map[bucket][]customer.Entry{}
	var order []bucket
	for _, e := range entries {
		b := bucket{e.Key.Store, e.Key.Bucket}
		if groups[b] == nil {
			order = append(order, b)
		}
		groups[b] = append(groups[b], e)
	}
	tops := make([]uint64, len(order))
	cmds, err := s.eval(ctx, markScript, len(order), func(i int) ([]string, []any) {
		b := order[i]
		keys, args := []string{markKey(b.store, b.n)}, []any{nil, keptSequences}
		for _, e := range groups[b] {
			tops[i] = max(tops[i], e.Sequence)
			keys = append(keys, customerKey(e.Key))
			args = append(args, binary.BigEndian.AppendUint64(nil, e.Sequence)[8-sequenceBytes:])
		}
		args[0] = strconv.FormatUint(tops[i], 10)
		return keys, args
	})
	if err != nil {
		return fmt.Errorf("moving marks: %w", err)
	}
	for i, c := range cmds {
		before, _ := c.Uint64()
		if known := s.seen.raise(order[i], max(before, tops[i])); before < known {
			err = fmt.Errorf("%w: store %s, bucket %d: %d, and was %d", ErrBackwards, order[i].store, order[i].n, before, known)
		}
	}
	return err
}

// Marks returns the marks of all buckets of a store; 0 where there is none.
func (s *Store) Marks(ctx context.Context, store string) ([customer.Buckets]uint64, error) {
	var out [customer.Buckets]uint64
	pipe := s.rdb.Pipeline()
	var cmds [customer.Buckets]*redis.StringCmd
	for b := range cmds {
		cmds[b] = pipe.Get(ctx, markKey(store, uint8(b)))
	}
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
		return out, fmt.Errorf("reading marks: %w", err)
	}
	for b, c := range cmds {
		n, err := c.Uint64()
		if err != nil && err != redis.Nil {
			return out, fmt.Errorf("mark of store %s, bucket %d: %w", store, b, err)
		}
		out[b] = n
	}
	return out, nil
}
