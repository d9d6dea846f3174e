package homingtest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// slots is into how many parts a Redis Cluster divides its keys.
const slots = 16384

// StartRedisCluster starts a Redis Cluster of some nodes, without replicas, and returns a
// client of it. Where there is no redis-server the test is skipped; with CI=true it fails.
func StartRedisCluster(t testing.TB, nodes int) *redis.ClusterClient {
	t.Helper()
	var addrs []string
	var all []*redis.Client
	var user *redis.Options // whom Homing connects as
	for i := range nodes {
		talk, err := net.Listen("tcp", "127.0.0.1:0") // where nodes talk to each other
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(talk.Addr().(*net.TCPAddr).Port)
		_ = talk.Close()
		s := StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", port, "--appendonly", "no")
		c := Redis(t, s.AdminURL())
		as, err := redis.ParseURL(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		user = as
		addrs, all = append(addrs, "127.0.0.1:"+s.port), append(all, c)
		from, to := i*slots/nodes, (i+1)*slots/nodes-1
		if err := c.Do(t.Context(), "cluster", "addslotsrange", from, to).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), "cluster", "set-config-epoch", i+1).Err(); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := all[0].Do(t.Context(), "cluster", "meet", "127.0.0.1", s.port, port).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range all {
		awaitCluster(t, c, nodes)
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, Username: user.Username, Password: user.Password})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// awaitCluster waits until a node knows the others, and who has which keys.
func awaitCluster(t testing.TB, c *redis.Client, nodes int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		said, err := c.ClusterInfo(t.Context()).Result()
		if err == nil && strings.Contains(said, "cluster_state:ok") && strings.Contains(said, fmt.Sprint("cluster_known_nodes:", nodes)) &&
			strings.Contains(said, fmt.Sprint("cluster_slots_ok:", slots)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the nodes do not find each other: %v\n%s", err, said)
		}
		<-time.After(20 * time.Millisecond)
	}
}
