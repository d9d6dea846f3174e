package main

import (
	"context"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"homing/pkg/backup"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/fingerprint"
	"homing/pkg/place"
)

const backupHelp = `Writes all streams and buckets of the installation to a folder, which must be new or
empty. Processes may run. The folder has the streams in the form of the nats command,
and manifest.json, which is written last: without it a backup was not finished.

The streams are read in an order in which no email can be missing from two of them.
Customers' data is in there, unencrypted. The secret, the configuration and the DKIM keys
are not: keep them elsewhere, as without the secret a backup is of no use.`

const restoreHelp = `Brings back what "homing backup" wrote, on a NATS that has no installation yet, after
comparing every file with the manifest. Nothing is overwritten. What was restored sends
nothing until "homing adopt". docs/backup.md goes through it step by step.`

func (p *program) backupCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "backup <folder>", Short: "Write all streams and buckets to a folder", Long: backupHelp, Args: cobra.ExactArgs(1),
		Example: "  homing backup /var/backups/homing/$(date +%F)",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withBackup(cmd.Context(), timeout, args[0], false, func(ctx context.Context, c *config.Config, o backup.Options) (m *backup.Manifest, err error) {
				if o.Secret, err = fingerprint.Read(ctx, o.JS); err == nil {
					m, err = backup.Take(ctx, o)
				}
				return m, err
			})
		},
	}
	p.natsFlags(cmd, &timeout, 10*time.Second)
	p.outputFlag(cmd)
	return cmd
}

func (p *program) restoreCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "restore <folder>", Short: "Bring back what homing backup wrote", Long: restoreHelp, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withBackup(cmd.Context(), timeout, args[0], true, restore)
		},
	}
	p.natsFlags(cmd, &timeout, 10*time.Second)
	p.outputFlag(cmd)
	return cmd
}

// restore brings a backup back that has the secret of the configuration.
func restore(ctx context.Context, c *config.Config, o backup.Options) (*backup.Manifest, error) {
	m, err := backup.Read(ctx, o)
	if err != nil {
		return nil, err
	}
	if c.Secret == "" {
		return nil, usagef("secret: none is configured; a backup is of no use without the secret of its installation")
	}
	id, err := customer.NewIdentity(c.Secret.Reveal())
	if err != nil {
		return nil, err
	}
	if m.Secret != "" && m.Secret != id.Fingerprint() {
		return nil, usagef("secret: the backup is of an installation with another one (its fingerprint is %s; ours has %s)", m.Secret, id.Fingerprint())
	}
	o.Replicas = c.NATS.Replicas
	o.Restored = func(ctx context.Context, m *backup.Manifest) error { return place.MarkRestored(ctx, o.JS, m.Begun) }
	return m, backup.Restore(ctx, o, m)
}

func (p *program) withBackup(ctx context.Context, timeout time.Duration, dir string, restored bool, do func(context.Context, *config.Config, backup.Options) (*backup.Manifest, error)) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return err
	}
	defer nc.Close()
	passed := &passing{meter: meter{p: p, last: time.Now()}}
	m, err := do(ctx, c, backup.Options{JS: js, Dir: dir, Version: readVersions().Version, Progress: passed.show})
	passed.finish()
	if err != nil {
		return err
	}
	if p.asJSON() {
		return writeJSON(p.out, m)
	}
	rows := [][]string{{"STREAM", "MESSAGES", "SIZE"}}
	for _, s := range m.Streams {
		rows = append(rows, []string{s.Name, count(s.Messages), size(float64(s.Bytes))})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	after := "the secret, the configuration and the DKIM keys are not part of it"
	if restored {
		after = "nothing is sent until `" + p.name + " adopt` says that this is the one that sends from now on"
	}
	_, err = fmt.Fprintf(p.out, "\nas of %s; %s\n", m.Begun.Format("2006-01-02 15:04:05 MST"), after)
	return err
}

// passing shows how far a stream has come: a bar on a terminal, else a line every two
// seconds.
type passing struct {
	meter
	stream string
}

func (g *passing) show(stream string, done, of uint64) {
	if stream != g.stream {
		g.finish()
		g.stream = stream
		if isTerminal(g.p.err) {
			g.bar = progressbar.NewOptions64(int64(max(of, done)), progressbar.OptionSetWriter(g.p.err), progressbar.OptionSetDescription(stream),
				progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
		}
	}
	switch {
	case g.bar != nil:
		_ = g.bar.Set64(int64(min(done, of))) // what is compressed is less, as a rule
	case time.Since(g.last) >= lineEvery:
		g.last = time.Now()
		fmt.Fprintf(g.p.err, "%s: %s of about %s\n", stream, size(float64(done)), size(float64(of)))
	}
}
