package installation

import (
	"context"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// lately is how much of the timeline is looked through for an order of a number that
// is somebody's id or token, too: some milliseconds.
const lately = 2_000

// byOrder returns where those are kept who placed an order: by the orders of the store
// that the timeline has, or by those among its latest entries alone.
func (i *Installation) byOrder(ctx context.Context, store, order string, all bool) (out []customer.Key, err error) {
	from := uint64(1)
	if all && i.Progress != nil {
		wait := time.AfterFunc(2*time.Second, func() {
			i.Progress("store " + store + ": nobody has that id; looking for an order of that number on the timeline")
		})
		defer wait.Stop()
	}
	if !all {
		_, last, err := i.timeline.Identity(ctx)
		if err != nil {
			return nil, err
		}
		from = max(1, last-min(last, lately))
	}
	text := order
	if !plain(order) {
		text = ""
	}
	err = i.timeline.ReadTypeWith(ctx, store, events.TypeOrderPlaced, from, text, func(batch []customer.Entry) error {
		for _, e := range batch {
			if d, ok := e.Event.Data.(*events.OrderPlaced); ok && d.Order.ID == order && !slices.Contains(out, e.Key) {
				out = append(out, e.Key)
			}
		}
		return nil
	})
	return out, err
}

// plain reports whether JSON has a text as it is.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) })
}
