package homingtest

import (
	"errors"
	"fmt"
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
	servers, _ := StartRedisNodes(t, nodes, 0, "--appendonly", "no")
	user, err := redis.ParseURL(servers[0].URL()) // whom Homing connects as
	if err != nil {
		t.Fatal(err)
	}
	var addrs []string
	for _, s := range servers {
		addrs = append(addrs, s.Addr())
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, Username: user.Username, Password: user.Password})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// StartRedisNodes starts the nodes of a Redis Cluster, each with some arguments as
// StartRedis takes them: masters, which have all keys between them, and then nodes that
// have none yet. It returns them, with a client of each that may do everything, once all
// know each other.
func StartRedisNodes(t testing.TB, masters, more int, args ...string) (servers []*RedisServer, admins []*redis.Client) {
	t.Helper()
	for i := range masters + more {
		talk := strconv.Itoa(FreePort(t)) // where nodes talk to each other
		s := StartRedis(t, append([]string{"--cluster-enabled", "yes", "--cluster-port", talk}, args...)...)
		c := Redis(t, s.AdminURL())
		servers, admins = append(servers, s), append(admins, c)
		if i < masters {
			err := errors.Join(c.ClusterAddSlotsRange(t.Context(), i*slots/masters, (i+1)*slots/masters-1).Err(),
				c.Do(t.Context(), "cluster", "set-config-epoch", i+1).Err())
			if err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 {
			if err := admins[0].Do(t.Context(), "cluster", "meet", "127.0.0.1", s.port, talk).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range admins {
		awaitCluster(t, c, len(admins))
	}
	return servers, admins
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
