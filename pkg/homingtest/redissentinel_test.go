package homingtest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
	"homing/pkg/redischeck"
	"homing/pkg/timeline"
)

// A master, its replica and their sentinel speak TLS, each with a certificate for its own
// name alone. Each is verified by the name under which it is reached: the sentinel by that
// in redis.url, the master by that which the sentinel tells, also after a failover. A master
// that the sentinel tells of under a name that it has no certificate for is not trusted.
func TestTheMasterThatASentinelNamesIsVerified(t *testing.T) {
	t.Parallel()
	homingtest.StartRedis(t).Kill() // says whether there is one
	a := newAuthority(t)
	a.issue("ours", []string{"homing"})
	server := []string{"--save", "", "--appendonly", "yes", "--tls-replication", "yes", "--repl-diskless-sync-delay", "0", "--user", "default", "on", "nopass", "~*", "&*", "+@all"}
	first, admin := secureRedis(t, a, "localhost", append(server, "--replica-announce-ip", "localhost")...)
	second, adminOfSecond := secureRedis(t, a, "127.0.0.1", append(server, "--replica-announce-ip", "127.0.0.1", "--replicaof", "localhost "+first)...)
	for _, r := range []*redis.Client{admin, adminOfSecond} {
		if err := r.Do(t.Context(), append([]any{"acl", "setuser", "homing", "on", ">homing"}, words(redischeck.ACL)...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	monitor := func(name, host, master string) (port string, sentinel *redis.SentinelClient) {
		t.Helper()
		port, c := secureRedis(t, a, "localhost", "--sentinel", "resolve-hostnames", "yes", "--sentinel", "announce-hostnames", "yes",
			"--tls-replication", "yes")
		if err := c.Do(t.Context(), "sentinel", "monitor", name, host, master, 1).Err(); err != nil {
			t.Fatal(err)
		}
		for _, period := range []string{"info-period", "ping-period", "ask-period", "publish-period"} {
			_ = c.Do(t.Context(), "sentinel", "debug", period, 100).Err() // a Redis that has none of it takes longer
		}
		sentinel = redis.NewSentinelClient(c.Options())
		t.Cleanup(func() { _ = sentinel.Close() })
		return port, sentinel
	}
	at, sentinel := monitor("main", "localhost", first)
	soon(t, "two servers", func() error {
		replicas, err := sentinel.Replicas(t.Context(), "main").Result()
		if err == nil && (len(replicas) != 1 || replicas[0]["master-link-status"] != "ok") {
			err = errors.New("the sentinel knows no replica")
		}
		return err
	})

	c := config.Default()
	c.Redis.TLS = config.TLS{CAFile: a.file("ca"), CertFile: a.file("ours"), KeyFile: a.file("ours-key")}
	guard := projection.NewGuard(false)
	open := func(sentinel, master string, onConnect ...func(context.Context, *redis.Conn) error) redis.UniversalClient {
		t.Helper()
		c.Redis.URL = config.URL("redis+sentinel://homing:homing@" + sentinel + "/" + master)
		rdb, err := connect.Redis(&c, nil, append(onConnect, nil)[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = rdb.Close() })
		return rdb
	}
	rdb := open(net.JoinHostPort("localhost", at), "main")
	if err := rdb.Set(t.Context(), "homing:{main.1}:x", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	// Who works with customers comes by the sentinel as well, and waits for the proof.
	guarded := open(net.JoinHostPort("localhost", at), "main", guard.OnConnect)
	if err := guarded.Set(t.Context(), "homing:{main.1}:x", 1, 0).Err(); !errors.Is(err, projection.ErrRebuilding) {
		t.Errorf("before the proof: %v", err)
	}
	w := projection.NewRebuilder(rdb, guard, timeline.New(nil), projection.RebuildOptions{Log: zap.NewNop()})
	looked := func() {
		t.Helper()
		if err := errors.Join(redischeck.Rights(t.Context(), rdb), w.Prove(t.Context())); err != nil {
			t.Error(err)
		}
		if err := guarded.Set(t.Context(), "homing:{main.1}:x", 1, 0).Err(); err != nil {
			t.Errorf("after the proof: %v", err)
		}
	}
	looked()

	// Neither is the sentinel trusted under another name than its own,
	if words := connect.RedisTrouble(redischeck.Ping(t.Context(), open(net.JoinHostPort("127.0.0.1", at), "main"))); words == "" {
		t.Error("a sentinel under another's name is trusted, or there are no words for it")
	}
	// nor is a master.
	third, _ := secureRedis(t, a, "localhost", server...)
	wrong, _ := monitor("wrong", "127.0.0.1", third)
	if words := connect.RedisTrouble(redischeck.Ping(t.Context(), open(net.JoinHostPort("localhost", wrong), "wrong"))); !strings.Contains(words, "another name") {
		t.Errorf("a master under another's name: %q", words)
	}

	soon(t, "the replica the master", func() error {
		to, err := sentinel.GetMasterAddrByName(t.Context(), "main").Result()
		if err == nil && strings.Join(to, ":") != "127.0.0.1:"+second {
			// One that is under way already, or was given up, is asked for again.
			err = fmt.Errorf("%v is, %w", to, sentinel.Failover(t.Context(), "main").Err())
		}
		return err
	})
	soon(t, "writing to the new master", func() error {
		if err := rdb.Set(t.Context(), "homing:{main.1}:x", 2, 0).Err(); err != nil {
			return err
		}
		if n, err := adminOfSecond.Get(t.Context(), "homing:{main.1}:x").Int(); err != nil || n != 2 {
			return fmt.Errorf("it has %d: %w", n, err)
		}
		return nil
	})
	looked()
}
