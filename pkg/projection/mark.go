package projection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/customer"
)

const (
	keptSequences = customer.KeptEntries * customer.SequenceBytes
	versionBytes  = 8
)

// markScript moves the marks of buckets and notes the entries with the customers.
//
// KEYS a mark for each bucket, then the customers, bucket by bucket; ARGV[1] bytes
// of sequences kept, [2] number of buckets, then three for each bucket: its highest
// sequence (decimal), the mark that was seen before (decimal), number of its
// customers; last: the sequences of the customers' entries (5 bytes each).
// Returns for each bucket the mark as it was before, -1 if there was none. If that is
// lower than the one seen before, nothing of the bucket is changed: a new mark would
// hide what was lost.
//
// Lua hashes every byte of every string it makes: that is why field m is put
// together once and taken apart only when it is full.
var markScript = redis.NewScript(`
local keep, buckets, sequences = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[#ARGV]
local out, i = {}, 0
for b = 1, buckets do
  local last = i + tonumber(ARGV[3*b+2])
  local before = tonumber(redis.call('GET', KEYS[b]) or '-1')
  out[b] = before
  if before >= tonumber(ARGV[3*b+1]) then
    while i < last do
      local key = KEYS[buckets+i+1]
      local m = redis.call('HGET', key, 'm')
      if m then
        m = m .. string.sub(sequences, 5*i + 1, 5*i + 5)
        if #m > 8 + keep then m = string.sub(m, 1, 8) .. string.sub(m, -keep) end
        redis.call('HSET', key, 'm', m)
      end
      i = i + 1
    end
    if tonumber(ARGV[3*b]) > before then redis.call('SET', KEYS[b], ARGV[3*b]) end
  end
  i = last
end
return out`)

type bucket struct {
	store string
	n     uint8
}

// highest remembers the highest mark this process has seen of each bucket.
type highest struct {
	mu sync.Mutex
	of map[string]*[customer.Buckets]uint64 // by store; 0: none
}

// raise takes a mark over and returns the highest seen before.
func (h *highest) raise(b bucket, mark uint64) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	marks := h.of[b.store]
	if marks == nil {
		if h.of == nil {
			h.of = map[string]*[customer.Buckets]uint64{}
		}
		marks = new([customer.Buckets]uint64)
		h.of[b.store] = marks
	}
	before := marks[b.n]
	marks[b.n] = max(before, mark)
	return before
}

