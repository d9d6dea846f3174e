package projection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap/zaptest"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// tape is a timeline in memory.
type tape struct {
	mu      sync.Mutex
	entries []customer.Entry
	lasts   map[uint8]uint64 // what Lasts says beyond the entries
	reads   []read
	err     error
	fails   int  // which entry to append fails, once; 0: none
	cluster bool // Redis is taken for a cluster by who works with this timeline
}

var errDown = errors.New("a server is down")

type read struct {
	buckets  int
	from, to uint64
}

// record appends an entry and returns it with its sequence.
func (p *tape) record(e customer.Entry) customer.Entry {
	e.Sequence = uint64(len(p.entries) + 1)
	p.entries = append(p.entries, e)
	return e
}

func (p *tape) Identity(context.Context) (id string, ends [customer.Buckets]uint64, err error) {
	for b := range ends {
		ends[b] = 1 << 40
	}
	return "the first", ends, nil
}

// Parts says that all buckets are on one stream.
func (p *tape) Parts() [][]uint8 {
	all := make([]uint8, customer.Buckets)
	for b := range all {
		all[b] = uint8(b)
	}
	return [][]uint8{all}
}

func (p *tape) Lasts(_ context.Context, store string) (out [customer.Buckets]uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for b, n := range p.lasts {
		out[b] = n
	}
	for _, e := range p.entries {
		if e.Key.Store == store {
			out[e.Key.Bucket] = max(out[e.Key.Bucket], e.Sequence)
		}
	}
	return out, p.err
}

func (p *tape) ReadType(_ context.Context, store string, of events.Type, after customer.Cursor, fn func([]customer.Entry) error) error {
	var mine []customer.Entry
	for _, e := range p.facts(of) {
		if e.Key.Store == store && !after.Covers(e) {
			mine = append(mine, e)
		}
	}
	return fn(mine)
}

func (p *tape) Read(_ context.Context, store string, buckets []uint8, from, to uint64, fn func([]customer.Entry) error) error {
	p.mu.Lock()
	p.reads = append(p.reads, read{len(buckets), from, to})
	entries := slices.Clone(p.entries)
	p.mu.Unlock()
	var mine []customer.Entry
	for _, e := range entries {
		if e.Key.Store == store && slices.Contains(buckets, e.Key.Bucket) && e.Sequence >= from && e.Sequence <= to {
			mine = append(mine, e)
		}
	}
	for batch := range slices.Chunk(mine, 7) {
		if err := fn(slices.Clone(batch)); err != nil {
			return err
		}
	}
	return nil
}

// recorded is a tape of three orders of each of some customers, and the thanks.
func recorded(t *testing.T, store string, customers int) *tape {
	p := &tape{}
	for i := range 3 {
		for n := range customers {
			key := ids(t).Key(store, fmt.Sprint("c", n))
			p.record(order(key, n, i))
			p.record(thanked(key, n, i))
		}
	}
	return p
}

// complete checks that every customer is the fold of all the tape has of them.
func complete(t *testing.T, s *projection.Customers, entries []customer.Entry) {
	t.Helper()
	want := map[customer.Key]*customer.Customer{}
	for _, e := range entries {
		if want[e.Key] == nil {
			want[e.Key] = &customer.Customer{}
		}
		customer.Apply(want[e.Key], e.Event)
	}
	for key, c := range want {
		if d := same(*c, load(t, s, key).Customer); d != "" {
			t.Errorf("customer %s is not the fold of the timeline (-fold +kept):\n%s", key.Token, d)
		}
	}
}

// rebuilder is a rebuilder and the guard it works for. A miniredis has no run id.
func rebuilder(t *testing.T, url string, p projection.Timeline, stores ...string) (*projection.Rebuilder, *projection.Guard) {
	g := projection.NewGuard(!isReal(t, url))
	o := projection.RebuildOptions{Stores: stores, Log: zaptest.NewLogger(t), Look: 10 * time.Millisecond}
	return projection.NewRebuilder(homingtest.Redis(t, url), g, p, o), g
}

func isReal(t *testing.T, url string) bool {
	info, err := homingtest.Redis(t, url).Info(t.Context(), "server").Result()
	return err == nil && strings.Contains(info, "run_id:")
}

func TestCustomersAreBuiltFromNothing(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 20)
		r, g := rebuilder(t, url, p, "main", "outlet")
		if err := g.Ready(); !errors.Is(err, projection.ErrRebuilding) {
			t.Fatalf("before: %v, want ErrRebuilding", err)
		}
		if err := r.Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.Ready(); err != nil {
			t.Fatalf("after: %v", err)
		}
		store := projection.New(homingtest.Redis(t, url), nil)
		complete(t, store, p.entries)
		marks, err := store.Marks(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.entries {
			if marks[e.Key.Bucket] < e.Sequence {
				t.Fatalf("the mark of bucket %d is %d, and entry %d is folded", e.Key.Bucket, marks[e.Key.Bucket], e.Sequence)
			}
		}
		if err := r.Prove(t.Context()); err != nil || len(p.reads) != 1 {
			t.Errorf("proving again: %v, and the timeline was read %d times, want once", err, len(p.reads))
		}
	})
}

