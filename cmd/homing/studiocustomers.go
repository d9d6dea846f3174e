package main

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/installation"
)

// customers are those of the installation of the configuration, if it answers soon; else
// missing says why they cannot be shown. The studio does the rest without them.
func (p *program) customers(ctx context.Context, c *config.Config, log *zap.Logger) (found *app.Customers, end func() error, missing error) {
	live := *c
	nc, js, err := p.reach(ctx, &live, time.Second)
	if err != nil {
		return nil, func() error { return nil }, err
	}
	end = func() error { nc.Close(); return nil }
	if err := asDev(ctx, js, &live); err != nil {
		return nil, end, err
	}
	scale, err := businessClock(ctx, js)
	if err != nil {
		return nil, end, err
	}
	if live.Secret == "" {
		return nil, end, errors.New("there is no secret, by which customers are found")
	}
	at, err := installation.Open(installation.Options{Config: &live, JS: js, Scale: scale})
	if err != nil {
		return nil, end, err
	}
	end = func() error { err := at.Close(); nc.Close(); return err }
	if err := at.CheckSecret(ctx); err != nil {
		return nil, end, err
	}
	found, err = app.NewCustomers(at, &live, log)
	return found, end, err
}
