package projection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

const (
	keptSequences = customer.KeptEntries * customer.SequenceBytes
	versionBytes  = 8
)

// markScript moves a bucket's mark and notes the entries with their customers.
//
// KEYS[1] mark, KEYS[2…] customers; ARGV[1] highest sequence (decimal), [2] bytes
// of sequences kept, [3] the mark that was seen before (decimal), [4] sequences
// of the customers' entries (5 bytes each).
// Returns the mark as it was before, -1 if there was none. If that is lower than
// the one seen before, nothing is changed: a new mark would hide what was lost.
//
// Lua hashes every byte of every string it makes: that is why field m is put
// together once and taken apart only when it is full.
var markScript = redis.NewScript(`
local before = tonumber(redis.call('GET', KEYS[1]) or '-1')
if before < tonumber(ARGV[3]) then return before end
local keep = tonumber(ARGV[2])
for i = 2, #KEYS do
  local m = redis.call('HGET', KEYS[i], 'm')
  if m then
    m = m .. string.sub(ARGV[4], 5*i - 9, 5*i - 5)
    if #m > 8 + keep then m = string.sub(m, 1, 8) .. string.sub(m, -keep) end
    redis.call('HSET', KEYS[i], 'm', m)
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

// any returns one of the buckets that have a mark, another each time, and the
// highest that was seen of it.
func (h *highest) any() (b bucket, mark uint64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for b, mark := range h.of {
		if mark > 0 {
			return b, mark, true
		}
	}
	return bucket{}, 0, false
}

func (h *highest) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.of)
}

// Epoch is to be read before folding what is then marked.
func (s *Customers) Epoch() uint64 { return s.guard.Epoch() }

// MarkIn is Mark for what was folded in an epoch. It refuses when Redis lost
// its tail since: the fold may be gone, and must be done again.
func (s *Customers) MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error {
	if s.guard.Epoch() != epoch {
		return fmt.Errorf("%w since the fold", ErrRebuilding)
	}
	return s.Mark(ctx, entries)
}

// Mark says that timeline entries are folded: it moves their buckets' marks and
// notes the entries with the customers. ErrBackwards means that Redis lost
// something meanwhile; the guard is told, and the fold must be done again.
func (s *Customers) Mark(ctx context.Context, entries []customer.Entry) error {
	return s.suspicious(s.marks.do(ctx, entries))
}

// suspicious tells the guard of an error that says that Redis lost something.
func (s *Customers) suspicious(err error) error {
	if errors.Is(err, ErrBackwards) {
		s.Suspect() // the proof that follows also tells which marks there are then
	}
	return err
}

func (s *Customers) markAll(ctx context.Context, entries []customer.Entry) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	m := s.marking(entries)
	cmds, err := s.eval(ctx, nil, len(m.groups), m.call)
	if err != nil {
		return fmt.Errorf("moving marks: %w", err)
	}
	return m.done(cmds)
}

// marking is a set of entries that are being marked.
type marking struct {
	s       *Customers
	entries []customer.Entry
	groups  [][]int  // of a bucket each
	tops    []uint64 // of each group
	known   []int64  // the mark that each was seen with
}

func (s *Customers) marking(entries []customer.Entry) *marking {
	groups := byBucket(len(entries), func(i int) customer.Key { return entries[i].Key })
	return &marking{s, entries, groups, make([]uint64, len(groups)), make([]int64, len(groups))}
}

// call returns the script that marks a group.
func (m *marking) call(g int) (*redis.Script, []string, []any) {
	first := m.entries[m.groups[g][0]].Key
	m.known[g] = m.s.known(bucket{first.Store, first.Bucket})
	keys := append(make([]string, 0, 1+len(m.groups[g])), markKey(first.Store, first.Bucket))
	sequences := make([]byte, 0, len(m.groups[g])*customer.SequenceBytes)
	for _, i := range m.groups[g] {
		e := &m.entries[i]
		m.tops[g] = max(m.tops[g], e.Sequence)
		keys = append(keys, customerKey(e.Key))
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], e.Sequence)
		sequences = append(sequences, b[8-customer.SequenceBytes:]...)
	}
	return markScript, keys, []any{m.tops[g], keptSequences, m.known[g], sequences}
}

// done reads the answers of the groups.
func (m *marking) done(cmds []*redis.Cmd) (err error) {
	for g, c := range cmds {
		before, cerr := c.Int64()
		if cerr != nil {
			return fmt.Errorf("moving marks: %w", cerr)
		}
		k := m.entries[m.groups[g][0]].Key
		b := bucket{k.Store, k.Bucket}
		if before < m.known[g] {
			err = fmt.Errorf("%w: store %s, bucket %d: %d, and was %d", ErrBackwards, b.store, b.n, before, m.known[g])
		} else {
			m.s.seen.raise(b, m.tops[g])
		}
	}
	return err
}

// known returns the lowest mark that a bucket may have: in a Redis that was proven
// complete every bucket has one, be it 0.
func (s *Customers) known(b bucket) int64 {
	mark := int64(s.seen.raise(b, 0))
	if mark == 0 && s.guard == nil {
		return -1
	}
	return mark
}

// Marks returns the marks of all buckets of a store; 0 where there is none.
func (s *Customers) Marks(ctx context.Context, store string) ([customer.Buckets]uint64, error) {
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

// forgetMarks removes the marks of all buckets of a store.
func (s *Customers) forgetMarks(ctx context.Context, store string) error {
	pipe := s.rdb.Pipeline()
	for b := range customer.Buckets {
		pipe.Del(ctx, markKey(store, uint8(b)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("forgetting marks: %w", err)
	}
	return nil
}

// beginMarks gives every bucket of a store a mark that has none.
func (s *Customers) beginMarks(ctx context.Context, store string) error {
	pipe := s.rdb.Pipeline()
	for b := range customer.Buckets {
		pipe.SetNX(ctx, markKey(store, uint8(b)), 0, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("beginning marks: %w", err)
	}
	return nil
}
