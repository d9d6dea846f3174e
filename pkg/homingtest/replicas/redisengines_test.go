package replicas

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
)

// redisEngine is several Redis servers that look after each other.
type redisEngine struct {
	t       *testing.T
	servers []*homingtest.RedisServer
	admins  []*redis.Client
	url     string // for Homing
	// give asks that another server takes over from one that is a master, as an operator
	// would before a restart. It may be refused, or given up later.
	give func(replica int)
}

// start starts one more server.
func (e *redisEngine) start(args ...string) {
	s := homingtest.StartRedis(e.t, args...)
	e.servers, e.admins = append(e.servers, s), append(e.admins, homingtest.Redis(e.t, s.AdminURL()))
}

// role is what a server says it is, and whether what it copies has arrived.
func (e *redisEngine) role(i int) (role string, whole bool) {
	said, err := e.admins[i].Info(e.t.Context(), "replication").Result()
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(said) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name {
		case "role":
			role = value
		case "master_link_status":
			whole = value == "up"
		}
	}
	return role, whole || role == "master"
}

// masters are the servers that are masters.
func (e *redisEngine) masters() (out []int) {
	for i := range e.servers {
		if role, _ := e.role(i); role == "master" {
			out = append(out, i)
		}
	}
	return out
}

// replicaOf returns a server that copies a master.
func (e *redisEngine) replicaOf(master int) int {
	_, port, _ := net.SplitHostPort(e.servers[master].Addr())
	for i := range e.servers {
		said, err := e.admins[i].Info(e.t.Context(), "replication").Result()
		if err == nil && strings.Contains(said, "master_port:"+port+"\r") && strings.Contains(said, "master_link_status:up") {
			return i
		}
	}
	return -1
}

// whole waits until all servers are there, with a copy of each master.
func (e *redisEngine) whole(masters int) {
	e.t.Helper()
	until(e.t, "masters that have copies", time.Minute, func() bool {
		for i := range e.servers {
			if _, whole := e.role(i); !whole {
				return false
			}
		}
		all := e.masters()
		for _, m := range all {
			if e.replicaOf(m) < 0 {
				return false
			}
		}
		return len(all) == masters
	})
}

// kill ends a master as a power cut would, waits until another is one in its place, and
// starts it again.
func (e *redisEngine) kill() {
	e.t.Helper()
	all := e.masters()
	m := all[0]
	e.t.Logf("the Redis at %s is killed", e.servers[m].Addr())
	e.servers[m].Kill()
	until(e.t, "another master", time.Minute, func() bool { return len(e.masters()) == len(all) })
	e.servers[m].Restart()
	e.whole(len(all))
}

// roll restarts every server in turn, the masters after another has taken over, and goes
// on when all is ready.
func (e *redisEngine) roll(ready func()) {
	e.t.Helper()
	n := len(e.masters())
	for i, s := range e.servers {
		if role, _ := e.role(i); role == "master" {
			var asked time.Time
			until(e.t, "a master that has given up its place", time.Minute, func() bool {
				if r := e.replicaOf(i); r >= 0 && time.Since(asked) > 8*time.Second {
					asked = time.Now()
					e.give(r)
				}
				role, _ := e.role(i)
				return role == "slave"
			})
			e.whole(n)
		}
		s.Kill()
		s.Restart()
		e.whole(n)
		ready()
	}
}

// startRedisCluster starts three masters with a replica each.
func startRedisCluster(t *testing.T) *redisEngine {
	t.Helper()
	e := &redisEngine{t: t}
	ctx := t.Context()
	const masters = 3
	e.servers, e.admins = homingtest.StartRedisNodes(t, masters, masters, "--cluster-node-timeout", "1500", "--cluster-replica-validity-factor", "0",
		"--repl-diskless-sync-delay", "0", "--appendfsync", "everysec")
	var seeds []string
	for i, s := range e.servers {
		seeds = append(seeds, s.Addr())
		if i < masters {
			continue
		}
		id, err := e.admins[i-masters].Do(ctx, "cluster", "myid").Text()
		if err != nil {
			t.Fatal(err)
		}
		until(t, "a replica", time.Minute, func() bool { return e.admins[i].Do(ctx, "cluster", "replicate", id).Err() == nil })
	}
	e.whole(masters)
	e.url = "redis+cluster://homing:homing@" + strings.Join(seeds, ",")
	e.give = func(replica int) { _ = e.admins[replica].Do(ctx, "cluster", "failover").Err() }
	return e
}

// startSentinels starts a master with two replicas, and three sentinels.
func startSentinels(t *testing.T) *redisEngine {
	t.Helper()
	e := &redisEngine{t: t}
	ctx := t.Context()
	e.start("--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(e.servers[0].Addr())
	for range 2 {
		e.start("--repl-diskless-sync-delay", "0", "--replicaof", host+" "+port)
	}
	e.whole(1)
	var at []string
	var sentinels []*redis.Client
	for range 3 {
		at = append(at, startSentinel(t))
		c := homingtest.Redis(t, "redis://"+at[len(at)-1])
		until(t, "a sentinel that answers", 20*time.Second, func() bool { return c.Ping(ctx).Err() == nil })
		if err := c.Do(ctx, "sentinel", "monitor", "shops", host, port, 2).Err(); err != nil {
			t.Fatal(err)
		}
		for _, set := range [][2]any{{"down-after-milliseconds", 1000}, {"failover-timeout", 5000}} {
			if err := c.Do(ctx, "sentinel", "set", "shops", set[0], set[1]).Err(); err != nil {
				t.Fatal(err)
			}
		}
		sentinels = append(sentinels, c)
	}
	for _, c := range sentinels {
		until(t, "sentinels that know each other, and the replicas", time.Minute, func() bool {
			said, err := c.Do(ctx, "sentinel", "master", "shops").Result()
			m, ok := said.(map[any]any)
			return err == nil && ok && m["num-other-sentinels"] == "2" && m["num-slaves"] == "2"
		})
	}
	e.url = "redis+sentinel://homing:homing@" + strings.Join(at, ",") + "/shops"
	e.give = func(int) { _ = sentinels[0].Do(ctx, "sentinel", "failover", "shops").Err() }
	return e
}

// startSentinel starts one that watches over nothing yet, and returns its address.
func startSentinel(t *testing.T) string {
	t.Helper()
	dir, port := t.TempDir(), homingtest.FreePort(t)
	conf := filepath.Join(dir, "sentinel.conf") // it writes to it
	if err := os.WriteFile(conf, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redis-server", conf, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return "127.0.0.1:" + strconv.Itoa(port)
}
