package connect

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"homing/pkg/config"
)

// Hosts returns where the configuration has NATS and Redis, as "nats h1:4222" and "redis
// h2:6379", without what every machine has: a loopback address says nothing.
func Hosts(c *config.Config) (out []string) {
	for u := range strings.SplitSeq(c.NATS.URL.Reveal(), ",") {
		u = strings.TrimSpace(u)
		if !strings.Contains(u, "://") {
			u = "nats://" + u
		}
		if p, err := url.Parse(u); err == nil {
			out = append(out, named("nats ", hosts(p, "4222"))...)
		}
	}
	if p, err := url.Parse(c.Redis.URL.Reveal()); err == nil {
		out = append(out, named("redis ", hosts(p, "6379"))...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func named(kind string, all []string) (out []string) {
	for _, h := range all {
		host, _, err := net.SplitHostPort(h)
		if err != nil || host == "" || host == "localhost" {
			continue
		}
		if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
			continue
		}
		out = append(out, kind+h)
	}
	return out
}
