package homingtest

import (
	"io"
	"net"
	"sync"
)

// Unblock returns a connection to the same peer whose writes never wait for it.
// A pipe has no buffer: a client that writes a long pipeline before it reads
// would wait for ever for a server that wants to answer the first command.
func Unblock(server net.Conn) net.Conn {
	client, inner := net.Pipe()
	q := &queue{more: sync.NewCond(&sync.Mutex{})}
	go func() { // what the client says, as fast as it says it
		_, _ = io.Copy(q, inner)
		q.close()
	}()
	go func() { // to the server, as fast as it listens
		_, _ = io.Copy(server, q)
		_ = server.Close()
	}()
	go func() {
		_, _ = io.Copy(inner, server)
		_ = inner.Close()
	}()
	return client
}

// queue is an unbounded buffer of bytes.
type queue struct {
	more   *sync.Cond
	buf    []byte
	closed bool
}

func (q *queue) Write(p []byte) (int, error) {
	q.more.L.Lock()
	defer q.more.L.Unlock()
	q.buf = append(q.buf, p...)
	q.more.Signal()
	return len(p), nil
}

func (q *queue) Read(p []byte) (int, error) {
	q.more.L.Lock()
	defer q.more.L.Unlock()
	for len(q.buf) == 0 && !q.closed {
		q.more.Wait()
	}
	if len(q.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, q.buf)
	q.buf = q.buf[n:]
	return n, nil
}

func (q *queue) close() {
	q.more.L.Lock()
	defer q.more.L.Unlock()
	q.closed = true
	q.more.Signal()
}
