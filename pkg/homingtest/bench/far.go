package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// away is how long the sink far away has each direction take, at least: Go's timers
// may be late by half a millisecond. The report says how long a round trip took.
const away = 2500 * time.Microsecond

// far is a connection over a distance: what is written into it arrives later, in
// both directions, and as much of it as without.
type far struct {
	net.Conn
	in, out chan piece
	rest    []byte
	wg      sync.WaitGroup
}

// piece is what was written or came at once.
type piece struct {
	due  time.Time
	data []byte
}

func newFar(c net.Conn) *far {
	f := &far{Conn: c, in: make(chan piece, 1024), out: make(chan piece, 1024)}
	f.wg.Go(func() {
		defer close(f.in)
		for {
			p := make([]byte, 64<<10)
			n, err := c.Read(p)
			if n > 0 {
				f.in <- piece{time.Now().Add(away), p[:n]}
			}
			if err != nil {
				return
			}
		}
	})
	f.wg.Go(func() {
		for p := range f.out {
			time.Sleep(time.Until(p.due))
			if _, err := c.Write(p.data); err != nil {
				_ = c.Close() // the reader notices
			}
		}
		_ = c.Close()
	})
	return f
}

func (f *far) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		next, ok := <-f.in
		if !ok {
			return 0, io.EOF
		}
		time.Sleep(time.Until(next.due))
		f.rest = next.data
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *far) Write(p []byte) (int, error) {
	f.out <- piece{time.Now().Add(away), append([]byte(nil), p...)}
	return len(p), nil
}

// Close lets what was written arrive.
func (f *far) Close() error {
	close(f.out)
	for range f.in { // nobody reads any more
	}
	f.wg.Wait()
	return nil
}
