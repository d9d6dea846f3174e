// Package limits says where a request comes from, and counts what comes from there, so
// that nobody outside can keep a public server busy. It remembers what was done lately, too.
// All of it is of one process, and forgets.
package limits

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Proxies are those in front of a server: what they say in X-Forwarded-For is believed.
// None: those on this machine and on private networks are, which nobody on the Internet
// can seem to be on.
type Proxies []netip.Prefix

// From returns where a request comes from: an address, or of IPv6 the network that one
// customer of a provider has; "" where that is not known.
func (p Proxies) From(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	at = at.Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trust(at); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return ""
		}
		at = next.Unmap()
	}
	if p.trust(at) {
		return ""
	}
	bits := 32
	if at.Is6() {
		bits = 64
	}
	network, err := at.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}

func (p Proxies) trust(at netip.Addr) bool {
	if len(p) == 0 {
		return at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast()
	}
	return slices.ContainsFunc(p, func(x netip.Prefix) bool { return x.Contains(at) })
}

const (
	// aMinute is what is counted at a time, and manyCounts how many things are counted in
	// it: beyond that, those that are new are not counted.
	aMinute    = time.Minute
	manyCounts = 100_000
)

// Counts count things, a minute at a time, in little memory however many there are. The
// zero value counts from now on.
type Counts struct {
	mu    sync.Mutex
	began time.Time
	count map[string]int
}

// Count counts one of a kind more, and reports whether it is among the first so many of
// this minute. What has no name ("") is not counted, and always is.
func (c *Counts) Count(kind, name string, most int) bool {
	if name == "" {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.count == nil || now.Sub(c.began) >= aMinute || now.Before(c.began) {
		c.began, c.count = now, map[string]int{}
	}
	key := kind + " " + name
	n, counted := c.count[key]
	if !counted && len(c.count) >= manyCounts {
		return true
	}
	c.count[key] = n + 1
	return n < most
}
