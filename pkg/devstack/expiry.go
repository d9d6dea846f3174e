package devstack

import (
	"crypto/sha1" // by which Redis names scripts
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// expiry has the keys of a server expire when somebody asks it for something. There is no
// ticker for it: on fake time one would tick through a year.
type expiry struct {
	mini *miniredis.Miniredis
	late time.Duration // how late at most

	mu      sync.Mutex
	done    time.Time       // up to when keys have expired
	scripts map[string]bool // by their SHA-1: those that give keys a time to live
}

// before lets expire what should have, before a command is carried out. A time to live that
// the command gives would count from then, so that such a key would expire early.
func (e *expiry) before(_ *server.Peer, cmd string, args ...string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if passed := time.Since(e.done); passed >= e.late || e.gives(cmd, args) && passed > 0 {
		e.done = e.done.Add(passed)
		e.mini.FastForward(passed)
	}
	return false // it is to be carried out
}

// gives reports whether a command may give a key a time to live.
func (e *expiry) gives(cmd string, args []string) bool {
	switch cmd {
	case "EVAL":
		return e.learn(args[0])
	case "SCRIPT":
		return len(args) > 1 && e.learn(args[1])
	case "EVALSHA":
		return e.scripts[args[0]]
	case "SET":
		return slices.ContainsFunc(args, func(a string) bool { return strings.EqualFold(a, "px") || strings.EqualFold(a, "ex") })
	}
	return strings.Contains(cmd, "EXPIRE") || strings.HasSuffix(cmd, "EX")
}

// learn reports whether a script gives keys a time to live, and notes it.
func (e *expiry) learn(script string) bool {
	is := strings.Contains(script, "EXPIRE") || strings.Contains(script, "'PX'") || strings.Contains(script, "'EX'")
	sum := sha1.Sum([]byte(script))
	e.scripts[hex.EncodeToString(sum[:])] = is
	return is
}
