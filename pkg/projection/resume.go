package projection

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// ScanFrom is Scan for a walk that may be interrupted. fn is told with each batch, which may
// be empty, where the walk goes on after it: from there another process can take it up. The
// empty place is the beginning. A place is one in the memory of one Redis server: once
// another answers, and always on a Redis Cluster, the walk begins again; resumed says
// which it was, before fn is called.
func (s *Customers) ScanFrom(ctx context.Context, store, place string, resumed func(bool), fn func(batch []customer.Record, next string) error) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	if _, cluster := s.rdb.(*redis.ClusterClient); cluster {
		resumed(false)
		return s.Scan(ctx, store, func(batch []customer.Record) error { return fn(batch, "") })
	}
	server := "" // one that says no name, as one inside this process, cannot be known again
	if s.guard == nil || !s.guard.Embedded {
		server, _ = s.guard.runID(ctx, s.rdb)
	}
	cursor := uint64(0)
	if on, at, ok := strings.Cut(place, "/"); ok && on == server && server != "" {
		cursor, _ = strconv.ParseUint(at, 10, 64) // one that is none is the beginning
	}
	resumed(cursor > 0)
	return s.scanFrom(ctx, s.rdb, store, cursor, func(batch []customer.Record, next uint64) error {
		if next == 0 || server == "" {
			return fn(batch, "")
		}
		return fn(batch, server+"/"+strconv.FormatUint(next, 10))
	})
}