func TestOnlyWhatIsMissingIsReadFromTheLowestMark(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p, rdb := recorded(t, "main", 20), homingtest.Redis(t, url)
		store := projection.New(rdb, nil)
		known := p.entries[:70]
		for b := range customer.Buckets { // it was proven complete once
			rdb.SetNX(t.Context(), fmt.Sprintf("homing:{main.%d}:mark", b), 0, 0)
		}
		if err := store.Fold(t.Context(), known); err != nil {
			t.Fatal(err)
		}
		if err := store.Mark(t.Context(), known); err != nil {
			t.Fatal(err)
		}
		marks, err := store.Marks(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		lasts, _ := p.Lasts(t.Context(), "main")
		want := read{from: 1 << 40}
		for b, last := range lasts {
			if last > marks[b] {
				want = read{want.buckets + 1, min(want.from, marks[b]+1), max(want.to, last)}
			}
		}
		r, _ := rebuilder(t, url, p, "main")
		if err := r.Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(p.reads) != 1 || p.reads[0] != want {
			t.Errorf("read %+v, want once %+v", p.reads, want)
		}
		complete(t, store, p.entries)
	})
}

func TestABucketWhoseLastEntryIsGoneIsNotReadForEver(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 3)
		p.lasts = map[uint8]uint64{7: 900}
		r, g := rebuilder(t, url, p, "main")
		if err := r.Prove(t.Context()); err != nil || g.Ready() != nil {
			t.Fatal(err, g.Ready())
		}
		if err := r.Prove(t.Context()); err != nil || len(p.reads) != 1 {
			t.Errorf("read %d times, %v; want once", len(p.reads), err)
		}
	})
}

func TestTwoRebuildersAtOnceAgree(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 60)
		var wg sync.WaitGroup
		for range 2 {
			r, g := rebuilder(t, url, p, "main")
			wg.Go(func() {
				if err := r.Prove(t.Context()); err != nil || g.Ready() != nil {
					t.Error(err, g.Ready())
				}
			})
		}
		wg.Wait()
		complete(t, projection.New(homingtest.Redis(t, url), nil), p.entries)
	})
}

// busy is a timeline to which another process appends, and whose marks it moves, just
// after anybody has asked where it ends.
type busy struct {
	*tape
	takes func()
}

func (p busy) Identity(context.Context) (id string, ends [customer.Buckets]uint64, err error) {
	for b := range ends {
		ends[b] = uint64(len(p.entries))
	}
	p.takes()
	return "the first", ends, nil
}

func TestAnEventThatIsTakenInMeanwhileMakesNoOtherTimeline(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store := projection.New(homingtest.Redis(t, url), nil)
		p := busy{tape: recorded(t, "main", 3)}
		n := 0
		p.takes = func() {
			n++
			e := []customer.Entry{p.record(order(ids(t).Key("main", fmt.Sprint("new", n)), n, 0))}
			if err := errors.Join(store.Fold(t.Context(), e), store.Mark(t.Context(), e)); err != nil {
				t.Error(err)
			}
		}
		r, g := rebuilder(t, url, p, "main")
		for range 3 { // as processes start one after the other
			if err := r.Prove(t.Context()); err != nil || g.Ready() != nil {
				t.Fatal(err, g.Ready())
			}
		}
		for i, read := range p.reads {
			if i > 0 && read.from == 1 {
				t.Errorf("the timeline was read from the start again: %+v", p.reads)
			}
		}
	})
}

func TestATimelineThatIsAwayProvesNothing(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 3)
		p.err = errors.New("no servers available")
		r, g := rebuilder(t, url, p, "main")
		if err := r.Prove(t.Context()); !errors.Is(err, p.err) {
			t.Errorf("%v, want that the timeline is away", err)
		}
		if err := g.Ready(); !errors.Is(err, projection.ErrRebuilding) {
			t.Errorf("the guard trusts: %v", err)
		}
	})
}

func TestAMarkThatGoesBackwardsEndsTheTrust(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 5)
		r, g := rebuilder(t, url, p, "main")
		rdb := homingtest.Redis(t, url)
		store, ctx := projection.New(rdb, g), t.Context()
		if err := r.Prove(ctx); err != nil {
			t.Fatal(err)
		}
		<-g.Wanted() // the one of the start
		put := func() error {
			epoch := store.Epoch()
			e := p.record(order(p.entries[0].Key, 0, len(p.entries)))
			return errors.Join(store.Fold(ctx, []customer.Entry{e}), store.MarkIn(ctx, epoch, []customer.Entry{e}))
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		epoch := store.Epoch()
		if err := homingtest.Admin(t, rdb).FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		if err := put(); !errors.Is(err, projection.ErrBackwards) {
			t.Fatalf("%v, want ErrBackwards", err)
		}
		if _, err := store.Load(ctx, []customer.Key{p.entries[0].Key}); !errors.Is(err, projection.ErrRebuilding) {
			t.Errorf("a customer is read from a Redis that forgot some: %v", err)
		}
		select {
		case <-g.Wanted():
		default:
			t.Error("nobody is asked for a proof")
		}
		if err := r.Prove(ctx); err != nil {
			t.Fatal(err)
		}
		if err := store.MarkIn(ctx, epoch, p.entries[:1]); !errors.Is(err, projection.ErrRebuilding) {
			t.Errorf("a fold of before is marked: %v", err)
		}
		if err := put(); err != nil {
			t.Errorf("after the proof: %v", err)
		}
		complete(t, store, p.entries)
	})
}

