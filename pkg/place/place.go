// Package place knows where an installation lives: on which NATS, with which Redis. It
// recognises one that may be a restored copy of another, of which nobody knows what that
// one has sent since. It stops nothing itself: the caller does.
//
// A place has an id, in the bucket `controls` and in Redis. Processes that live there say
// so every few minutes, in both: they beat. See docs/design/0049.
package place

import (
	"strings"
	"time"
)

// Place is the entry `place` of the bucket `controls`.
type Place struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
	By    string    `json:"by"` // who took it: a person, or a process
	// Bucket and Timeline are when the bucket `controls` and the stream TIMELINE (of several,
	// the newest) were created that are here: a server says of one that was restored that it
	// was then.
	Bucket   time.Time `json:"bucket,omitzero"`
	Timeline time.Time `json:"timeline,omitzero"`
	// Doubt is until when emails that fell due, and have no claim, may have been sent
	// somewhere else; zero: none were. It is business time.
	Doubt time.Time `json:"doubt,omitzero"`
	// Was is the id of the place that was adopted.
	Was string `json:"was,omitempty"`
	// Restored is set by `homing restore`, until the copy is adopted.
	Restored *Restored `json:"restored,omitempty"`
}

// Restored says that all of this came out of a backup.
type Restored struct {
	At    time.Time `json:"at"`
	Taken time.Time `json:"taken"` // when the backup was begun
}

// Beat is the entry `beat` of the bucket `controls`: the last word of a process that
// lives in a place.
type Beat struct {
	Place string    `json:"place"`
	At    time.Time `json:"at"`             // real time
	Rest  bool      `json:"rest,omitempty"` // the process stopped in order then, and no other has said a word since
	By    string    `json:"by"`             // the machine's name
	Marks []string  `json:"marks"`          // see Seen.Marks
}

// InRedis is what Redis has of it: the place, and the last beat there.
type InRedis struct {
	Place string
	At    time.Time // zero: the last process stopped in order
	Run   string    // of the Redis that was beaten to; empty: it has none
}

// The marks of a place are words like "nats nats.shop.internal:4222": the hosts by which
// its servers are reached (see connect.Hosts), and the ids that they have until they restart.
const (
	markNATS     = "nats "
	markRedis    = "redis "
	markNATSRun  = "nats-run "
	markRedisRun = "redis-run "
)

// Hosts returns those of some marks that say where servers are, for people.
func Hosts(marks []string) (out []string) {
	for _, m := range marks {
		if strings.HasPrefix(m, markNATS) || strings.HasPrefix(m, markRedis) {
			out = append(out, m)
		}
	}
	return out
}
