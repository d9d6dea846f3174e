package installation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
)

// mostTold is how many versions are told at most that were published while nobody could
// tell the timeline.
const mostTold = 100

// TellPublished puts on the timeline of each store which versions of the templates were
// put in force, by whom and what was new, as far as it is not there yet: also what a
// publisher that died did not come to tell. Those who publish call it; told again, it is
// the same fact.
func TellPublished(ctx context.Context, tl *timeline.Timeline, versions *templatestore.Store, stores []string) error {
	all, err := versions.History(ctx, mostTold)
	if err != nil {
		return err
	}
	var errs []error
	for _, store := range stores {
		if err := tellIn(ctx, tl, store, all); err != nil {
			errs = append(errs, fmt.Errorf("the timeline of the store %s does not say yet who published: %w", store, err))
		}
	}
	return errors.Join(errs...)
}

// tellIn tells a store of the versions, the newest first, that it does not know of.
func tellIn(ctx context.Context, tl *timeline.Timeline, store string, all []templatestore.Version) error {
	last, err := tl.NewestIn(ctx, store, events.TypeTemplatesPublished)
	if err != nil {
		return err
	}
	known := 0
	if last != nil {
		if d, ok := last.Event.Data.(*events.TemplatesPublished); ok {
			known = d.Version
		}
	}
	var told []customer.Entry
	for _, v := range slices.Backward(all) {
		if v.Number <= known {
			continue
		}
		told = append(told, customer.Entry{Key: customer.Key{Store: store}, Event: events.Event{
			ID: fmt.Sprintf("templates-%d.%s", v.Number, store), Source: "/homing/templates", Type: events.TypeTemplatesPublished, Store: store,
			Time: v.At.UTC().Truncate(time.Millisecond),
			Data: &events.TemplatesPublished{Version: v.Number, Author: v.Author, Message: v.Message, Restores: v.Restores},
		}})
	}
	if told == nil {
		return nil
	}
	return tl.Append(ctx, told)
}
