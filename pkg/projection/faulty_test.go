package projection_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"homing/pkg/customer"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// faulty is a process that stops after some steps, be they of Redis or of the timeline.
type faulty struct {
	*desk
	mu   sync.Mutex
	left int // steps; 0: it has stopped
	stop bool
}

func openFaulty(t testing.TB, url string, p *tape) *faulty {
	return faultyOn(t, homingtest.Redis(t, url), p)
}

func faultyOn(t testing.TB, rdb *redis.Client, p *tape) *faulty {
	f := &faulty{left: 1 << 30}
	rdb.AddHook(f)
	s := projection.New(rdb, nil)
	f.desk = &desk{Customers: s, tape: p}
	s.IntroduceTo(f, ids(t))
	if p.cluster {
		s.AsOnCluster()
	}
	return f
}

func (f *faulty) stopAfter(n int) { f.left = n }

func (f *faulty) stopped() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stop
}

func (f *faulty) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		f.stop = true
		return errDown
	}
	f.left--
	return nil
}

func (f *faulty) Append(ctx context.Context, entries []customer.Entry) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.tape.Append(ctx, entries)
}

func (f *faulty) take(ctx context.Context, entries []customer.Entry) error {
	if err := fold(ctx, f.Customers, entries); err != nil {
		return err
	}
	if err := f.Append(ctx, entries); err != nil {
		return err
	}
	return f.Mark(ctx, entries)
}

func (f *faulty) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (f *faulty) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook carries out the commands of a pipeline one by one, and stops
// among them: a script is a step.
func (f *faulty) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var first error
		for _, c := range cmds {
			if err := f.step(); err != nil {
				c.SetErr(err)
				first = err
				continue
			}
			if err := next(ctx, []redis.Cmder{c}); err != nil && first == nil {
				first = err
			}
		}
		return first
	}
}

func miniRedis(t testing.TB) string {
	r, err := devstack.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r.URL()
}

// introducing is a rebuilder that introduces ids.
func introducing(t testing.TB, url string, p *tape) *projection.Rebuilder {
	return introducingOn(t, url, p, projection.NewGuard(true))
}

func introducingOn(t testing.TB, url string, p *tape, g *projection.Guard) *projection.Rebuilder {
	r := projection.NewRebuilder(homingtest.Redis(t, url), g, p, rebuildOptions(t, p))
	if p.cluster {
		r.AsOnCluster()
	}
	return r
}

func rebuildOptions(t testing.TB, p projection.Appender) projection.RebuildOptions {
	return projection.RebuildOptions{Stores: []string{"main"}, Log: zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel)), Timeline: p, Identity: ids(t)}
}

// whereFactsAre runs a test for one Redis, where the events that name a mailbox are all
// that the timeline has of its links, and as on a cluster, where it has them as facts.
func whereFactsAre(t *testing.T, test func(t *testing.T, p func() *tape)) {
	for name, cluster := range map[string]bool{"one Redis": false, "as on a cluster": true} {
		t.Run(name, func(t *testing.T) { test(t, func() *tape { return &tape{cluster: cluster} }) })
	}
}
