package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/problem"
	"homing/pkg/programme"
)

const healthHelp = `Asks the Homing that runs on this machine, at http.listen of the configuration,
whether it is ready, and prints its answer: "ok", or in one line what is missing.
With --live it asks only whether the process answers.

It is the health check of a container, which has no other program in it. A process that
is not ready goes on by itself: do not restart one for that.

Exit codes: 0 it is · 1 it is not · 3 nothing answers there.`

func (p *program) healthCommand() *cobra.Command {
	var live bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "health", Short: "Ask the Homing on this machine whether it is ready", Long: healthHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(p.config, p.env, programme.WorkerNames())
			if err != nil {
				return usage(err)
			}
			addr, err := healthAddress(c.HTTP.Listen)
			if err != nil {
				return usage(err)
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			path := "/readyz"
			if live {
				path = "/livez"
			}
			if err := askHealth(ctx, addr, path); err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.out, "ok")
			return err
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "ask only whether the process answers")
	cmd.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "how long to wait for the answer")
	return cmd
}

// healthAddress is where a process on this machine that listens there is reached.
func healthAddress(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	switch {
	case err != nil:
		return "", &problem.Problem{Key: "http.listen", Text: fmt.Sprintf("%q is no address to ask for health", listen)}
	case port == "0":
		return "", &problem.Problem{Key: "http.listen", Text: "is any free port, so nobody knows which one to ask; name one"}
	}
	// By number: a container may have nothing that knows localhost by its name.
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "127.0.0.1"
		if a.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// askHealth returns nil if a process says that it is well, or what it says is missing.
func askHealth(ctx context.Context, addr, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return err
	}
	// Straight there: a proxy for the world outside knows nothing of this machine.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		return &exitError{exitUnreachable, fmt.Errorf("nothing answers at %s: %w", addr, errors.Unwrap(err))}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	switch said := strings.TrimSpace(string(text)); {
	case err != nil:
		return &exitError{exitUnreachable, fmt.Errorf("%s did not finish its answer: %w", addr, err)}
	case answer.StatusCode == http.StatusOK:
		return nil
	default:
		return errors.New(cmp.Or(said, answer.Status))
	}
}
