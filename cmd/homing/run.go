package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/localtime"
	"homing/pkg/programme"
)

// stopTimeout bounds how long a process finishes what it has begun. Saying goodbye to
// the servers takes up to five seconds more: supervisors kill after half a minute.
const stopTimeout = 25 * time.Second

func (p *program) runCommand() *cobra.Command {
	roles := app.RoleNames()
	var partitions string
	cmd := &cobra.Command{
		Use:   "run [role ...]",
		Short: "Run the engine, or some of its roles",
		Long: `Runs against the NATS, Redis and SMTP servers of the configuration. With no role
it does everything; with some it does those alone, and any number of processes may
share the work.

Roles: ` + strings.Join(roles, ", ") + `
gateway answers the links in emails, on http.gateway; with no role named it runs where
http.public_url is set. console is the web app of those who write the emails, on
console.listen, and runs where console.url is set.

Where nats.partitions is more than 1, --partitions 0,2-3 has the workers of this
process plan and send for the customers of these partitions alone; all else, such as
intake, works for all of them in any process. See docs/partitions.md.

A server that is away, at the start or later, is waited for. SIGTERM and Ctrl-C
finish what has begun, for up to 25 seconds, and exit with 0; what a relay has not
answered by then is named in the log, and left to the next process. A second signal
ends it at once.`,
		ValidArgs: roles,
		RunE: func(cmd *cobra.Command, roles []string) error {
			share, err := parsePartitions(partitions)
			if err != nil {
				return usage(err)
			}
			return p.runApp(cmd.Context(), roles, share)
		},
	}
	cmd.Flags().StringVar(&partitions, "partitions", "", "which `partitions` the workers work for, such as 0,2-3 (default: all)")
	return cmd
}

// parsePartitions reads a list of numbers and ranges, such as 0,2-3; of an empty one,
// nothing.
func parsePartitions(s string) (out []int, err error) {
	if s == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 0 || last < first || last >= bus.MostPartitions {
			return nil, fmt.Errorf("--partitions: %q is no list of partitions; write their numbers from 0 on, such as 0,2-3", s)
		}
		for p := first; p <= last; p++ {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func (p *program) runApp(ctx context.Context, roles []string, partitions []int) error {
	c, err := config.Load(p.config, p.env, programme.WorkerNames())
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return usage(err)
	}
	log := p.logger(zapcore.InfoLevel)
	log.Info("homing", zap.String("version", versionLine()))
	if text := localtime.Zones().Warning(time.Now()); text != "" {
		log.Warn(text)
	}
	for _, w := range c.Warnings() {
		log.Warn("configuration: " + w)
	}
	app.TuneGC()
	build := readVersions()
	a, err := app.New(app.Options{Config: c, Roles: roles, Partitions: partitions, Log: log, Version: build.Version, Revision: build.Revision})
	if err != nil {
		return usage(err)
	}
	if err := a.Start(); err != nil {
		return err
	}
	supervised := p.supervise(a)
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-a.Failed():
		log.Error("cannot go on", zap.Error(failed))
		if errors.Is(failed, app.ErrRefused) {
			failed = usage(failed)
		}
	}
	supervised.stopping()
	stopApp(a, log)
	return failed
}

// stopApp stops an app. What could not be finished is said, and is no failure: the next
// process goes on with it.
func stopApp(a *app.App, log *zap.Logger) {
	log.Info("stopping: finishing what has begun", zap.Duration("at most", stopTimeout))
	ctx, cancel := context.WithTimeoutCause(context.Background(), stopTimeout, fmt.Errorf("%v have passed", stopTimeout))
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		log.Warn("stopped, and not all is finished: the next process goes on with it", zap.Error(err))
		return
	}
	log.Info("stopped")
}
