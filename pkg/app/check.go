package app

import (
	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/mailer"
	"homing/pkg/render"
)

// Check makes the workers of every store as New does, and connects to nothing.
// With a nil set it leaves out what needs templates. Its error joins all
// problems.
func Check(c *config.Config, set *render.Set) error {
	log := zap.NewNop()
	a := &App{o: Options{Config: c, Log: log}, log: log, templates: set, relays: map[string]*mailer.Relay{}}
	_, err := a.openShops()
	return err
}
