package projection

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// byBucket gathers requests, by their places, that one script can serve.
func byBucket(n int, key func(i int) customer.Key) [][]int {
	var seen bucketSet
	var out [][]int
	for i := range n {
		k := key(i)
		g := seen.place(bucket{k.Store, k.Bucket}, len(out))
		if g == len(out) {
			out = append(out, nil)
		}
		out[g] = append(out[g], i)
	}
	return out
}

// mostInScript bounds the customers of a script, which keeps others waiting.
const mostInScript = 128

// perScript joins groups that one script can serve: where Redis is one node, those
// of several buckets.
func (s *Customers) perScript(groups [][]int) [][]int {
	if s.nodes || len(groups) < 2 {
		return groups
	}
	out := groups[:1]
	for _, g := range groups[1:] {
		if last := &out[len(out)-1]; len(*last)+len(g) <= mostInScript {
			*last = append(*last, g...)
		} else {
			out = append(out, g)
		}
	}
	return out
}

// eval runs n scripts, and what is to follow them if anything is, in one round
// trip. Redis forgets scripts when it restarts: then they are sent whole.
func (s *Customers) eval(ctx context.Context, then func(redis.Pipeliner), n int, of func(i int) (*redis.Script, []string, []any)) ([]*redis.Cmd, error) {
	scripts, keys, args := make([]*redis.Script, n), make([][]string, n), make([][]any, n)
	for i := range n {
		scripts[i], keys[i], args[i] = of(i)
	}
	run := func(call func(pipe redis.Pipeliner, i int) *redis.Cmd) ([]*redis.Cmd, error) {
		pipe := s.rdb.Pipeline()
		cmds := make([]*redis.Cmd, n)
		for i := range n {
			cmds[i] = call(pipe, i)
		}
		if then != nil {
			then(pipe)
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return cmds, err
		}
		return cmds, nil
	}
	cmds, err := run(func(pipe redis.Pipeliner, i int) *redis.Cmd {
		return scripts[i].EvalSha(ctx, pipe, keys[i], args[i]...)
	})
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		// What did run, since a node knew that script, answers 0 to the second try,
		// which reads as a conflict.
		cmds, err = run(func(pipe redis.Pipeliner, i int) *redis.Cmd { return scripts[i].Eval(ctx, pipe, keys[i], args[i]...) })
	}
	return cmds, err
}
