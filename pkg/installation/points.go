package installation

import (
	"context"

	"homing/pkg/customer"
	"homing/pkg/points"
	"homing/workers"
)

// Points is the ledger of one person's points.
type Points struct {
	Key    customer.Key
	ID     string // as the shop knows them
	Status workers.Status
	Ledger points.Ledger
	Tier   points.Standing
}

// Points returns the ledger of the one person who answers to something, as Only has it; it
// is that of the worker that has one.
func (i *Installation) Points(ctx context.Context, store, who string) (Points, error) {
	f, _, err := i.Only(ctx, store, who)
	if err != nil {
		return Points{}, err
	}
	s, c := i.stores[f.Key.Store], f.Person.Customer
	out := Points{Key: f.Key, ID: c.ID.Value, Status: workers.Off}
	for _, w := range s.Workers {
		if w.Ledger == nil {
			continue
		}
		now := i.o.Scale.Now()
		out.Status = w.Settings.Status
		out.Ledger = w.Ledger(workers.Input{Customer: &c, Key: f.Key, Zone: s.Zone, Now: now})
		out.Tier = out.Ledger.Tier(now)
	}
	return out, nil
}
