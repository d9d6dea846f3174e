package main

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/studio"
)

// customers are those of the installation of the configuration, if it answers soon; else
// missing says why they cannot be shown. The studio does the rest without them.
func (p *program) customers(ctx context.Context, c *config.Config, log *zap.Logger) (found studio.Customers, end func(), missing error) {
	live := *c
	l, end, err := p.open(ctx, &live, time.Second, func() error {
		if live.Secret == "" {
			return errors.New("there is no secret, by which customers are found")
		}
		return nil
	})
	if err != nil {
		return nil, func() {}, err
	}
	return app.NewCustomers(l.Installation, &live, log), end, nil
}
