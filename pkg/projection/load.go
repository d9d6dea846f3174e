package projection

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// Load reads customers in one round trip. A customer who is not there is a
// record that is not Found.
func (s *Customers) Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error) {
	return new(loading).load(ctx, s, keys)
}

// loading is the memory of a read.
type loading struct {
	raw     []stored
	reqs    []load
	records []customer.Record
}

func (l *loading) load(ctx context.Context, s *Customers, keys []customer.Key) ([]customer.Record, error) {
	l.raw = append(l.raw[:0], make([]stored, len(keys))...)
	l.reqs = l.reqs[:0]
	for i, k := range keys {
		l.reqs = append(l.reqs, load{key: k, out: &l.raw[i]})
	}
	return l.do(ctx, s, keys)
}

// do reads what was asked for: the customers with some keys, which come first.
func (l *loading) do(ctx context.Context, s *Customers, keys []customer.Key) ([]customer.Record, error) {
	if err := s.loads.Do(ctx, l.reqs); err != nil {
		return nil, err
	}
	l.records = append(l.records[:0], make([]customer.Record, len(keys))...)
	for i, k := range keys {
		c, err := customer.Decode(l.raw[i].data)
		if err != nil {
			return nil, fmt.Errorf("customer %s: %w", k.Token, err)
		}
		version := versionOf(l.raw[i].meta)
		l.records[i] = customer.Record{Key: k, Customer: c, Version: version, Entries: l.raw[i].meta[len(version):]}
		l.records[i].Place = customer.PlaceOf(&l.records[i].Customer)
	}
	return l.records, nil
}

// clear lets go of what was read.
func (l *loading) clear() {
	clear(l.raw)
	clear(l.reqs)
	clear(l.records)
}

func (s *Customers) loadAll(ctx context.Context, reqs []load) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	pipe := s.rdb.Pipeline()
	cmds, linked := make([]*redis.SliceCmd, len(reqs)), make([]*redis.StringCmd, len(reqs))
	marks := s.watch()
	for i, r := range reqs {
		if r.out != nil {
			cmds[i] = pipe.HMGet(ctx, customerKey(r.key), "m", "d")
		}
		if r.ids != nil {
			linked[i] = linksIn(ctx, pipe, r.key)
		}
		marks.add(bucket{r.key.Store, r.key.Bucket})
	}
	marks.read(ctx, pipe)
	arrive := s.ride.board(ctx, s, pipe)
	carryOut(ctx, pipe)
	arrive()
	if err := marks.check(); err != nil {
		return err
	}
	for i, c := range cmds {
		if c == nil {
			continue
		}
		if err := c.Err(); err != nil {
			return fmt.Errorf("reading customers: %w", err)
		}
		fields := c.Val()
		reqs[i].out.meta, _ = fields[0].(string)
		reqs[i].out.data, _ = fields[1].(string)
	}
	return s.linked(ctx, reqs, linked)
}

// linked reads the answers about links, and what is kept elsewhere of them.
func (s *Customers) linked(ctx context.Context, reqs []load, cmds []*redis.StringCmd) error {
	var many []load
	for i, c := range cmds {
		if c == nil {
			continue
		}
		ids, elsewhere, err := linksOfAnswer(reqs[i].key.Store, c)
		if err != nil {
			return err
		}
		if *reqs[i].ids = ids; elsewhere {
			many = append(many, reqs[i])
		}
	}
	if many == nil {
		return nil
	}
	return s.manyLinks(ctx, many)
}
