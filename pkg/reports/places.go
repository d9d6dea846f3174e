package reports

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// places bound how much is done at a time, in all and for one address.
type places struct {
	all chan struct{}

	mu   sync.Mutex
	each int
	of   map[string]int
}

func newPlaces(all, each int) *places {
	return &places{all: make(chan struct{}, all), each: each, of: map[string]int{}}
}

// take waits for a place, which the function gives back. One address that has its share
// waits for nothing.
func (p *places) take(ctx context.Context, address string) (leave func(), err error) {
	p.mu.Lock()
	full := p.of[address] >= p.each
	if !full {
		p.of[address]++
	}
	p.mu.Unlock()
	if full {
		return nil, errors.New("too many requests at once from one address")
	}
	one := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.of[address]--; p.of[address] == 0 {
			delete(p.of, address)
		}
	}
	select {
	case p.all <- struct{}{}:
		return func() { <-p.all; one() }, nil
	case <-ctx.Done():
		one()
		return nil, errors.New("too many requests at once")
	}
}

// client is the address that a request comes from. A proxy on this machine or network
// names it last in X-Forwarded-For; from anybody else that is not believed.
func client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() && !ip.IsPrivate() {
		return host
	}
	all := r.Header.Values("X-Forwarded-For")
	if len(all) == 0 {
		return host
	}
	last := all[len(all)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if ip, err := netip.ParseAddr(last); err == nil {
		return ip.String()
	}
	return host
}

// quiet says a thing once a minute: anybody can have a request refused.
type quiet struct {
	mu   sync.Mutex
	next time.Time
}

func (q *quiet) ask(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Before(q.next) {
		return false
	}
	q.next = now.Add(time.Minute)
	return true
}
