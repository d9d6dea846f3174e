package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"homing/pkg/bus"
	"homing/pkg/redischeck"
)

// The memory part keeps customers of so many orders, of so many items each.
const (
	memoryOrders = 3
	memoryItems  = 3
)

// bytesAim is how many bytes a customer may take in Redis.
const bytesAim = 700

// runMemory measures what a customer takes in Redis.
func (b *bench) runMemory(ctx context.Context) error {
	s, err := newStack(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	b.report.Machine.know(s)
	before, err := usedMemory(ctx, s)
	if err != nil {
		return err
	}
	if err := b.fillRedis(ctx, s); err != nil {
		return err
	}
	after, err := usedMemory(ctx, s)
	if err != nil {
		return err
	}
	one, err := b.sampleCustomers(ctx, s)
	if err != nil {
		return err
	}
	each := float64(after-before) / float64(b.people)
	r := row{Part: partMemory, What: fmt.Sprintf("Redis, a customer of %d orders of %d items, all told", memoryOrders, memoryItems), Unit: bytesUnit, Homing: each}
	r.judge(fmt.Sprintf("≤ %d bytes", bytesAim), each <= bytesAim)
	b.report.add(r)
	b.report.add(row{Part: partMemory, What: "the same, MEMORY USAGE of the key alone", Unit: bytesUnit, Homing: one})
	return nil
}

// fillRedis has a Homing process take the customers' orders in.
func (b *bench) fillRedis(ctx context.Context, s *stack) error {
	n := memoryOrders * b.people
	b.progress("memory: %d customers of %d orders each", b.people, memoryOrders)
	at := time.Now().Add(-memoryOrders * 24 * time.Hour)
	if err := publish(ctx, s.js, n, func(i int) (*nats.Msg, error) {
		return message(order(i%b.people, i, memoryItems, at.Add(time.Duration(i/b.people)*24*time.Hour)))
	}); err != nil {
		return err
	}
	h, err := startHoming(ctx, s, homingSpec{Roles: rolesIntake})
	if err != nil {
		return err
	}
	defer h.child.stop()
	if err := until(ctx, "events to be taken in", n, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
		return err
	}
	if err := exactly(ctx, s, bus.Timeline, placedEntries, n); err != nil {
		return err
	}
	_, err = h.stop() // what its connections take is no customer's
	return err
}

func usedMemory(ctx context.Context, s *stack) (int64, error) { return memoryOf(ctx, s, "used_memory") }

// memoryOf returns a number of bytes that Redis tells of its memory.
func memoryOf(ctx context.Context, s *stack, name string) (int64, error) {
	info, err := s.rdb.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(redischeck.ParseInfo(info)[name], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("INFO memory of Redis, %s: %w", name, err)
	}
	return n, nil
}

// sampleCustomers counts the customers' keys, and returns what some of them take
// on average.
func (b *bench) sampleCustomers(ctx context.Context, s *stack) (float64, error) {
	const most = 500
	found, sampled, bytes := 0, 0, int64(0)
	keys := s.rdb.Scan(ctx, 0, "homing:*:c:*", 1000).Iterator()
	for keys.Next(ctx) {
		found++
		if sampled == most {
			continue
		}
		n, err := s.rdb.MemoryUsage(ctx, keys.Val()).Result()
		if err != nil {
			return 0, err
		}
		sampled, bytes = sampled+1, bytes+n
	}
	if err := keys.Err(); err != nil {
		return 0, err
	}
	if found != b.people {
		return 0, broken("Redis holds %d customers, not %d", found, b.people)
	}
	return float64(bytes) / float64(sampled), nil
}
