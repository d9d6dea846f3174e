package homingtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisEngine is several Redis servers that look after each other: when a master ends,
// one that has a copy takes over from it.
type RedisEngine struct {
	URL string // for Homing

	t       testing.TB
	servers []*RedisServer
	admins  []*redis.Client // that may do everything
	// give asks that another server takes over from one that is a master, as an operator
	// would before a restart. It may be refused, or given up later.
	give func(replica int)
}

// start starts one more server.
func (e *RedisEngine) start(args ...string) {
	s := StartRedis(e.t, args...)
	e.servers, e.admins = append(e.servers, s), append(e.admins, Redis(e.t, s.AdminURL()))
}

// until asks again and again, until it is so, for a minute.
func (e *RedisEngine) until(what string, so func() bool) {
	e.t.Helper()
	for end := time.Now().Add(time.Minute); !so(); {
		if time.Now().After(end) {
			e.t.Fatalf("a minute passed without %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// role is what a server says it is, and whether what it copies has arrived.
func (e *RedisEngine) role(i int) (role string, whole bool) {
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
func (e *RedisEngine) masters() (out []int) {
	for i := range e.servers {
		if role, _ := e.role(i); role == "master" {
			out = append(out, i)
		}
	}
	return out
}

// replicaOf returns a server that copies a master.
func (e *RedisEngine) replicaOf(master int) int {
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
func (e *RedisEngine) whole(masters int) {
	e.t.Helper()
	e.until("masters that have copies", func() bool {
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

// Having returns a client, which may do everything, of the master that has a key; Kill is
// told by the number which it is.
func (e *RedisEngine) Having(key string) (admin *redis.Client, master int) {
	e.t.Helper()
	for _, m := range e.masters() {
		if n, err := e.admins[m].Exists(e.t.Context(), key).Result(); err == nil && n == 1 { // others of a cluster say where it is
			return e.admins[m], m
		}
	}
	e.t.Fatalf("no master has %s", key)
	return nil, 0
}

// Kill ends a master as a power cut would, waits until another is one in its place, and
// starts it again. Which is a number that Having returned; -1: any.
func (e *RedisEngine) Kill(which int) {
	e.t.Helper()
	all := e.masters()
	if which < 0 {
		which = all[0]
	}
	e.t.Logf("the Redis at %s is killed", e.servers[which].Addr())
	e.servers[which].Kill()
	e.until("another master", func() bool { return len(e.masters()) == len(all) })
	e.servers[which].Restart()
	e.whole(len(all))
}

// Roll restarts every server in turn, the masters after another has taken over, and goes
// on when all is ready.
func (e *RedisEngine) Roll(ready func()) {
	e.t.Helper()
	n := len(e.masters())
	for i, s := range e.servers {
		if role, _ := e.role(i); role == "master" {
			var asked time.Time
			e.until("a master that has given up its place", func() bool {
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

// StartReplicatedCluster starts a Redis Cluster of three masters with a replica each. Where
// there is no redis-server the test is skipped; with CI=true it fails.
func StartReplicatedCluster(t testing.TB) *RedisEngine {
	t.Helper()
	e := &RedisEngine{t: t}
	const masters = 3
	e.servers, e.admins = StartRedisNodes(t, masters, masters, "--cluster-node-timeout", "1500", "--cluster-replica-validity-factor", "0",
		"--repl-diskless-sync-delay", "0", "--appendfsync", "everysec")
	var seeds []string
	for i, s := range e.servers {
		seeds = append(seeds, s.Addr())
		if i < masters {
			continue
		}
		id, err := e.admins[i-masters].Do(t.Context(), "cluster", "myid").Text()
		if err != nil {
			t.Fatal(err)
		}
		e.until("a replica", func() bool { return e.admins[i].Do(t.Context(), "cluster", "replicate", id).Err() == nil })
	}
	e.whole(masters)
	e.URL = "redis+cluster://homing:homing@" + strings.Join(seeds, ",")
	e.give = func(replica int) { _ = e.admins[replica].Do(t.Context(), "cluster", "failover").Err() }
	return e
}

// StartSentinels starts a master with two replicas, and three sentinels. Where there is no
// redis-server the test is skipped; with CI=true it fails.
func StartSentinels(t testing.TB) *RedisEngine {
	t.Helper()
	e := &RedisEngine{t: t}
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
		c := Redis(t, "redis://"+at[len(at)-1])
		e.until("a sentinel that answers", func() bool { return c.Ping(ctx).Err() == nil })
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
		e.until("sentinels that know each other, and the replicas", func() bool {
			said, err := c.Do(ctx, "sentinel", "master", "shops").Result()
			m, ok := said.(map[any]any)
			return err == nil && ok && m["num-other-sentinels"] == "2" && m["num-slaves"] == "2"
		})
	}
	e.URL = "redis+sentinel://homing:homing@" + strings.Join(at, ",") + "/shops"
	e.give = func(int) { _ = sentinels[0].Do(ctx, "sentinel", "failover", "shops").Err() }
	return e
}

// startSentinel starts one that watches over nothing yet, and returns its address.
func startSentinel(t testing.TB) string {
	t.Helper()
	dir, port := t.TempDir(), FreePort(t)
	conf := filepath.Join(dir, "sentinel.conf") // it writes to it
	if err := os.WriteFile(conf, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(redisBinary, conf, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return fmt.Sprint("127.0.0.1:", port)
}
