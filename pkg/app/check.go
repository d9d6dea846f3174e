package app

import (
	"go.uber.org/zap"

	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/mailer"
	"homing/pkg/render"
)

// Check makes the workers of every store as New does, and connects to nothing.
// With a nil set it leaves out what needs templates. Its error joins all
// problems.
func Check(c *config.Config, set *render.Set) error {
	a := unconnected(c, nil)
	a.templates = set
	_, err := a.openShops()
	return err
}

// unconnected returns an App that makes the workers of every store, and no more:
// it connects to nothing and logs nothing. identity is for whoever asks what the
// workers decide of customers; else nil.
func unconnected(c *config.Config, identity *customer.Identity) *App {
	return &App{o: Options{Config: c, Log: zap.NewNop()}, log: zap.NewNop(), identity: identity, relays: map[string]*mailer.Relay{}}
}
