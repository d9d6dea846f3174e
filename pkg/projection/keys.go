// Package projection keeps customers in Redis: one hash a customer, changed by
// compare-and-set, and for each bucket the mark that says how far the timeline
// has been folded into it. All of it can be rebuilt from the timeline.
package projection

import (
	"strconv"
	"strings"

	"homing/pkg/customer"
)

// All keys of a bucket share a hash tag, so that one script sees everything
// about a customer and Redis Cluster keeps a bucket on one node.
//
//	homing:{main.17}:c:<token>  hash: m version (8 bytes) and timeline sequences, d customer   owner: projection
//	homing:{main.17}:mark       highest timeline sequence folded                              owner: projection
//
// The links of mailboxes are in links.go, the indexes by date in index.go.
//
// A field of a hash costs Redis some 60 bytes: that is why m is one and not two.
// Neither has a TTL: they last as long as the timeline they project.

// timelineKey names the timeline that a store's marks belong to. Owner: projection.
func timelineKey(store string) string { return "homing:{" + store + "}:timeline" }

func tag(store string, bucket uint8) string { return "homing:{" + store + buckets[bucket] }

// buckets are how the tags of all buckets end.
var buckets = func() (out [customer.Buckets]string) {
	for b := range out {
		out[b] = "." + strconv.Itoa(b) + "}:"
	}
	return out
}()

func customerKey(k customer.Key) string {
	return "homing:{" + k.Store + buckets[k.Bucket] + "c:" + k.Token
}

func markKey(store string, bucket uint8) string { return "homing:{" + store + buckets[bucket] + "mark" }

// The keys of the indexes; see index.go.

func birthdayKey(store string, bucket uint8, day int) string {
	return tag(store, bucket) + "b:" + strconv.Itoa((day-1)/7)
}

func orderKey(store string, bucket uint8, week int64) string {
	return tag(store, bucket) + "o:" + strconv.FormatInt(week, 10)
}

// weekOf is the inverse of orderKey.
func weekOf(key string) (int64, bool) {
	_, week, ok := strings.Cut(key, "}:o:")
	n, err := strconv.ParseInt(week, 10, 64)
	return n, ok && err == nil
}

func slowKey(store string, bucket uint8) string { return tag(store, bucket) + "slow" }
