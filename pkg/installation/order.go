package installation

import (
	"context"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// byOrder returns where those are kept who placed an order. It reads all orders of the
// store that the timeline has.
func (i *Installation) byOrder(ctx context.Context, store, order string) (out []customer.Key, err error) {
	err = i.timeline.ReadTypesSince(ctx, store, []events.Type{events.TypeOrderPlaced}, time.Unix(0, 0), func(batch []customer.Entry) error {
		for _, e := range batch {
			if d, ok := e.Event.Data.(*events.OrderPlaced); ok && d.Order.ID == order && !slices.Contains(out, e.Key) {
				out = append(out, e.Key)
			}
		}
		return nil
	})
	return out, err
}
