package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap/zapcore"
)

const rebuildHelp = `Folds the timeline into Redis from its start, whatever Redis says that it has. Homing
does by itself what a lost or lagging Redis needs; this is for when you do not trust
what Redis holds. Processes may run: they plan and send nothing until it is done, and
go on then. Nothing is deleted, neither what is pending nor what only Redis knows; to
begin from an empty Redis, stop Homing, empty it, and start Homing.`

// rebuilt is one store as `homing rebuild --output json` tells of it.
type rebuilt struct {
	Store   string  `json:"store"`
	Entries int     `json:"entries"` // of the timeline
	Seconds float64 `json:"seconds"`
}

func (p *program) rebuildCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Fold the timeline into Redis from its start", Long: rebuildHelp, Args: cobra.NoArgs,
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, _ []string) error {
			stores, err := storesOf(l.config, store)
			if err != nil {
				return err
			}
			return p.rebuild(ctx, l, stores)
		}),
	}
	p.lookFlags(cmd, &timeout, &store)
	cmd.Flags().Lookup("store").Usage = "only this `store` (default: all)"
	return cmd
}

func (p *program) rebuild(ctx context.Context, l *opened, stores []string) error {
	log := p.logger(zapcore.InfoLevel) // a store of millions takes minutes
	done := []rebuilt{}
	for _, store := range stores {
		began := time.Now()
		n, err := l.Rebuild(ctx, store, log)
		if err != nil {
			return fmt.Errorf("%w\nrun the command again", err)
		}
		done = append(done, rebuilt{store, n, time.Since(began).Seconds()})
	}
	if p.asJSON() {
		return writeJSON(p.out, done)
	}
	for _, r := range done {
		if _, err := fmt.Fprintf(p.out, "store %s: %s folded in %.1f s\n", r.Store, plural(r.Entries, "event"), r.Seconds); err != nil {
			return err
		}
	}
	return nil
}
