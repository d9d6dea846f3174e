package projection

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// The indexes of a bucket say which customers a date concerns. They are hashes of
// a week each, so that they hold some dozens of customers: Redis keeps a hash of
// up to 512 small entries in one piece of memory, 15 bytes a customer, where a
// set of its own for each day would cost more than its few members.
//
//	homing:{main.17}:b:<week of the year>  token → day of birth and the year that was told  owner: projection, calendar
//	homing:{main.17}:o:<week since 1970>   token → hour of the week of the last order, less 168 an order  owner: projection
//	homing:{main.17}:slow                  token → hour of the last order, pace            owner: projection
//
// The values of o are below 0, and above -4096, so that they take two bytes. Version 0.1
// wrote others, which stay until their customers order again: hour of the week and pace
// between orders, which is not below 0, and, of those whose pace was slow, entries of slow.
// The fields are what a token stands for, 9 bytes; the tenth is the bucket. None has a TTL.

const (
	weekHours = 7 * 24
	tellUnit  = 512 // the year that was told is above the day
	paceUnit  = 1 << 16
)

// indexEntry is one customer in one index.
type indexEntry struct {
	key, field string
	value      int64
}

// entries appends where a place is in the indexes: a birthday and a last order,
// or less.
func entries(out []indexEntry, k customer.Key, field string, p customer.Place) []indexEntry {
	if p.Birthday != 0 {
		out = append(out, indexEntry{birthdayKey(k.Store, k.Bucket, p.Birthday), field, int64(p.Birthday)})
	}
	if p.Last != 0 {
		out = append(out, indexEntry{orderKey(k.Store, k.Bucket, p.Last/weekHours), field, p.Last%weekHours - weekHours*int64(p.Orders)})
	}
	return out
}

// move is a change of an index.
type move struct {
	indexEntry
	remove bool
}

// moves returns what must change in the indexes when a customer's place does.
func moves(k customer.Key, before, after customer.Place) []move {
	if before == after {
		return nil
	}
	field := packToken(k)
	if field == "" {
		return nil
	}
	var a, b [2]indexEntry
	was, is := entries(a[:0], k, field, before), entries(b[:0], k, field, after)
	out := make([]move, 0, 2)
	for _, e := range was {
		if !holds(is, e, false) {
			out = append(out, move{e, true})
		}
	}
	for _, e := range is {
		if !holds(was, e, true) {
			out = append(out, move{e, false})
		}
	}
	return out
}

// holds reports whether one of es is in e's place, and with its value if that matters.
func holds(es []indexEntry, e indexEntry, value bool) bool {
	for _, x := range es {
		if x.key == e.key && (!value || x.value == e.value) {
			return true
		}
	}
	return false
}

// packToken returns what a token stands for, less its first byte, which is the
// bucket. A key with another token is in no index.
func packToken(k customer.Key) string {
	var room [16]byte
	return string(appendToken(room[:0], k))
}

// appendToken appends packToken.
func appendToken(to []byte, k customer.Key) []byte {
	var text, room [16]byte
	if len(k.Token) > len(text) || customer.Tokens.DecodedLen(len(k.Token)) > len(room) {
		return to
	}
	n, err := customer.Tokens.Decode(room[:], text[:copy(text[:], k.Token)])
	if err != nil || n == 0 || room[0] != k.Bucket {
		return to
	}
	return append(to, room[1:n]...)
}

func unpackToken(store string, bucket uint8, field string) customer.Key {
	return customer.Key{Store: store, Bucket: bucket, Token: customer.Tokens.EncodeToString(append([]byte{bucket}, field...))}
}

// Placed is a customer as an index has them.
type Placed struct {
	Key   customer.Key
	Place customer.Place // as far as the index tells
	Told  int            // of birthdays: the year that was told last; 0: none

	entry indexEntry
}

// Birthdays returns those customers of some buckets who were born on one of some
// days of the (leap) year, in one round trip.
func (s *Customers) Birthdays(ctx context.Context, store string, buckets []uint8, days []int) ([]Placed, error) {
	wanted := map[int]bool{}
	weeks := map[string]bool{}
	var reads []indexRead
	for _, d := range days {
		wanted[d] = true
		for _, b := range buckets {
			if key := birthdayKey(store, b, d); !weeks[key] {
				weeks[key] = true
				reads = append(reads, indexRead{store, b, key})
			}
		}
	}
	return s.readIndex(ctx, reads, func(p *Placed) bool {
		p.Place.Birthday, p.Told = int(p.entry.value%tellUnit), int(p.entry.value/tellUnit)
		return wanted[p.Place.Birthday]
	})
}

// LapseQuery asks for the customers of some buckets who may lapse between two times.
type LapseQuery struct {
	Store           string
	Buckets         []uint8
	From, To        time.Time
	Soonest, Latest time.Duration                  // after the last order anybody may lapse
	After           func(orders int) time.Duration // after it a customer of so many orders does
}

