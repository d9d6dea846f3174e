package devstack

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redis is a Redis server inside this process. Its keys expire with the clock
// (inside a testing/synctest bubble: with the fake one) and die with it.
type Redis struct {
	mini    *miniredis.Miniredis
	url     string
	stop    chan struct{} // nil: keys expire by the server's own clock, or when somebody writes
	ticking sync.WaitGroup

	mu     sync.Mutex
	exact  bool      // keys expire by the server's own clock
	ticked time.Time // up to when keys have expired, where they do when somebody writes
}

// StartRedis starts a Redis on a free port of the loopback interface.
func StartRedis() (*Redis, error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	r := &Redis{mini: m, url: "redis://" + m.Addr() + "/0", stop: make(chan struct{})}
	r.ticking.Go(r.tick)
	return r, nil
}

// tickEvery is how exact keys expire.
const tickEvery = time.Second

// tick lets keys expire with the clock. miniredis can do so by itself, but then
// looks at all keys before every command.
func (r *Redis) tick() {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-t.C:
			r.mini.FastForward(tickEvery)
		}
	}
}

// StartRedisInProcess starts a Redis without a port, reached by Dial only. A
// testing/synctest bubble needs it: a listening socket stops its clock.
func StartRedisInProcess() *Redis {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	return &Redis{mini: m, exact: true}
}

// ExpireRoughly has keys expire up to a second late from now on, as StartRedis does. The
// server of StartRedisInProcess looks at all keys whenever the clock has moved, and sorts
// them: with a hundred thousand customers, and an email every 20 ms, that takes hours.
func (r *Redis) ExpireRoughly() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.exact {
		r.mini.ClockTTL(false)
		r.exact, r.ticked = false, time.Now()
	}
}

// catchUp lets expire what should have, at most once in tickEvery. There is no ticker for
// it: on fake time one would tick through a year.
func (r *Redis) catchUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.exact {
		return
	}
	if passed := time.Since(r.ticked); passed >= tickEvery {
		r.ticked = r.ticked.Add(passed)
		r.mini.FastForward(passed)
	}
}

// expiring is a connection to a Redis whose keys expire when somebody writes to it.
type expiring struct {
	net.Conn
	redis *Redis
}

func (c expiring) Write(b []byte) (int, error) {
	c.redis.catchUp()
	return c.Conn.Write(b)
}

// URL is where clients connect, such as "redis://127.0.0.1:6379/0"; empty if the
// server does not listen.
func (r *Redis) URL() string { return r.url }

// Dial opens a connection over a pipe inside the process: a Dialer for go-redis.
func (r *Redis) Dial() (net.Conn, error) {
	c, err := r.mini.Dial()
	if err != nil {
		return nil, fmt.Errorf("dial the embedded Redis: %w", err)
	}
	if r.stop == nil {
		return expiring{c, r}, nil
	}
	return c, nil
}

// Mini is the server itself, for tests that look into it or break it.
func (r *Redis) Mini() *miniredis.Miniredis { return r.mini }

// Stop closes the server and all its connections.
func (r *Redis) Stop() {
	if r.stop != nil {
		close(r.stop)
		r.ticking.Wait()
	}
	r.mini.Close()
}
