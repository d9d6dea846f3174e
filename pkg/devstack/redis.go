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
	stop    chan struct{} // nil: keys expire by the server's own clock, or when somebody asks
	ticking sync.WaitGroup
	roughly *expiry // nil: keys expire in time
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
	return &Redis{mini: m}
}

// ExpireRoughly has keys expire up to so much late from now on, and never early. The server of
// StartRedisInProcess looks at all keys whenever the clock has moved, and sorts them: with a
// hundred thousand customers, and an email every 20 ms, that takes hours. It is called before
// anybody has a connection.
func (r *Redis) ExpireRoughly(late time.Duration) {
	r.mini.ClockTTL(false)
	r.roughly = &expiry{mini: r.mini, late: late, done: time.Now(), scripts: map[string]bool{}}
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
	if r.roughly != nil {
		r.mini.Server().SetPreHook(r.roughly.before) // the first connection makes the server
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