// Lapsing returns those customers whom a query concerns, and hardly any others:
// an index knows hours. It takes one round trip.
func (s *Customers) Lapsing(ctx context.Context, q LapseQuery) ([]Placed, error) {
	from, to := q.From.Add(-q.Latest-2*time.Hour).Unix()/3600, q.To.Add(-q.Soonest).Unix()/3600
	var reads []indexRead
	for _, b := range q.Buckets {
		for week := max(from, 0) / weekHours; week <= to/weekHours; week++ {
			reads = append(reads, indexRead{q.Store, b, orderKey(q.Store, b, week)})
		}
		reads = append(reads, indexRead{q.Store, b, slowKey(q.Store, b)})
	}
	return s.readIndex(ctx, reads, func(p *Placed) bool {
		if week, ok := weekOf(p.entry.key); ok {
			p.Place.Last, p.Place.Orders = ordered(week, p.entry.value)
		} else {
			p.Place.Last = p.entry.value / paceUnit
		}
		return q.Concerns(p.Place)
	})
}

// Concerns reports whether a customer of that place may lapse in the time that is asked
// about. A place of no orders does not say how many there were.
func (q LapseQuery) Concerns(p customer.Place) bool {
	last := time.Unix(p.Last*3600, 0)
	first, end := q.Soonest, q.Latest
	if p.Orders > 0 {
		first = q.After(p.Orders)
		if p.Orders < customer.MaxPlaceOrders {
			end = first
		}
	}
	return !last.Add(first).After(q.To) && !last.Add(end+time.Hour).Before(q.From)
}

// ordered returns the hour of a last order, and how many orders there were; 0: an older
// version wrote it, which did not say.
func ordered(week, value int64) (hour int64, orders int) {
	if value >= 0 {
		return week*weekHours + value%weekHours, 0
	}
	n := (weekHours - 1 - value) / weekHours
	return week*weekHours + value + n*weekHours, int(n)
}

// indexRead is one hash to read.
type indexRead struct {
	store  string
	bucket uint8
	key    string
}

func (s *Customers) readIndex(ctx context.Context, reads []indexRead, keep func(*Placed) bool) ([]Placed, error) {
	if err := s.guard.Ready(); err != nil {
		return nil, err
	}
	pipe := s.rdb.Pipeline()
	cmds := make([]*redis.MapStringStringCmd, len(reads))
	for i, r := range reads {
		cmds[i] = pipe.HGetAll(ctx, r.key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("reading an index: %w", err)
	}
	var out []Placed
	for i, c := range cmds {
		for field, v := range c.Val() {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("index %s: %w", reads[i].key, err)
			}
			p := Placed{entry: indexEntry{reads[i].key, field, n}}
			if keep(&p) {
				p.Key = unpackToken(reads[i].store, reads[i].bucket, field)
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// swapScript changes or removes those entries of one bucket's indexes that are
// still as they were read: an order that came since is not forgotten.
//
// KEYS hashes; ARGV three for each: field, value read, new value ("" = remove).
// Returns how many were changed.
var swapScript = redis.NewScript(`
local n = 0
for i = 1, #KEYS do
  local field, was, is = ARGV[3*i-2], ARGV[3*i-1], ARGV[3*i]
  if redis.call('HGET', KEYS[i], field) == was then
    if is == '' then redis.call('HDEL', KEYS[i], field) else redis.call('HSET', KEYS[i], field, is) end
    n = n + 1
  end
end
return n`)

// Tell notes with customers whose birthdays were read which year's was Told.
func (s *Customers) Tell(ctx context.Context, ps []Placed) error {
	return s.swap(ctx, ps, func(p Placed) any { return int64(p.Place.Birthday) + int64(p.Told)*tellUnit })
}

// Forget takes customers out of the index they were read from, until their place
// changes.
func (s *Customers) Forget(ctx context.Context, ps []Placed) error {
	return s.swap(ctx, ps, func(Placed) any { return "" })
}

func (s *Customers) swap(ctx context.Context, ps []Placed, next func(Placed) any) error {
	if err := s.guard.Ready(); err != nil || len(ps) == 0 {
		return err
	}
	groups := byBucket(len(ps), func(i int) customer.Key { return ps[i].Key })
	cmds, err := s.eval(ctx, nil, len(groups), func(g int) (*redis.Script, []string, []any) {
		var keys []string
		var args []any
		for _, i := range groups[g] {
			e := ps[i].entry
			keys, args = append(keys, e.key), append(args, e.field, e.value, next(ps[i]))
		}
		return swapScript, keys, args
	})
	for _, c := range cmds {
		err = errors.Join(err, c.Err())
	}
	if err != nil {
		return fmt.Errorf("changing an index: %w", err)
	}
	return nil
}
