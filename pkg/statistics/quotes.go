package statistics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/quoted"
)

// atOnce is how many of those who may be quoted are read at once.
const atOnce = 500

// quotes returns what may be quoted of the reviews of a store. What each said is on the
// timeline, and whether it may be quoted still in their record.
func (c *Statistics) quotes(ctx context.Context, store string, now time.Time) (*quoted.Snapshot, error) {
	if c.o.QuoteStars == nil {
		return quoted.NewCollector(now, 0).Snapshot(), nil
	}
	k := quoted.NewCollector(now, c.o.QuoteStars(store))
	err := c.o.Timeline.ReadType(ctx, store, events.TypeReviewSubmitted, nil, func(batch []customer.Entry) error {
		for _, e := range batch {
			k.Hear(e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the reviews of store %s: %w", store, err)
	}
	for keys := range slices.Chunk(k.Asks(), atOnce) {
		asks := make([]customer.Ask, len(keys))
		for i, key := range keys {
			asks[i].Key = key
		}
		persons, err := c.o.People.Read(ctx, asks)
		if err != nil {
			return nil, fmt.Errorf("reading who reviewed products of store %s: %w", store, err)
		}
		for i, key := range keys {
			k.Confirm(key, &persons[i].Customer)
		}
	}
	return k.Snapshot(), nil
}
