package projection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// Store reads and writes customers. It is safe for concurrent use; calls made
// at the same time share round trips.
type Store struct {
	rdb   redis.UniversalClient
	guard *Guard // nil: always ready
	loads combiner[load]
	peeks combiner[peek]
	saves combiner[save]
	marks combiner[customer.Entry]
	seen  highest
}

// New returns a store. The guard is asked before every call.
func New(rdb redis.UniversalClient, guard *Guard) *Store {
	s := &Store{rdb: rdb, guard: guard}
	s.loads.flush, s.peeks.flush, s.saves.flush, s.marks.flush = s.loadAll, s.peekAll, s.saveAll, s.markAll
	return s
}

// ErrBackwards says that a bucket's mark is lower than it was: Redis lost a part
// of what it held, and the timeline must be folded again.
var ErrBackwards = errors.New("a bucket's mark went backwards")

type load struct {
	key customer.Key
	out *customer.Record
}

type peek struct {
	key customer.Key
	out *string
}

type save struct {
	record  *customer.Record // in: what to write and the version it replaces; out: the new version
	ok      *bool
	payload []byte
}

// Load reads customers in one round trip. A customer who is not there is a
// record that is not Found.
func (s *Store) Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error) {
	out := make([]customer.Record, len(keys))
	reqs := make([]load, len(keys))
	for i, k := range keys {
		reqs[i] = load{key: k, out: &out[i]}
	}
	return out, s.loads.do(ctx, reqs)
}

func (s *Store) loadAll(ctx context.Context, reqs []load) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.SliceCmd, len(reqs))
	for i, r := range reqs {
		cmds[i] = pipe.HMGet(ctx, customerKey(r.key), "v", "d", "s")
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("reading customers: %w", err)
	}
	for i, c := range cmds {
		if err := decode(reqs[i], c.Val()); err != nil {
			return err
		}
	}
	return nil
}

func decode(r load, fields []any) error {
	r.out.Key = r.key
	version, ok := fields[0].(string)
	data, _ := fields[1].(string)
	if !ok {
		return nil
	}
	c, err := customer.Decode([]byte(data))
	if err != nil {
		return fmt.Errorf("customer %s: %w", r.key.Token, err)
	}
	r.out.Version, r.out.Customer = version, c
	if seqs, ok := fields[2].(string); ok {
		for b := []byte(seqs); len(b) >= sequenceBytes; b = b[sequenceBytes:] {
			r.out.Timeline = append(r.out.Timeline, binary.BigEndian.Uint64(append(make([]byte, 3, 8), b[:sequenceBytes]...)))
		}
		slices.Sort(r.out.Timeline)
		r.out.Timeline = slices.Compact(r.out.Timeline)
	}
	return nil
}

// Versions reads the versions of customers, in one round trip.
func (s *Store) Versions(ctx context.Context, keys []customer.Key) ([]string, error) {
	out := make([]string, len(keys))
	reqs := make([]peek, len(keys))
	for i, k := range keys {
		reqs[i] = peek{key: k, out: &out[i]}
	}
	return out, s.peeks.do(ctx, reqs)
}

func (s *Store) peekAll(ctx context.Context, reqs []peek) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.StringCmd, len(reqs))
	for i, r := range reqs {
		cmds[i] = pipe.HGet(ctx, customerKey(r.key), "v")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("reading versions: %w", err)
	}
	for i, c := range cmds {
		v, err := c.Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("reading versions: %w", err)
		}
		*reqs[i].out = v
	}
	return nil
}

// casScript writes a customer if nobody else did since it was read. Versions are
// random, never counted: after Redis lost its tail a counted one could come
// round to the same number with other contents.
//
// KEYS[1] customer; ARGV[1] version read ("" = none), [2] new version, [3] data.
// Returns 1, or 0 when the customer was changed meanwhile.
var casScript = redis.NewScript(`
local v = redis.call('HGET', KEYS[1], 'v') or ''
if v ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
return 1`)

// Save writes the records that are still at the version they were read at, and
// says of each whether it was written. A written record has its new version.
func (s *Store) Save(ctx context.Context, records []*customer.Record) ([]bool, error) {
	ok := make([]bool, len(records))
	reqs := make([]save, len(records))
	for i, r := range records {
		data, err := customer.Encode(&r.Customer)
		if err != nil {
			return nil, err
		}
		reqs[i] = save{record: r, ok: &ok[i], payload: data}
	}
	return ok, s.saves.do(ctx, reqs)
}

func (s *Store) saveAll(ctx context.Context, reqs []save) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	versions := make([]string, len(reqs))
	cmds, err := s.eval(ctx, casScript, len(reqs), func(i int) ([]string, []any) {
		r := reqs[i].record
		versions[i] = newVersion()
		return []string{customerKey(r.Key)}, []any{r.Version, versions[i], reqs[i].payload}
	})
	if err != nil {
		return fmt.Errorf("writing customers: %w", err)
	}
	for i, c := range cmds {
		if n, _ := c.Int(); n == 1 {
			*reqs[i].ok, reqs[i].record.Version = true, versions[i]
		}
	}
	return nil
}

// eval runs one script n times in one round trip. Redis forgets scripts when it
// restarts: then they are sent whole.
func (s *Store) eval(ctx context.Context, script *redis.Script, n int, args func(i int) ([]string, []any)) ([]*redis.Cmd, error) {
	keys, argv := make([][]string, n), make([][]any, n)
	for i := range n {
		keys[i], argv[i] = args(i)
	}
	run := func(call func(pipe redis.Pipeliner, i int) *redis.Cmd) ([]*redis.Cmd, error) {
		pipe := s.rdb.Pipeline()
		cmds := make([]*redis.Cmd, n)
		for i := range n {
			cmds[i] = call(pipe, i)
		}
		_, err := pipe.Exec(ctx)
		return cmds, err
	}
	cmds, err := run(func(pipe redis.Pipeliner, i int) *redis.Cmd { return script.EvalSha(ctx, pipe, keys[i], argv[i]...) })
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		// Nothing ran: a node knows a script or does not. (A cluster's other nodes
		// that did run it answer 0 to the second try, which reads as a conflict.)
		cmds, err = run(func(pipe redis.Pipeliner, i int) *redis.Cmd { return script.Eval(ctx, pipe, keys[i], argv[i]...) })
	}
	return cmds, err
}

func newVersion() string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], rand.Uint64())
	return string(b[:])
}

// Suspect has Redis proven complete again: a customer is missing who must have
// been known.
func (s *Store) Suspect() {
	if s.guard != nil {
		s.guard.Distrust()
	}
}
