package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/installation"
	"homing/pkg/programme"
)

const pauseHelp = `Stops a worker from sending, on all replicas, within a second. It goes on planning;
what falls due waits and costs nothing. It lasts until "homing resume", also over
restarts; a worker whose status is paused in the configuration stays so either way.
What is too late when it goes on ends as expired.`

const resumeHelp = `Ends what "homing pause" began. What fell due in the meantime leaves at the pace of
pacing.throughput; what is too late by now ends as expired.`

// everyWorker is the word for all of them.
const everyWorker = "all"

// pauseFlags are those of pause and resume.
type pauseFlags struct {
	timeout       time.Duration
	store, detail string
}

func (p *program) pauseCommand() *cobra.Command {
	c, f := p.switchCommand("pause", "Stop a worker from sending, until it is resumed", pauseHelp, true)
	c.Flags().StringVar(&f.detail, "reason", "", "why, for homing status and the timeline; no names, no addresses")
	return c
}

func (p *program) resumeCommand() *cobra.Command {
	c, _ := p.switchCommand("resume", "Let a worker send again that was paused", resumeHelp, false)
	return c
}

func (p *program) switchCommand(name, short, long string, pause bool) (*cobra.Command, *pauseFlags) {
	f := &pauseFlags{}
	c := &cobra.Command{
		Use: name + " <worker>|all", Short: short, Long: long, Args: cobra.ExactArgs(1),
		ValidArgs: append(programme.Senders(), everyWorker),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.switchWorkers(cmd.Context(), f, pause, args[0])
		},
	}
	p.natsFlags(c, &f.timeout, 10*time.Second)
	p.outputFlag(c)
	c.Flags().StringVar(&f.store, "store", "", "in this `store` alone (default: in every store)")
	return c, f
}

func (p *program) switchWorkers(ctx context.Context, f *pauseFlags, pause bool, named string) error {
	if err := installation.CheckPauseReason(f.detail); err != nil {
		return usagef("--reason: %v", err)
	}
	names := programme.Senders()
	if named != everyWorker {
		if !slices.Contains(names, named) {
			return usagef("no such worker: %s; there are %s, and %s", named, strings.Join(names, ", "), everyWorker)
		}
		names = []string{named}
	}
	c, err := p.load()
	if err != nil {
		return err
	}
	nc, js, err := p.reach(ctx, c, f.timeout)
	if err != nil {
		return err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	if err := asDev(ctx, js, c); err != nil {
		return err
	}
	if err := pausable(c, f.store); err != nil {
		return err
	}
	scale, err := businessClock(ctx, js)
	if err != nil {
		return err
	}
	var done []installation.Switched
	for _, w := range names {
		var one installation.Switched
		if pause {
			one, err = installation.Pause(ctx, c, js, scale, w, f.store, f.detail)
		} else {
			one, err = installation.Resume(ctx, c, js, scale, w, f.store)
		}
		if err != nil {
			return err
		}
		done = append(done, one)
	}
	if p.asJSON() {
		return writeJSON(p.out, done)
	}
	return p.writeSwitched(done)
}

// pausable refuses a store that nobody knows: it would be said to be paused, while the one
// that was meant goes on sending.
func pausable(c *config.Config, store string) error {
	if _, ok := c.Stores[store]; ok || store == "" {
		return nil
	}
	if len(c.Stores) == 0 {
		return usagef("--store: there is no configuration here to say which stores there are, so a misspelt one would stop nothing; name the file with --config, or leave --store out")
	}
	return usagef("--store: no store %s is configured; there are %s", store, strings.Join(slices.Sorted(maps.Keys(c.Stores)), ", "))
}

func (p *program) writeSwitched(done []installation.Switched) error {
	for _, d := range done {
		said := "goes on"
		switch {
		case d.Paused && d.Changed:
			said = "is paused; what falls due waits"
		case d.Paused:
			said = "was paused already"
		case !d.Changed:
			said = "was not paused"
		}
		if d.Store != "" {
			said += " (store " + d.Store + ")"
		}
		if !d.Paused && d.Config {
			said += "; its status in the configuration is paused, and that stays"
		}
		if _, err := fmt.Fprintf(p.out, "%s %s\n", d.Worker, said); err != nil {
			return err
		}
	}
	return nil
}