// any returns one of the buckets that have a mark, another each time, and the
// highest that was seen of it.
func (h *highest) any() (b bucket, mark uint64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for store, marks := range h.of {
		from := rand.N(customer.Buckets)
		for i := range marks {
			if n := (from + i) % customer.Buckets; marks[n] > 0 {
				return bucket{store, uint8(n)}, marks[n], true
			}
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
	return s.Mark(ctx, s.unmarked.with(epoch, entries))
}

// unmarked are entries in force that say who is who, and are marked with the next that
// are. A process that stops before leaves them above the mark: they are folded again.
type unmarked struct {
	mu      sync.Mutex
	epoch   uint64
	entries []customer.Entry
}

// add notes what was folded in an epoch. What is from an earlier one is not marked any
// more: the refold that ended that epoch came to it, or will.
func (u *unmarked) add(epoch uint64, entries []customer.Entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if epoch != u.epoch {
		u.epoch, u.entries = epoch, nil
	}
	u.entries = append(u.entries, entries...)
}

// with returns entries that were folded in an epoch, and what else is to be marked of it.
func (u *unmarked) with(epoch uint64, entries []customer.Entry) []customer.Entry {
	u.mu.Lock()
	defer u.mu.Unlock()
	if epoch != u.epoch || len(u.entries) == 0 {
		return entries
	}
	more := u.entries
	u.entries = nil
	return slices.Concat(entries, more)
}

// Mark says that timeline entries are folded: it moves their buckets' marks and
// notes the entries with the customers. ErrBackwards means that Redis lost
// something in the meantime; the guard is told, and the fold must be done again.
func (s *Customers) Mark(ctx context.Context, entries []customer.Entry) error {
	return s.suspicious(s.marks.Do(ctx, entries))
}

// suspicious tells the guard of an error that says that Redis lost something.
func (s *Customers) suspicious(err error) error {
	if errors.Is(err, ErrBackwards) {
		s.lost() // the proof that follows also tells which marks there are then
	}
	return err
}

func (s *Customers) markAll(ctx context.Context, entries []customer.Entry) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	m := s.marking(entries)
	cmds, err := s.eval(ctx, nil, len(m.scripts), m.call)
	if err != nil {
		return fmt.Errorf("moving marks: %w", err)
	}
	return m.done(cmds)
}

// marking is a set of entries that are being marked.
type marking struct {
	s       *Customers
	entries []customer.Entry
	scripts [][]marked // what each script marks
}

// marked are the entries of one bucket.
type marked struct {
	bucket bucket
	of     []int  // the places of those that are noted with the customers
	top    uint64 // the highest sequence
	known  int64  // the mark that was seen before
}

func (s *Customers) marking(entries []customer.Entry) *marking {
	m := &marking{s: s, entries: entries}
	size := 0
	for _, g := range byBucket(len(entries), func(i int) customer.Key { return entries[i].Key }) {
		first := entries[g[0]].Key
		b := marked{bucket: bucket{first.Store, first.Bucket}}
		for _, i := range g {
			b.top = max(b.top, entries[i].Sequence)
		}
		// Nobody looks for links among the entries of a mailbox, which mostly has no record.
		b.of = slices.DeleteFunc(g, func(i int) bool { return entries[i].Event.Type == events.TypePersonLinked })
		if last := len(m.scripts) - 1; last >= 0 && !s.nodes && size+len(b.of) <= mostInScript {
			m.scripts[last] = append(m.scripts[last], b)
			size += len(b.of)
		} else {
			m.scripts = append(m.scripts, []marked{b})
			size = len(b.of)
		}
	}
	return m
}

// call returns the n-th script.
func (m *marking) call(n int) (*redis.Script, []string, []any) {
	var keys []string
	args := []any{keptSequences, len(m.scripts[n])}
	var sequences []byte
	for i := range m.scripts[n] {
		b := &m.scripts[n][i]
		b.known = m.s.known(b.bucket)
		keys, args = append(keys, markKey(b.bucket.store, b.bucket.n)), append(args, b.top, b.known, len(b.of))
	}
	for _, b := range m.scripts[n] {
		for _, i := range b.of {
			keys = append(keys, customerKey(m.entries[i].Key))
			var s [8]byte
			binary.BigEndian.PutUint64(s[:], m.entries[i].Sequence)
			sequences = append(sequences, s[8-customer.SequenceBytes:]...)
		}
	}
	return markScript, keys, append(args, sequences)
}

// done reads the answers of the scripts.
func (m *marking) done(cmds []*redis.Cmd) (err error) {
	for n, c := range cmds {
		before, cerr := c.Int64Slice()
		if cerr == nil && len(before) != len(m.scripts[n]) {
			cerr = fmt.Errorf("%d answers for %d buckets", len(before), len(m.scripts[n]))
		}
		if cerr != nil {
			return fmt.Errorf("moving marks: %w", cerr)
		}
		for i, b := range m.scripts[n] {
			if before[i] < b.known {
				err = fmt.Errorf("%w: store %s, bucket %d: %d, and was %d", ErrBackwards, b.bucket.store, b.bucket.n, before[i], b.known)
			} else {
				m.s.seen.raise(b.bucket, b.top)
			}
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
	marks, _, err := s.marksOf(ctx, store)
	return marks, err
}

// marksOf is Marks, and says which buckets have none.
func (s *Customers) marksOf(ctx context.Context, store string) (marks [customer.Buckets]uint64, none [customer.Buckets]bool, err error) {
	pipe := s.rdb.Pipeline()
	var cmds [customer.Buckets]*redis.StringCmd
	for b := range cmds {
		cmds[b] = pipe.Get(ctx, markKey(store, uint8(b)))
	}
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
		return marks, none, fmt.Errorf("reading marks: %w", err)
	}
	for b, c := range cmds {
		n, err := c.Uint64()
		if err != nil && err != redis.Nil {
			return marks, none, fmt.Errorf("mark of store %s, bucket %d: %w", store, b, err)
		}
		marks[b], none[b] = n, err == redis.Nil
	}
	return marks, none, nil
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
