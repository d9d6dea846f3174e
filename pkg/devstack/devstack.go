// Package devstack holds the servers that `homing dev` and the tests run in
// their own process: an embedded NATS server with JetStream, an embedded Redis
// and an SMTP inbox with a web page.
//
// It is never used by `homing run`, which talks to servers of their own. The
// embedded Redis is miniredis: no persistence, no eviction, one node; the inbox
// keeps emails in memory only and delivers nothing to anybody.
package devstack

import (
	"fmt"
	"net"
	"strconv"
)

// portTries is how many ports after the wanted one are tried with NextFree.
const portTries = 50

// candidates lists the ports to try, in order: the wanted one and, if the next
// free one will do, those after it. Port 0 stays alone, the system picks.
func candidates(port int, nextFree bool) []int {
	ports := []int{port}
	if port <= 0 || !nextFree {
		return ports
	}
	for p := port + 1; p <= port+portTries && p <= 65535; p++ {
		ports = append(ports, p)
	}
	return ports
}

// listen opens addr, or with nextFree the first free port after it. When none
// is free the error is about the port that was asked for.
func listen(addr string, nextFree bool) (net.Listener, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", addr, err)
	}
	port, err := strconv.Atoi(service)
	if err != nil || port < 0 || port > 65535 {
		return nil, fmt.Errorf("listen address %q: port %q is not a number from 0 to 65535", addr, service)
	}
	var first error
	for _, p := range candidates(port, nextFree) {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p)))
		if err == nil {
			return l, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// dialable is the address a client on this machine uses for a listener that may
// be bound to every interface.
func dialable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
