package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// bareScript reads a value and writes another of the same length: the least that
// a compare-and-set does.
//
// KEYS[1] the value; ARGV[1] the next one. Returns the length of the one before.
var bareScript = redis.NewScript(`
local v = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
return #v`)

// beginBareGate runs as many scripts as there would be decisions, by as many
// callers, in pipelines as long as one caller's claims were.
func beginBareGate(spec gateSpec) (*work, error) {
	ctx := context.Background()
	rdb := redisAsRun(spec.Redis, nil)
	// No two values are the same, as no two customers are: Lua is quick with strings
	// that it has seen.
	noise := make([]byte, spec.N+spec.Bare+1)
	if _, err := rand.Read(noise); err != nil {
		return nil, err
	}
	value := func(i int) []byte { return noise[i : i+spec.Bare] }
	key := func(i int) string { return fmt.Sprintf("%s:{%d}:%d", spec.Store, i%256, i) }
	set := func(from, to int) error {
		_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := from; i < to; i++ {
				p.Set(ctx, key(i), value(i), 0)
			}
			return nil
		})
		return err
	}
	if err := inBatches(spec, gateBatch, set); err != nil {
		return nil, err
	}
	if err := bareScript.Load(ctx, rdb).Err(); err != nil {
		return nil, err
	}
	eval := func(from, to int) error {
		cmds, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := from; i < to; i++ {
				bareScript.EvalSha(ctx, p, []string{key(i)}, value(i+1))
			}
			return nil
		})
		for _, c := range cmds {
			if n, _ := c.(*redis.Cmd).Int(); err == nil && n != spec.Bare {
				err = broken("a value of %d bytes is %d bytes long", spec.Bare, n)
			}
		}
		return err
	}
	run := func() (any, error) {
		began := time.Now()
		err := inBatches(spec, spec.Depth, eval)
		return decided{Seconds: time.Since(began).Seconds()}, err
	}
	return &work{answers: map[string]func() (any, error){"run": run}, stop: rdb.Close}, nil
}
