// Package localweb keeps other web pages away from pages that are served on this
// machine: any page may send requests to a local port, and by DNS rebinding it can even
// read the answers. It serves nothing itself.
package localweb

import (
	"net"
	"strconv"
	"strings"
)

// Hosts refuses names that only pretend to be this machine: by DNS rebinding
// a foreign page reaches a loopback port under its own name.
type Hosts struct {
	Port     int
	loopback bool // the listener is reachable from this machine only
}

// HostsOf returns the names under which a listener may be asked.
func HostsOf(listen net.Addr) Hosts {
	tcp, ok := listen.(*net.TCPAddr)
	if !ok {
		return Hosts{}
	}
	return Hosts{tcp.Port, tcp.IP.IsLoopback()}
}

// Allows reports whether the Host of a request is one of ours.
func (h Hosts) Allows(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = strings.Trim(hostport, "[]"), "80"
	}
	ip := net.ParseIP(host)
	if !h.loopback {
		// Somebody bound it to an interface on purpose, perhaps behind a mapped port.
		// An address cannot be rebound, only a name can.
		return ip != nil || strings.EqualFold(host, "localhost")
	}
	if port != strconv.Itoa(h.Port) {
		return false
	}
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
