package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/segment"
	"homing/pkg/statistics"
	"homing/pkg/timeline"
)

// nights is where a command reads what nights computed of a store.
type nights struct {
	config *config.Config
	nc     *nats.Conn
	js     jetstream.JetStream
	store  string
	scale  clock.Scale
	now    time.Time // business time
}

// onNights runs a command with what nights computed of a store: the one that is named, or
// else the only one there is, or main.
func (p *program) onNights(ctx context.Context, timeout time.Duration, store string, do func(context.Context, *nights) error) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	if store, err = storeOf(c, store); err != nil {
		return err
	}
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	scale, err := businessClock(ctx, js)
	if err != nil {
		return err
	}
	return do(ctx, &nights{c, nc, js, store, scale, scale.Now()})
}

// statistics are those of the latest night.
func (n *nights) statistics(ctx context.Context) (*statistics.Statistics, error) {
	s := statistics.New(statistics.Options{JS: n.js, Stores: []string{n.store}, Timeline: timeline.New(n.js), Now: n.scale.Now, Log: zap.NewNop()})
	return s, s.Update(ctx, n.store)
}

// refresh has the calendar compute all of it now. what is there then, even if nobody waits
// for so long.
func (n *nights) refresh(ctx context.Context, what string) error {
	err := statistics.Ask(ctx, n.nc, n.store)
	switch {
	case errors.Is(err, statistics.ErrNobody):
		return &exitError{exitUnreachable, fmt.Errorf("%w; start `homing run calendar`, `homing run` or `homing dev`", err)}
	case errors.Is(err, context.DeadlineExceeded):
		return &exitError{exitUnreachable, fmt.Errorf("it takes longer than --timeout; the %s will be there all the same", what)}
	}
	return err
}

// unsegmented says what to do where it is not known yet who is in which segment.
func unsegmented(err error) error {
	if errors.Is(err, segment.ErrUnknown) {
		return fmt.Errorf("%w; `homing products refresh` computes them", err)
	}
	return err
}
