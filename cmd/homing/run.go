package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/localtime"
	"homing/pkg/programme"
)

// stopTimeout bounds how long a process finishes what it has begun.
const stopTimeout = 30 * time.Second

func (p *program) runCommand() *cobra.Command {
	roles := app.RoleNames()
	return &cobra.Command{
		Use:   "run [role ...]",
		Short: "Run the engine, or some of its roles",
		Long: `Runs against the NATS, Redis and SMTP servers of the configuration. With no role
it does everything; with some it does those alone, and any number of processes may
share the work side by side.

Roles: ` + strings.Join(roles, ", ") + `
gateway answers the links in emails, on http.gateway; with no role named it runs where
http.public_url is set.

A server that is away, at the start or later, is waited for. SIGTERM and Ctrl-C
finish what has begun, for up to 30 seconds; a second signal ends it at once.`,
		ValidArgs: roles,
		RunE: func(cmd *cobra.Command, roles []string) error {
			return p.runApp(cmd.Context(), roles)
		},
	}
}

func (p *program) runApp(ctx context.Context, roles []string) error {
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
	a, err := app.New(app.Options{Config: c, Roles: roles, Log: log})
	if err != nil {
		return usage(err)
	}
	if err := a.Start(); err != nil {
		return err
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-a.Failed():
		log.Error("cannot go on", zap.Error(failed))
		if errors.Is(failed, app.ErrRefused) {
			failed = usage(failed)
		}
	}
	log.Info("stopping: finishing what has begun", zap.Duration("at most", stopTimeout))
	if err := stopApp(a); err != nil {
		return cmp.Or(failed, err)
	}
	log.Info("stopped")
	return failed
}

func stopApp(a *app.App) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), stopTimeout, fmt.Errorf("%v have passed", stopTimeout))
	defer cancel()
	return a.Stop(ctx)
}
