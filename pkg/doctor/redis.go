package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A RedisNode is a server that has customers, as INFO tells of it.
type RedisNode struct {
	Addr    string
	Err     string // why it could not be asked
	Version string
	Replica bool
	Policy  string // maxmemory_policy
	Limit   int64  // maxmemory, in bytes; 0: none
	Used    int64
	Machine int64 // the memory of its machine
	Keys    int64
	Evicted int64
	AOF     bool
	AOFBad  bool   // its last write failed
	SaveBad bool   // its last snapshot failed
	Rights  string // what our user must not do, and needs
}

// bytesACustomer is what a customer takes, by docs/operations.md, with its key in the
// indexes.
const bytesACustomer = 650

// JudgeRedis judges policy, persistence and memory of each server.
func JudgeRedis(nodes []RedisNode) []Finding {
	var out []Finding
	for _, n := range nodes {
		about := "Redis " + n.Addr
		var found []Finding
		if n.Err != "" {
			found = []Finding{{Level: Trouble, Text: "does not answer: " + n.Err, Why: "nothing is taken in, planned or sent while it is away", Do: "bring it back, or correct redis.url"}}
		} else {
			found = slices.Concat(n.fitness(), n.persistence(), n.memory())
		}
		for i := range found {
			found[i].About = about
		}
		out = append(out, found...)
	}
	return Of(Redis, out...)
}

// fitness judges whether Homing can work with it at all, and loses nothing.
func (n RedisNode) fitness() (out []Finding) {
	if old(n.Version, 7) {
		out = append(out, Finding{Level: Trouble, Text: "is Redis " + n.Version, Why: "Homing needs 7.0 or later", Do: "update it"})
	}
	if n.Rights != "" {
		out = append(out, Finding{Level: Trouble, Text: n.Rights, Why: "processes send nothing while a right is missing (forbidden)", Do: "give the user the line of docs/operations.md, section Redis"})
	}
	if n.Replica {
		out = append(out, Finding{Level: Trouble, Text: "is a replica, which takes no writes", Why: "nothing can be claimed, so nothing is sent",
			Do: "let redis.url name the master; with Sentinel, write redis+sentinel://host1,host2/master"})
	}
	if n.Policy != "noeviction" {
		out = append(out, Finding{Level: Trouble, Text: "has maxmemory-policy " + n.Policy + " instead of noeviction", Why: "a claim that is thrown away is an email that is sent twice; processes wait for it to be changed",
			Do: "redis-cli config set maxmemory-policy noeviction, and the same in redis.conf"})
	}
	if n.Evicted > 0 {
		out = append(out, Finding{Level: Trouble, Text: fmt.Sprintf("has thrown away %s keys since it started, to make room", count(n.Evicted)), Why: "customers, or what they were sent, may be missing in it",
			Do: "set maxmemory-policy noeviction, give it more memory, and then: homing rebuild"})
	}
	return out
}

// persistence judges whether what it has survives a restart.
func (n RedisNode) persistence() (out []Finding) {
	switch {
	case !n.AOF:
		out = append(out, Finding{Level: Warning, Text: "keeps no append-only file (appendonly no)", Why: "after each restart all of the timeline is folded again, and no email leaves until then",
			Do: "redis-cli config set appendonly yes, and appendonly yes in redis.conf"})
	case n.AOFBad:
		out = append(out, Finding{Level: Trouble, Text: "could not write its append-only file", Why: "it takes no writes until it can", Do: "free space on its disk; INFO persistence and its log say more"})
	}
	if n.SaveBad {
		out = append(out, Finding{Level: Trouble, Text: "could not write its last snapshot", Why: "with stop-writes-on-bgsave-error, which is on by default, it takes no writes (MISCONF)",
			Do: "free space on its disk, or allow it to fork (vm.overcommit_memory = 1); or, with an append-only file, switch snapshots off: redis-cli config set save \"\""})
	}
	return out
}

// memory judges what is left.
func (n RedisNode) memory() []Finding {
	limit, word := n.Limit, "maxmemory"
	if limit == 0 {
		limit, word = n.Machine, "the memory of its machine"
	}
	f := Finding{Level: OK, Text: fmt.Sprintf("Redis %s, %s keys in %s", n.Version, count(n.Keys), size(n.Used))}
	if limit <= 0 {
		return []Finding{f}
	}
	room := max(0, limit-n.Used)
	share := float64(n.Used) / float64(limit)
	f.Text += fmt.Sprintf("; %s of %s left, room for about %s more customers", size(room), word, count(room/bytesACustomer))
	const do = "give it more memory: redis-cli config set maxmemory, and the same in redis.conf"
	switch {
	case n.Limit > 0 && share >= 0.95:
		f.Level, f.Why, f.Do = Trouble, "a Redis that is full refuses writes: nothing is taken in or sent", do
	case share >= 0.8:
		f.Level, f.Why, f.Do = Warning, "when it is full it refuses writes (or its machine ends it), and nothing is taken in or sent", do
	case n.Limit == 0:
		f.Level, f.Why = Note, "without maxmemory it takes what its machine has, until the system ends it"
		f.Do = "redis-cli config set maxmemory, to three quarters of the machine's memory"
	}
	return []Finding{f}
}

// old reports whether a version is before a major one; a version that cannot be read is
// not.
func old(version string, major int) bool {
	first, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(first)
	return err == nil && n < major
}
