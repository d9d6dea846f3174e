package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits are about the pages that read a customer: preferences and confirmations.
// Unsubscribing has none: a mailbox provider's one-click requests come from few
// addresses, and each must be answered.
type Limits struct {
	// Proxies are those in front of the gateway: what they say in X-Forwarded-For is
	// believed. Without any, a request from an address that is not public is taken for a
	// proxy's, and nothing is counted by where it comes from.
	Proxies []netip.Prefix
}

const (
	// perLink is how many requests one customer's links may make in a minute, and perAddress
	// how many one address may, which a whole company may share.
	perLink    = 30
	perAddress = 300
	// aMinute is what is counted at a time, and manyCounts how many things are counted in
	// it: beyond that, those that are new are not counted.
	aMinute    = time.Minute
	manyCounts = 100_000
)

// limits counts requests, a minute at a time.
type limits struct {
	Limits
	mu    sync.Mutex
	began time.Time
	count map[string]int
}

func newLimits(l Limits) *limits { return &limits{Limits: l} }

// admit counts a request, and reports whether it is to be answered.
func (l *limits) admit(r *http.Request, token string) bool {
	from := l.from(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.count == nil || now.Sub(l.began) >= aMinute || now.Before(l.began) {
		l.began, l.count = now, map[string]int{}
	}
	return l.one("l"+token, perLink) && (from == "" || l.one("a"+from, perAddress))
}

func (l *limits) one(key string, most int) bool {
	n, counted := l.count[key]
	if !counted && len(l.count) >= manyCounts {
		return true
	}
	l.count[key] = n + 1
	return n < most
}

// from is where a request comes from: an address, or of IPv6 the network of one customer
// of a provider; "" where that is not known.
func (l *limits) from(r *http.Request) string {
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
	for i := len(hops) - 1; i >= 0 && l.trusts(at); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return ""
		}
		at = next.Unmap()
	}
	if l.trusts(at) || len(l.Proxies) == 0 && (at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast()) {
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

func (l *limits) trusts(at netip.Addr) bool {
	return slices.ContainsFunc(l.Proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}
