package projection

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/redis/go-redis/v9"

	"homing/pkg/combine"
	"homing/pkg/customer"
)

// Customers reads and writes customers. It is safe for concurrent use; calls made
// at the same time share round trips.
type Customers struct {
	rdb   redis.UniversalClient
	nodes bool   // it is a cluster
	guard *Guard // nil: always ready
	loads combine.Combiner[load]
	peeks combine.Combiner[peek]
	saves combine.Combiner[save]
	marks combine.Combiner[customer.Entry]
	ride  riders

	unmarked unmarked
	seen     *highest

	introductions Appender // nil: who is who is introduced by others
	identity      *customer.Identity
	forget        Forget // nil: nothing is pending
	refolds       bool   // marks are moved by the refold alone
}

// New returns a store. The guard is asked before every call.
func New(rdb redis.UniversalClient, guard *Guard) *Customers {
	_, nodes := rdb.(*redis.ClusterClient)
	s := &Customers{rdb: rdb, nodes: nodes, guard: guard, seen: &highest{}}
	if guard != nil {
		s.seen = &guard.seen
	}
	s.loads.Flush, s.peeks.Flush, s.saves.Flush, s.marks.Flush = s.loadAll, s.peekAll, s.saveAll, s.markAll
	return s
}

// ErrBackwards says that a bucket's mark is lower than it was: Redis lost a part
// of what it held, and the timeline must be folded again.
var ErrBackwards = errors.New("a bucket's mark went backwards")

type load struct {
	key customer.Key
	out *stored         // nil: the customer is not asked for
	ids *[]customer.Key // nil: the links of a mailbox are not asked for
}

// stored is a customer as Redis holds them.
type stored struct{ meta, data string }

type peek struct {
	key customer.Key
	out *string
}

type save struct {
	record  *customer.Record // in: what to write and the version it replaces; out: the new version
	ok      *bool
	payload []byte
	moves   []move // in the indexes
	place   customer.Place
	against *against // what to look at after it is written; nil: nothing
}

// Versions reads the versions of customers, in one round trip.
func (s *Customers) Versions(ctx context.Context, keys []customer.Key) ([]string, error) {
	out := make([]string, len(keys))
	reqs := make([]peek, len(keys))
	for i, k := range keys {
		reqs[i] = peek{key: k, out: &out[i]}
	}
	return out, s.peeks.Do(ctx, reqs)
}

func (s *Customers) peekAll(ctx context.Context, reqs []peek) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	pipe := s.rdb.Pipeline()
	look := peeking(ctx, pipe, reqs)
	carryOut(ctx, pipe)
	return look()
}

// peeking asks for versions in a pipeline; what it returns reads the answers.
func peeking(ctx context.Context, pipe redis.Pipeliner, reqs []peek) (look func() error) {
	cmds := make([]*redis.StringCmd, len(reqs))
	for i, r := range reqs {
		cmds[i] = pipe.HGet(ctx, customerKey(r.key), "m")
	}
	return func() error {
		for i, c := range cmds {
			v, err := c.Result()
			if err != nil && !errors.Is(err, redis.Nil) {
				return fmt.Errorf("reading versions: %w", err)
			}
			*reqs[i].out = versionOf(v)
		}
		return nil
	}
}

// casScript writes those customers that nobody else wrote since they were read, and
// moves them in their buckets' indexes. Versions are random,
// never counted: after Redis lost its tail a counted one could come round to the
// same number with other contents.
//
// KEYS n customers, then the index of each move; ARGV[1] n, then three for each
// customer: version read ("" = none), new version, data; then for each move: which
// customer's (1 to n), field, value; or, to remove, the customer negative, field.
// Returns for each customer 1, or 0 if they were changed since: then nothing
// of theirs moves.
var casScript = redis.NewScript(`
local n, done = tonumber(ARGV[1]), {}
for i = 1, n do
  local m = redis.call('HGET', KEYS[i], 'm') or ''
  if string.sub(m, 1, 8) == ARGV[3*i-1] then
    redis.call('HSET', KEYS[i], 'm', ARGV[3*i] .. string.sub(m, 9), 'd', ARGV[3*i+1])
    done[i] = 1
  else
    done[i] = 0
  end
end
local a = 3*n + 2
for i = n + 1, #KEYS do
  local c = tonumber(ARGV[a])
  if c < 0 then
    if done[-c] == 1 then redis.call('HDEL', KEYS[i], ARGV[a+1]) end
    a = a + 2
  else
    if done[c] == 1 then redis.call('HSET', KEYS[i], ARGV[a+1], ARGV[a+2]) end
    a = a + 3
  end
end
return done`)

// casOneScript is casScript for one customer who stays where the indexes have
// them, as with every claim: it takes a third less of Redis's time.
//
// KEYS[1] customer; ARGV[1] version read ("" = none), [2] new version, [3] data.
// Returns 1, or 0 if they were changed since.
var casOneScript = redis.NewScript(`
local m = redis.call('HGET', KEYS[1], 'm') or ''
if string.sub(m, 1, 8) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'm', ARGV[2] .. string.sub(m, 9), 'd', ARGV[3])
return 1`)

