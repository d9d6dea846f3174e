package connect

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"syscall"
	"time"
)

// Lines are the network connections of some clients, so that all can be ended at once:
// what goes on then is a connection that was made after. Its zero value is ready to use.
type Lines struct {
	From Dialer // nil: the usual way

	mu   sync.Mutex
	open map[*line]struct{}
}

// line is one of them.
type line struct {
	net.Conn
	of *Lines
}

// socket is a line that go-redis can ask whether the other side closed it.
type socket struct {
	*line
	syscall.Conn
}

// Dial is a Dialer.
func (l *Lines) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := l.From
	if dial == nil {
		dial = usual.DialContext
	}
	c, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	out := &line{c, l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[*line]struct{}{}
	}
	l.open[out] = struct{}{}
	if s, is := c.(syscall.Conn); is {
		return socket{out, s}, nil
	}
	return out, nil
}

// Drop ends all that are open.
func (l *Lines) Drop() {
	l.mu.Lock()
	all := l.open
	l.open = nil
	l.mu.Unlock()
	for c := range all {
		_ = c.Conn.Close()
	}
}

// Close implements net.Conn.
func (c *line) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// usual is how go-redis connects by itself.
var usual = &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 5 * time.Minute}

// secured is a dialer whose connections speak TLS, and verify the name or the address that
// is dialed. go-redis adds TLS to its own dialer only.
func secured(dial Dialer, t *tls.Config) Dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		own := t.Clone()
		own.ServerName = host
		ctx, cancel := context.WithTimeout(ctx, usual.Timeout)
		defer cancel()
		s := tls.Client(c, own)
		if err := s.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
		return s, nil
	}
}
