package main

import (
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/app"
	"homing/pkg/bus"
)

const setupHelp = `Creates the streams, durable consumers and buckets that Homing needs in NATS, and
brings those that are there to what the configuration says. It may be run at any
time and any number of times; "homing run" does the same when it starts. Nothing is
ever deleted.`

func (p *program) setupCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "setup", Short: "Create the streams and consumers in NATS", Long: setupHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load()
			if err != nil {
				return err
			}
			nc, js, err := p.reach(cmd.Context(), c, timeout)
			if err != nil {
				return err
			}
			defer nc.Close()
			changes, err := app.SetupStreams(cmd.Context(), c, js)
			if app.Hopeless(err) {
				return usage(err)
			}
			if werr := p.writeChanges(changes); err == nil {
				err = werr
			}
			return err
		},
	}
	p.natsFlags(cmd, &timeout, 30*time.Second)
	p.outputFlag(cmd)
	return cmd
}

func (p *program) writeChanges(changes []bus.Change) error {
	if p.asJSON() {
		type change struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
			Did  string `json:"did"`
		}
		out := make([]change, len(changes))
		for i, c := range changes {
			out[i] = change(c)
		}
		return writeJSON(p.out, out)
	}
	rows := make([][]string, len(changes))
	for i, c := range changes {
		rows[i] = []string{c.Did, c.Kind, c.Name}
	}
	return table(p.out, rows)
}
