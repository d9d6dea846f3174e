package customer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A Cursor says up to where the timeline was read: a sequence for each of the streams
// that it is split over, which share the buckets equally. Nearly always there is one. The
// nil Cursor is before the first entry.
type Cursor []uint64

// part is the place of an entry's stream.
func (c Cursor) part(e Entry) int { return int(e.Key.Bucket) * len(c) / Buckets }

// Covers reports whether an entry was read.
func (c Cursor) Covers(e Entry) bool { return len(c) > 0 && e.Sequence <= c[c.part(e)] }

// Reach moves the cursor up to an entry.
func (c Cursor) Reach(e Entry) { c[c.part(e)] = max(c[c.part(e)], e.Sequence) }

// Join returns a cursor that covers what either does; of two that do not fit together, the
// newer, which is the other.
func (c Cursor) Join(other Cursor) Cursor {
	if len(c) != len(other) {
		return other
	}
	out := make(Cursor, len(c))
	for i := range c {
		out[i] = max(c[i], other[i])
	}
	return out
}

// IsZero reports whether it covers nothing.
func (c Cursor) IsZero() bool {
	for _, s := range c {
		if s > 0 {
			return false
		}
	}
	return true
}

// String returns the sequences: "17", or "17,34".
func (c Cursor) String() string {
	out := make([]string, len(c))
	for i, s := range c {
		out[i] = strconv.FormatUint(s, 10)
	}
	return strings.Join(out, ",")
}

// ParseCursor is the inverse of String.
func ParseCursor(s string) (Cursor, error) {
	var out Cursor
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q isn't a sequence", part)
		}
		out = append(out, n)
	}
	return out, nil
}

// MarshalJSON writes the cursor of one stream as a number.
func (c Cursor) MarshalJSON() ([]byte, error) {
	if len(c) == 1 {
		return json.Marshal(c[0])
	}
	return json.Marshal([]uint64(c))
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (c *Cursor) UnmarshalJSON(b []byte) error {
	var one uint64
	if json.Unmarshal(b, &one) == nil {
		*c = Cursor{one}
		return nil
	}
	return json.Unmarshal(b, (*[]uint64)(c))
}