// Save writes the records that are still at the version they were read at, and
// says of each whether it was written. A written record has its new version.
func (s *Customers) Save(ctx context.Context, records []*customer.Record) ([]bool, error) {
	ok := make([]bool, len(records))
	reqs := make([]save, len(records))
	for i, r := range records {
		reqs[i] = saveOf(r, &ok[i], customer.Encode(&r.Customer))
	}
	return ok, s.saves.Do(ctx, reqs)
}

// SaveAgainst is Save for one record that was judged together with others, and with
// the links of some mailboxes. After it is written, it looks whether all of them are
// still at the versions they have here: same. What is written is written all the
// same: the caller undoes it. A record without a key is left out.
//
// Two who save at the same time, each one of two records that both judged by, both
// look after they have written: so at least one sees the other. On one Redis the look
// travels with the write, and is carried out after it. On a cluster it is a round trip
// of its own if it has to do with other customers, and not just with what is known
// about an address.
func (s *Customers) SaveAgainst(ctx context.Context, r *customer.Record, others []*customer.Record, links []customer.Links) (saved, same bool, err error) {
	req := saveOf(r, &saved, customer.Encode(&r.Customer))
	l := &against{links: links}
	for _, o := range others {
		if o.Key.Token == "" || o.Key == r.Key {
			continue
		}
		l.records = append(l.records, o)
		if _, mailbox := customer.LinksOf(links, o.Key); !mailbox {
			l.later = s.nodes
		}
	}
	if !l.later {
		req.against = l
		err = s.saves.Do(ctx, []save{req})
		return saved, err == nil && l.same, err
	}
	if err = s.saves.Do(ctx, []save{req}); err != nil || !saved {
		return saved, false, err
	}
	pipe := s.rdb.Pipeline()
	l.ask(ctx, pipe)
	carryOut(ctx, pipe)
	err = l.answer()
	return saved, err == nil && l.same, err
}

func saveOf(r *customer.Record, ok *bool, payload []byte) save {
	place := customer.PlaceOf(&r.Customer)
	return save{record: r, ok: ok, payload: payload, place: place, moves: moves(r.Key, r.Place, place)}
}

func (s *Customers) saveAll(ctx context.Context, reqs []save) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	versions := make([]string, len(reqs))
	groups := s.perScript(byBucket(len(reqs), func(i int) customer.Key { return reqs[i].record.Key }))
	look := func(pipe redis.Pipeliner) {
		for _, r := range reqs {
			if r.against != nil {
				r.against.ask(ctx, pipe)
			}
		}
	}
	cmds, err := s.eval(ctx, look, len(groups), func(g int) (*redis.Script, []string, []any) {
		n := len(groups[g])
		if first := &reqs[groups[g][0]]; n == 1 && len(first.moves) == 0 {
			versions[groups[g][0]] = newVersion()
			return casOneScript, []string{customerKey(first.record.Key)}, []any{first.record.Version, versions[groups[g][0]], first.payload}
		}
		keys, args := make([]string, 0, 3*n), make([]any, 0, 1+9*n)
		args = append(args, n)
		for _, i := range groups[g] {
			r := reqs[i].record
			versions[i] = newVersion()
			keys = append(keys, customerKey(r.Key))
			args = append(args, r.Version, versions[i], reqs[i].payload)
		}
		for place, i := range groups[g] {
			for _, m := range reqs[i].moves {
				keys = append(keys, m.key)
				if m.remove {
					args = append(args, -place-1, m.field)
				} else {
					args = append(args, place+1, m.field, m.value)
				}
			}
		}
		return casScript, keys, args
	})
	if err != nil {
		return fmt.Errorf("writing customers: %w", err)
	}
	for _, r := range reqs {
		if r.against != nil {
			if err := r.against.answer(); err != nil {
				return err
			}
		}
	}
	for g, c := range cmds {
		var done []int64
		if n, ok := c.Val().(int64); ok {
			done = []int64{n}
		} else if done, err = c.Int64Slice(); err != nil {
			return fmt.Errorf("writing customers: %w", err)
		}
		if len(done) != len(groups[g]) {
			return fmt.Errorf("writing customers: %d answers for %d", len(done), len(groups[g]))
		}
		for n, i := range groups[g] {
			if done[n] == 1 {
				*reqs[i].ok, reqs[i].record.Version, reqs[i].record.Place = true, versions[i], reqs[i].place
			}
		}
	}
	return nil
}

// versionOf returns the version that field m begins with.
func versionOf(m string) string { return m[:min(len(m), versionBytes)] }

func newVersion() string {
	var b [versionBytes]byte
	binary.BigEndian.PutUint64(b[:], rand.Uint64())
	return string(b[:])
}

// Suspect has Redis proven complete again: a customer is missing who must have
// been known.
func (s *Customers) Suspect() {
	if s.guard != nil {
		s.guard.Distrust()
	}
}

// lost has Redis proven complete again: it has lost something.
func (s *Customers) lost() {
	if s.guard != nil {
		s.guard.distrust(true)
	}
}
