package app

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/mailer"
	"homing/pkg/render"
)

// Check makes the workers of every store as New does, renders every template as
// a mail of every store, and connects to nothing. With a nil set it leaves out
// what needs templates. Its error joins all problems.
func Check(c *config.Config, set *render.Set) error {
	log := zap.NewNop()
	a := &App{o: Options{Config: c, Log: log}, log: log, templates: set, relays: map[string]*mailer.Relay{}}
	shops, err := a.openShops()
	errs := []error{err}
	for _, id := range storeNames(c) {
		s, ok := shops[kinds[0].Name][id]
		if !ok || set == nil {
			continue // reported above
		}
		if err := set.CheckStore(s.view); err != nil {
			errs = append(errs, fmt.Errorf("store %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}
