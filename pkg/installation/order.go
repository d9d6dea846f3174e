package installation

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// lately is how much of the timeline is looked through for an order of a number that
// is somebody's id, too, where an answer should come soon: some milliseconds.
var lately uint64 = 2_000

// mostOfOrder is how many ids may have an order of one number. A shop that gives all
// its orders one number means nobody by it.
const mostOfOrder = 100

// The types of events that tell what an order is.
var ordered = []events.Type{events.TypeOrderPlaced, events.TypeOrderUpdated}

// byOrder returns where those are kept who placed an order: by the orders of the store
// that the timeline has, or by those among its latest entries alone. older says that
// there are entries which were not looked through, and that the shop numbers orders like
// this one, so that it may be among them.
func (i *Installation) byOrder(ctx context.Context, store, order string, all bool) (out []customer.Key, older bool, err error) {
	var after customer.Cursor
	if all && i.Progress != nil {
		wait := time.AfterFunc(2*time.Second, func() {
			i.Progress("store " + store + ": looking through all orders on the timeline for one of that number")
		})
		defer wait.Stop()
	}
	if !all {
		if after, err = i.timeline.Latest(ctx, lately); err != nil {
			return nil, false, err
		}
	}
	text := order
	if !plain(order) {
		text = ""
	}
	err = i.timeline.ReadTypesWith(ctx, store, ordered, after, text, func(batch []customer.Entry) error {
		for _, e := range batch {
			if numberOf(e.Event) == order && !slices.Contains(out, e.Key) {
				out = append(out, e.Key)
			}
		}
		if len(out) > mostOfOrder {
			return fmt.Errorf("store %s: more than %d customers have an order of that number; name one by an id, an address or the token", store, mostOfOrder)
		}
		return nil
	})
	if err != nil || after.IsZero() {
		return out, false, err
	}
	newest, err := i.timeline.NewestIn(ctx, store, events.TypeOrderPlaced)
	return out, newest != nil && shape(numberOf(newest.Event)) == shape(order), err
}

// numberOf returns the number of the order that an event tells of.
func numberOf(e events.Event) string {
	if o := events.OrderTold(e.Data); o != nil {
		return o.ID
	}
	return ""
}

// shape is what numbers of one kind have in common: "SHOP-1042" and "SHOP-993" do.
func shape(number string) string { return digits.ReplaceAllLiteralString(number, "0") }

var digits = regexp.MustCompile(`[0-9]+`)

// plain reports whether JSON has a text as it is.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) })
}

// lookedLately says that older orders were not looked through.
func lookedLately(who string, stores []string) string {
	return fmt.Sprintf("an order %s was looked for only among the latest %d entries of the timeline (store %s), because it is somebody's id; `homing why %s --all` looks through all orders",
		who, lately, strings.Join(stores, ", "), who)
}
