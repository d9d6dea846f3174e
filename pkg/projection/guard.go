package projection

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"homing/pkg/redischeck"
)

// ErrRebuilding refuses a call while it is not known that Redis holds
// everything the timeline says.
var ErrRebuilding = errors.New("customers in Redis are being brought up to the timeline")

// Guard lets nobody read or write customers in a Redis that may have lost some
// of them. A Redis is known by its run id, which changes with each start and
// each failover: a connection to one that was not proven complete is refused,
// so that no command can slip in between a crash and the refold.
type Guard struct {
	// Embedded is set for a Redis inside this process, which has no run id and
	// cannot restart alone.
	Embedded bool

	mu     sync.Mutex
	proven map[string]bool
	ready  bool
	epoch  uint64
	lost   bool          // the servers that were trusted had lost something, under the same run ids
	wanted chan struct{} // holds a token while a proof is wanted

	seen highest // the marks of the Redis that is trusted
}

// NewGuard returns a guard that trusts no Redis yet.
func NewGuard(embedded bool) *Guard {
	g := &Guard{Embedded: embedded, proven: map[string]bool{}, wanted: make(chan struct{}, 1)}
	g.wanted <- struct{}{}
	return g
}

// Ready returns nil, or ErrRebuilding. A nil guard is always ready.
func (g *Guard) Ready() error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.ready {
		return ErrRebuilding
	}
	return nil
}

// Epoch counts how often the guard lost its trust. What was folded in an
// earlier epoch may be gone.
func (g *Guard) Epoch() uint64 {
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.epoch
}

// Distrust refuses all calls until Redis has been proven complete again.
func (g *Guard) Distrust() { g.distrust(false) }

// distrust is Distrust; lost: since Redis lost something.
func (g *Guard) distrust(lost bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ready {
		g.lost = g.lost || lost
		g.ready = false
		g.epoch++
		clear(g.proven)
	}
	select {
	case g.wanted <- struct{}{}:
	default:
	}
}

// Wanted yields when a proof is wanted.
func (g *Guard) Wanted() <-chan struct{} { return g.wanted }

// trust takes the Redis servers with these run ids for complete.
func (g *Guard) trust(runs []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range runs {
		g.proven[id] = true
	}
	g.ready, g.lost = true, false
}

// hasLost reports whether the Redis that was trusted last had lost something.
func (g *Guard) hasLost() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lost
}

// OnConnect is for redis.Options.OnConnect: it refuses a server that has not
// been proven complete. A sentinel has no customers that could be missing, and go-redis
// asks about its connections, too.
func (g *Guard) OnConnect(ctx context.Context, cn *redis.Conn) error {
	id, mode, err := g.who(ctx, cn)
	if err != nil {
		return err
	}
	if mode == "sentinel" {
		return nil
	}
	g.mu.Lock()
	ok := g.proven[id]
	g.mu.Unlock()
	if ok {
		return nil
	}
	if g.replica(ctx, cn) {
		return errReplica // a cluster asks it for the slots; another node will tell
	}
	g.Distrust()
	return ErrRebuilding
}

// errReplica refuses a connection to a replica. One that is promoted is met again
// as a master, and must be proven complete.
var errReplica = errors.New("this Redis is a replica")

func (g *Guard) replica(ctx context.Context, cn *redis.Conn) bool {
	if g.Embedded {
		return false
	}
	info, err := cn.Info(ctx, "replication").Result()
	return err == nil && redischeck.ParseInfo(info)["role"] == "slave"
}

func (g *Guard) runID(ctx context.Context, c redis.Cmdable) (string, error) {
	id, _, err := g.who(ctx, c)
	return id, err
}

// who asks a server for its run id, and for its mode: standalone, cluster or sentinel.
func (g *Guard) who(ctx context.Context, c redis.Cmdable) (id, mode string, err error) {
	if g != nil && g.Embedded {
		return "embedded", "standalone", nil
	}
	text, err := c.Info(ctx, "server").Result()
	if err != nil {
		return "", "", fmt.Errorf("asking Redis who it is (INFO server): %w", err)
	}
	info := redischeck.ParseInfo(text)
	if info["run_id"] == "" {
		return "", "", errors.New("asking Redis who it is (INFO server): it names no run_id")
	}
	return info["run_id"], info["redis_mode"], nil
}
