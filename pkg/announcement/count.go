package announcement

import (
	"context"
	"slices"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Scanner walks over the customers of a store; one may come twice.
type Scanner interface {
	Scan(ctx context.Context, store string, fn func([]customer.Record) error) error
}

// Count counts what became of the touches of an announcement, by their claims. It reads all
// of the store's customers, and needs 8 bytes for each recipient. seen is told how many
// customers it has seen, and may be nil.
func Count(ctx context.Context, customers Scanner, d *Definition, seen func(n int)) (*Outcomes, error) {
	by := map[customer.ClaimState][]uint64{}
	dropped := map[reason.Reason][]uint64{}
	n := 0
	err := customers.Scan(ctx, d.Store, func(batch []customer.Record) error {
		for i := range batch {
			k := customer.ClaimKey(touch.Touch{Worker: Worker, Step: d.Step(), Customer: batch[i].Key, Occasion: d.ID}.ID())
			c, claimed := batch[i].Customer.Claimed(k)
			switch {
			case !claimed:
			case c.State == customer.Dropped:
				dropped[reason.Reason(c.Why)] = append(dropped[reason.Reason(c.Why)], k)
			default:
				by[c.State] = append(by[c.State], k)
			}
		}
		if n += len(batch); seen != nil {
			seen(n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &Outcomes{Sent: once(by[customer.Sent]), Uncertain: once(by[customer.Uncertain]), UnderWay: once(by[customer.Open])}
	for why, of := range dropped {
		if out.Dropped == nil {
			out.Dropped = map[reason.Reason]int{}
		}
		out.Dropped[why] = once(of)
	}
	return out, nil
}

// once counts numbers, each once: a customer may have come twice.
func once(of []uint64) int {
	slices.Sort(of)
	return len(slices.Compact(of))
}
