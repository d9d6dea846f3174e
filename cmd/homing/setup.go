package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/control"
	"homing/pkg/installation"
	"homing/pkg/programme"
)

const setupHelp = `Creates the streams, durable consumers and buckets that Homing needs in NATS, and
brings those that are there to what the configuration says. It may be run at any
time and any number of times; "homing run" does the same when it starts. Nothing is
ever deleted.

Which workers are paused is kept in the bucket "controls" alone. If that is lost,
nothing is sent, and neither this command nor "homing run" makes an empty one in its
place. With --pause-all it is made, and every worker paused; resume those that should
send. With --forget-pauses it is made, and nothing is paused.`

func (p *program) setupCommand() *cobra.Command {
	var timeout time.Duration
	var pauseAll, forget bool
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
			if _, lost := errors.AsType[*bus.ControlsLost](err); lost && (pauseAll || forget) {
				changes, err = p.remakeControls(cmd.Context(), c, js, pauseAll, changes)
			} else if err == nil && pauseAll {
				err = p.pauseAll(cmd.Context(), c, js)
			}
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
	cmd.Flags().BoolVar(&pauseAll, "pause-all", false, "pause every worker, and make the bucket of pauses if it was lost")
	cmd.Flags().BoolVar(&forget, "forget-pauses", false, "make the bucket of pauses if it was lost, with nothing paused")
	cmd.MarkFlagsMutuallyExclusive("pause-all", "forget-pauses")
	return cmd
}

// remakeControls makes the bucket of pauses that was lost. Processes that run do not
// believe it for some seconds: time to pause all.
func (p *program) remakeControls(ctx context.Context, c *config.Config, js jetstream.JetStream, pauseAll bool, did []bus.Change) ([]bus.Change, error) {
	if err := app.MakeControls(ctx, c, js); err != nil {
		return did, err
	}
	did = append(did, bus.Change{Kind: "bucket", Name: bus.ControlsBucket, Did: bus.Created})
	if pauseAll {
		if err := p.pauseAll(ctx, c, js); err != nil {
			return did, err
		}
	}
	_, err := app.SetupStreams(ctx, c, js) // whose installation it is was kept there as well
	return did, err
}

// pauseAll pauses every worker in every store.
func (p *program) pauseAll(ctx context.Context, c *config.Config, js jetstream.JetStream) error {
	scale, err := businessClock(ctx, js)
	if err != nil {
		return err
	}
	controls := installation.Controls(c, js, scale)
	for _, w := range programme.Senders() {
		if _, err := controls.Pause(ctx, control.Hold{Worker: w, Reason: control.Paused, Detail: "by homing setup --pause-all"}); err != nil {
			return fmt.Errorf("pausing %s: %w; run homing setup --pause-all again", w, err)
		}
	}
	fmt.Fprintln(p.err, "every worker is paused; resume those that should send with homing resume")
	return nil
}

func (p *program) writeChanges(changes []bus.Change) error {
	if p.asJSON() {
		type change struct {
			Kind      string   `json:"kind"`
			Name      string   `json:"name"`
			Did       string   `json:"did"`
			Otherwise []string `json:"otherwise,omitempty"` // what was, if it was updated
		}
		out := make([]change, len(changes))
		for i, c := range changes {
			out[i] = change{c.Kind, c.Name, c.Did, c.Fields}
		}
		return writeJSON(p.out, out)
	}
	rows := make([][]string, len(changes))
	for i, c := range changes {
		rows[i] = []string{c.Did, c.Kind, c.Name, strings.Join(c.Fields, ", ")}
	}
	return table(p.out, rows)
}
