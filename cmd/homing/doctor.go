package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/doctor"
	"homing/pkg/doctor/examine"
)

const doctorHelp = `Examines an installation from outside, and says what is wrong in plain words, why it
matters, and what to do: versions, whose installation it is, streams and consumers,
storage left, what waits, the processes and what they differ in, Redis, clocks, the
relay, the DNS of the senders (SPF, DKIM, DMARC, MX), http.public_url, and who may read
the files with secrets. It changes nothing and sends no email. docs/doctor.md tells
what each check looks at.

Levels: ok, note (to be known), warning (works, and will not or might not), trouble
(emails do not leave, do not arrive, or might leave twice).

Exit codes: 0 no trouble · 1 at least one trouble · 2 wrong usage or configuration.
A server that is away is trouble, and stops no other check.`

// doctorFlags are what the command is told.
type doctorFlags struct {
	timeout   time.Duration
	only      []string
	dns       string
	sendsFrom []string
	monitor   string
}

func (p *program) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Examine an installation, and say what to do", Long: doctorHelp, Args: cobra.NoArgs,
		Example: "  homing doctor\n  homing doctor --only dns,relay --sends-from 198.51.100.7\n  homing doctor --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := p.examine(cmd.Context(), f)
			if err != nil {
				return err
			}
			if p.asJSON() {
				err = writeJSON(p.out, r)
			} else {
				err = p.writeReport(r)
			}
			if err == nil && r.Level == doctor.Trouble {
				err = &exitError{exitFailure, errors.New("there is trouble")}
			}
			return err
		},
	}
	p.natsFlags(cmd, &f.timeout, 10*time.Second)
	cmd.Flags().Lookup("timeout").Usage = "how long each check may take"
	p.outputFlag(cmd)
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "the `checks` to do, of "+strings.Join(doctor.Checks, ", "))
	cmd.Flags().StringVar(&f.dns, "dns", "", "the DNS `server` to ask, as host or host:port (default: the system's)")
	cmd.Flags().StringSliceVar(&f.sendsFrom, "sends-from", nil, "the `addresses` on the internet that email leaves from, for SPF (default: those of the relay's name)")
	cmd.Flags().StringVar(&f.monitor, "nats-monitor", "", "the monitoring `url` of a nats-server, such as http://127.0.0.1:8222, to see how much disk is left")
	return cmd
}

// examine examines the installation of the configuration.
func (p *program) examine(ctx context.Context, f doctorFlags) (doctor.Report, error) {
	var none doctor.Report
	for _, name := range f.only {
		if !slices.Contains(doctor.Checks, name) {
			return none, usagef("--only: there is no check %q; there are %s", name, strings.Join(doctor.Checks, ", "))
		}
	}
	if f.timeout <= 0 {
		return none, usagef("--timeout: %v is not a time to wait", f.timeout)
	}
	c, err := p.load()
	if err != nil {
		return none, err
	}
	o, err := app.Examination(c, ownBuild())
	if err != nil {
		return none, usage(err)
	}
	o.Resolver, o.Monitor, o.Only, o.Timeout = examine.At(f.dns), f.monitor, f.only, f.timeout
	o.Progress = func(checks []string) { fmt.Fprintf(p.err, "still looking at %s\n", strings.Join(checks, ", ")) }
	for _, a := range f.sendsFrom {
		ip, err := netip.ParseAddr(a)
		if err != nil {
			return none, usagef("--sends-from: %q is not an IP address", a)
		}
		o.SendsFrom = append(o.SendsFrom, ip)
	}
	redis.SetLogger(redisLog{zap.NewNop()}) // what goes wrong is said once, by us
	if o.Redis, err = connect.Redis(c, nil, nil); err != nil {
		return none, usage(err)
	}
	defer func() { _ = o.Redis.Close() }() // nothing was written
	nc, err := p.reachForDoctor(c, &o)
	if err != nil {
		return none, err
	}
	if nc != nil {
		defer nc.Close()
	}
	return examine.Run(ctx, o), nil
}

// reachForDoctor connects to NATS, once: that it is away is a finding like any other.
func (p *program) reachForDoctor(c *config.Config, o *examine.Options) (*nats.Conn, error) {
	nc, err := connect.Dial(c, nats.Name("homing doctor"), nats.Timeout(min(o.Timeout, 5*time.Second)), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if _, setting := errors.AsType[*connect.Setting](err); setting {
		return nil, usage(err)
	}
	if err != nil {
		o.NATSAway = connect.Trouble(err)
		return nil, nil
	}
	o.JS, err = connect.JetStream(c, nc)
	return nc, err
}

// writeReport writes findings for people, by check and the worst first.
func (p *program) writeReport(r doctor.Report) error {
	counts := map[doctor.Level]int{}
	var b strings.Builder
	check := ""
	for _, f := range r.Findings {
		counts[f.Level]++
		if f.Check != check {
			check = f.Check
			b.WriteString("\n" + check + "\n")
		}
		fmt.Fprintf(&b, "  %-8s %s\n", f.Level, strings.TrimPrefix(f.About+": ", ": ")+f.Text)
		if f.Why != "" {
			b.WriteString("           Why: " + f.Why + ".\n")
		}
		if f.Do != "" {
			b.WriteString("           Do:  " + f.Do + "\n")
		}
	}
	fmt.Fprintf(&b, "\ntrouble: %d, warnings: %d, notes: %d, ok: %d\n", counts[doctor.Trouble], counts[doctor.Warning], counts[doctor.Note], counts[doctor.OK])
	_, err := fmt.Fprint(p.out, strings.TrimPrefix(b.String(), "\n"))
	return err
}