// A process that only reads notices it as well, whether all is gone or a part.
func TestAReadNoticesThatAMarkWentBackwards(t *testing.T) {
	for name, lose := range map[string]func(rdb *redis.Client, mark string) error{
		"all is gone": func(rdb *redis.Client, _ string) error {
			return homingtest.Admin(t, rdb).FlushAll(context.Background()).Err()
		},
		"the mark is gone":    func(rdb *redis.Client, mark string) error { return rdb.Del(context.Background(), mark).Err() },
		"the mark is old":     func(rdb *redis.Client, mark string) error { return rdb.Set(context.Background(), mark, 1, 0).Err() },
		"the mark is no mark": func(rdb *redis.Client, mark string) error { return rdb.Set(context.Background(), mark, "x", 0).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			homingtest.BothRedises(t, func(t *testing.T, url string) {
				p := recorded(t, "main", 5)
				r, g := rebuilder(t, url, p, "main")
				rdb := homingtest.Redis(t, url)
				store := projection.New(rdb, g)
				if err := r.Prove(t.Context()); err != nil {
					t.Fatal(err)
				}
				last := p.entries[len(p.entries)-1].Key
				if err := lose(rdb, fmt.Sprintf("homing:{main.%d}:mark", last.Bucket)); err != nil {
					t.Fatal(err)
				}
				other := last // of a bucket of which nothing is known
				other.Bucket++
				records, err := store.Load(t.Context(), []customer.Key{other, last})
				if err == nil {
					t.Fatalf("a Redis that forgot was read: %v", records)
				}
				if name != "the mark is no mark" && !errors.Is(err, projection.ErrBackwards) {
					t.Errorf("%v, want ErrBackwards", err)
				}
			})
		})
	}
}

// guarded is a client that reaches proven servers only.
func guarded(t *testing.T, url string, g *projection.Guard) *redis.Client {
	return homingtest.Redis(t, url, func(o *redis.Options) { o.OnConnect = g.OnConnect })
}

func TestNoConnectionReachesARedisThatWasNotProven(t *testing.T) {
	s := homingtest.StartRedis(t)
	p := recorded(t, "main", 3)
	r, g := rebuilder(t, s.URL(), p, "main")
	rdb, ctx := guarded(t, s.URL(), g), t.Context()
	refused := func(when string) {
		t.Helper()
		if err := rdb.Ping(ctx).Err(); !errors.Is(err, projection.ErrRebuilding) {
			t.Fatalf("%s: %v, want ErrRebuilding", when, err)
		}
	}
	refused("before the first proof")
	if err := r.Prove(ctx); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Ping(ctx).Err(); err != nil {
		t.Fatalf("after the proof: %v", err)
	}
	epoch := g.Epoch()
	s.Kill()
	s.Restart()
	refused("after a restart")
	if g.Epoch() == epoch || g.Ready() == nil {
		t.Errorf("epoch %d, was %d, ready %v: the guard did not notice", g.Epoch(), epoch, g.Ready())
	}
	if err := r.Prove(ctx); err != nil {
		t.Fatal(err)
	}
	if err := rdb.Ping(ctx).Err(); err != nil {
		t.Errorf("after the second proof: %v", err)
	}
}

func TestARedisThatMayEvictIsRefused(t *testing.T) {
	s := homingtest.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	r, g := rebuilder(t, s.URL(), recorded(t, "main", 1), "main")
	if err := r.Prove(t.Context()); !errors.Is(err, projection.ErrEviction) || !strings.Contains(err.Error(), "allkeys-lru") {
		t.Errorf("%v, want ErrEviction that names the policy", err)
	}
	if g.Ready() == nil {
		t.Error("the guard trusts it")
	}
}

func TestTheRebuilderComesWheneverTheGuardWantsIt(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 5)
		r, g := rebuilder(t, url, p, "main")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		eventually(t, "ready", func() bool { return g.Ready() == nil })
		g.Distrust()
		eventually(t, "ready again", func() bool { return g.Ready() == nil })
		epoch := g.Epoch()
		if err := homingtest.Admin(t, homingtest.Redis(t, url)).FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "noticed that Redis is empty, and filled it", func() bool { return g.Epoch() != epoch && g.Ready() == nil })
		complete(t, projection.New(homingtest.Redis(t, url), nil), p.entries)
		cancel()
		<-done
	})
}

// eventually polls until ok, for up to ten seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}
