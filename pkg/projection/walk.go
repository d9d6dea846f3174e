package projection

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// bucketsAtOnce is of how many buckets the links or birthdays are read in one round trip.
const bucketsAtOnce = 16

// nibbles are how the names of the hashes of links end.
const nibbles = "0123456789abcdef"

// EachLink calls fn with all mailboxes of a store that somebody named, and the ids that
// did, ascending. What is linked in the meantime may be seen or not. It writes nothing.
func (s *Customers) EachLink(ctx context.Context, store string, fn func(mailbox customer.Key, ids []customer.Key) error) error {
	return s.eachBuckets(func(some []uint8) error {
		pipe := s.rdb.Pipeline()
		var cmds []*redis.MapStringStringCmd
		var of []uint8
		for _, b := range some {
			for i := range nibbles {
				cmds, of = append(cmds, pipe.HGetAll(ctx, tag(store, b)+"l:"+nibbles[i:i+1])), append(of, b)
			}
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("reading the links of mailboxes: %w", err)
		}
		for i, c := range cmds {
			if err := s.eachOf(ctx, store, of[i], c.Val(), fn); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachOf calls fn with the links of one hash.
func (s *Customers) eachOf(ctx context.Context, store string, bucket uint8, links map[string]string, fn func(customer.Key, []customer.Key) error) error {
	for field, ids := range links {
		mailbox := unpackToken(store, bucket, field)
		if ids != "+" {
			if err := fn(mailbox, unpackLinks(store, ids)); err != nil {
				return err
			}
			continue
		}
		all, err := s.Links(ctx, []customer.Key{mailbox})
		if err == nil {
			err = fn(mailbox, all[0])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// EachTold calls fn with all customers of a store of whom a birthday was told, some at a
// time. It writes nothing.
func (s *Customers) EachTold(ctx context.Context, store string, fn func([]Placed) error) error {
	return s.eachBuckets(func(some []uint8) error {
		var reads []indexRead
		for _, b := range some {
			for day := 1; day <= 366; day += 7 {
				reads = append(reads, indexRead{store, b, birthdayKey(store, b, day)})
			}
		}
		told, err := s.readIndex(ctx, reads, func(p *Placed) bool {
			p.Place.Birthday, p.Told = int(p.entry.value%tellUnit), int(p.entry.value/tellUnit)
			return p.Told > 0
		})
		if err != nil || len(told) == 0 {
			return err
		}
		return fn(told)
	})
}

// eachBuckets calls fn with all buckets, some at a time.
func (s *Customers) eachBuckets(fn func([]uint8) error) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	all := make([]uint8, customer.Buckets)
	for b := range all {
		all[b] = uint8(b)
	}
	for some := range slices.Chunk(all, bucketsAtOnce) {
		if err := fn(some); err != nil {
			return err
		}
	}
	return nil
}
