package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap/zapcore"
)

const rebuildHelp = `Makes the customers in Redis anew from nothing, by folding the timeline from its
start. Homing does by itself whatever a lost or lagging Redis needs; this is for when
you do not trust what Redis holds. Processes may run: they plan and send nothing
until it is done, and go on then. What is pending is not touched. Do not run it after
you restored an older timeline: then only Redis knows what was sent since.`

// rebuilt is one store as `homing rebuild --output json` tells of it.
type rebuilt struct {
	Store     string  `json:"store"`
	Forgotten int     `json:"forgotten"` // customers and addresses that Redis knew
	Seconds   float64 `json:"seconds"`
}

func (p *program) rebuildCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Make the customers in Redis anew from the timeline", Long: rebuildHelp, Args: cobra.NoArgs,
		RunE: p.onLook(&timeout, func(ctx context.Context, l *looking, _ []string) error {
			stores := slices.Sorted(maps.Keys(l.config.Stores))
			if store != "" {
				if _, err := storeOf(l.config, store); err != nil {
					return err
				}
				stores = []string{store}
			}
			return p.rebuild(ctx, l, stores)
		}),
	}
	p.lookFlags(cmd, &timeout, &store)
	cmd.Flags().Lookup("store").Usage = "only this `store` (default: all)"
	return cmd
}

func (p *program) rebuild(ctx context.Context, l *looking, stores []string) error {
	log := p.logger(zapcore.InfoLevel) // a store of millions takes minutes
	done := []rebuilt{}
	for _, store := range stores {
		began := time.Now()
		n, err := l.Rebuild(ctx, store, log)
		if err != nil {
			return fmt.Errorf("%w\nrun the command again; until then whatever runs folds the timeline by itself", err)
		}
		done = append(done, rebuilt{store, n, time.Since(began).Seconds()})
	}
	if p.asJSON() {
		return writeJSON(p.out, done)
	}
	for _, r := range done {
		if _, err := fmt.Fprintf(p.out, "store %s: %s forgotten, and made anew from the timeline in %.1f s\n",
			r.Store, plural(r.Forgotten, "record"), r.Seconds); err != nil {
			return err
		}
	}
	return nil
}
