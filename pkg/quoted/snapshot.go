// Package quoted has what customers said about products in their reviews, and let the shop
// show to others. It is pure. A Collector is told every night what was reviewed, and then
// who of those customers may be quoted, and gives a Snapshot, from which Pick chooses for
// one email when that is composed.
//
// Whether a review may be quoted is the customer's own record to say (customer.MayQuote):
// here is only its text. So what an erasure or a withdrawn consent takes from the record is
// not in the next night's snapshot.
package quoted

import (
	"encoding/json"
	"fmt"
	"time"
)

// Bounds of a snapshot and of computing it. With all of them reached a collector takes some
// 60 MB, and a snapshot is some 10 MB of JSON.
const (
	MaxProducts = 20_000 // of which something is said
	MaxQuotes   = 4      // of a product, in each language: the newest
	MaxTotal    = 25_000 // the newest

	maxHeard = 6 // of a product, in each language: some of them may not be quoted
)

// MaxAge is how long a snapshot is good for. Where nights fail to come, nobody who took a
// consent back is quoted for longer.
const MaxAge = 3 * 24 * time.Hour

const version = 1

// A Snapshot is what may be quoted in one shop, as of one time. The nil Snapshot has
// nothing. It is not changed.
type Snapshot struct {
	Version  int                `json:"version"`
	At       time.Time          `json:"at"`
	Products map[string][]Quote `json:"products"` // the newest first
}

// A Quote is what somebody said who bought a product.
type Quote struct {
	Text     string `json:"text"`
	Title    string `json:"title,omitempty"`
	Name     string `json:"name,omitempty"`     // the first one of the customer
	Language string `json:"language,omitempty"` // BCP 47; empty: that of the store
	Stars    int    `json:"stars"`
	At       int64  `json:"at"` // when it was reviewed, ms
}

// Len returns how many quotes there are.
func (s *Snapshot) Len() int {
	n := 0
	if s != nil {
		for _, quotes := range s.Products {
			n += len(quotes)
		}
	}
	return n
}

// Encode returns the snapshot as it is published: JSON, the same for the same.
func (s *Snapshot) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode reads a snapshot that was published. One of another version is nil: the next night
// computes it again, and until then nobody is quoted.
func Decode(data []byte) (*Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("quotes: %w", err)
	}
	if s.Version != version {
		return nil, nil
	}
	return &s, nil
}
