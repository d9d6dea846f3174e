package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/installation"
	"homing/pkg/programme"
)

const replanHelp = `Has a worker plan again what is on the timeline since a time: for a worker that
was switched on late, or whose delays were changed. It may run at any time: planning
twice gives the same email, what has its outcome is left out, and so is what would come
too late. What is on the schedule already is replaced.`

func (p *program) replanCommand() *cobra.Command {
	var timeout time.Duration
	var store, since string
	cmd := &cobra.Command{
		Use: "replan <worker> --since <time>", Short: "Have a worker plan again what happened since a time", Long: replanHelp, Args: cobra.ExactArgs(1), ValidArgs: programme.WorkerNames(),
		Example: "  homing replan win-back --since 7d",
		PreRunE: func(_ *cobra.Command, args []string) error {
			_, err := parseSince(since, time.Now())
			switch {
			case err != nil:
				return err
			case since == "":
				return usagef("--since: say from when on, as in --since 7d")
			case !slices.Contains(programme.WorkerNames(), args[0]):
				return usagef("there is no worker %q; there are %v", args[0], programme.WorkerNames())
			case programme.ByHand(args[0]):
				return usagef("no event leads to %s: people send them, with `homing announce`", args[0])
			}
			return nil
		},
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, args []string) error {
			from, err := parseSince(since, l.now)
			if err != nil {
				return err
			}
			stores, err := storesOf(l.config, store)
			if err != nil {
				return err
			}
			return p.replan(ctx, l, args[0], stores, from)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "from when on: a duration like 7d, or a `date`")
	p.lookFlags(cmd, &timeout, &store)
	cmd.Flags().Lookup("store").Usage = "only this `store` (default: all)"
	return cmd
}

func (p *program) replan(ctx context.Context, l *opened, worker string, stores []string, from time.Time) error {
	last := time.Now()
	done, err := l.Replan(ctx, worker, stores, from, func(r installation.Replanned) {
		if time.Since(last) >= lineEvery {
			last = time.Now()
			fmt.Fprintf(p.err, "store %s: %s read\n", r.Store, plural(r.Events, "event"))
		}
	})
	if err != nil {
		return fmt.Errorf("%w\nrun the command again; nothing is planned twice", err)
	}
	if p.asJSON() {
		return writeJSON(p.out, done)
	}
	for _, r := range done {
		if _, err := fmt.Fprintf(p.out, "store %s: %s read, %s planned or planned again\n", r.Store, plural(r.Events, "event"), plural(r.Mails, "email")); err != nil {
			return err
		}
	}
	return nil
}
