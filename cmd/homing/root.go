package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"homing/pkg/config"
)

// The exit codes; rootHelp documents them.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitDiffers     = 4
)

const rootHelp = `Homing sends a shop's customers the right email at the right moment, and never
too many. Storefronts publish what happened; Homing decides what follows, and emails
it.

  Building a storefront?   dev, validate, publish, import, rejected
  Writing the emails?      studio, templates, check, dev
  Before it goes live?     rehearse, history, check
  Running it?              setup, run, status, doctor, size, health, pause, resume,
                           announce, offers, check, products, rejected, pending,
                           replan, rebuild, backup, restore, adopt
  Answering customers?     why, pending, export, erase
  Does it pay?             report, segments

Exit codes: 0 done · 1 failed · 2 wrong usage or configuration · 3 a server did
not answer in time · 4 somebody would get different mail (rehearse --against).
Environment: HOMING_CONFIG, HOMING_NATS_URL, HOMING_REDIS_URL, HOMING_SMTP_URL and
HOMING_SECRET win over the configuration file, each also as …_FILE. NO_COLOR
switches colours off.`

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage marks an error that the caller can fix: a flag, an argument, the configuration.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "homing", Short: "Customer-engagement email for shops", Long: rootHelp,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if err := p.checkShared(); err != nil {
				return usage(err)
			}
			p.begun = true
			return nil
		},
	}
	root.AddGroup(&cobra.Group{ID: "try", Title: "Try it and build against it:"},
		&cobra.Group{ID: "run", Title: "Run it:"}, &cobra.Group{ID: "look", Title: "Look into it:"})
	f := root.PersistentFlags()
	f.StringVar(&p.config, "config", "", "configuration `file` (default: HOMING_CONFIG, or else "+config.DefaultPath+")")
	f.StringVar(&p.logLevel, "log-level", "", "debug, info, warn or error (default: info for run, warn for the rest)")
	f.StringVar(&p.logFormat, "log-format", "auto", "auto, console or json; auto is console on a terminal, else json")
	for group, cmds := range map[string][]*cobra.Command{
		"try":  {p.devCommand(), p.studioCommand(), p.publishCommand(), p.importCommand(), p.validateCommand(), p.templatesCommand()},
		"run":  {p.setupCommand(), p.runCommand(), p.pauseCommand(), p.resumeCommand(), p.announceCommand(), p.offersCommand(), p.eraseCommand(), p.replanCommand(), p.rebuildCommand(), p.backupCommand(), p.restoreCommand(), p.adoptCommand()},
		"look": {p.statusCommand(), p.doctorCommand(), p.sizeCommand(), p.whyCommand(), p.pointsCommand(), p.pendingCommand(), p.uncertainCommand(), p.exportCommand(), p.checkCommand(), p.historyCommand(), p.rehearseCommand(), p.healthCommand(), p.productsCommand(), p.segmentsCommand(), p.audienceCommand(), p.reportCommand(), p.rejectedCommand(), p.versionCommand()},
		"":     {p.completionCommand(), p.manCommand()},
	} {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	completeFlags(root)
	return root
}

// checkShared validates the flags that many commands have.
func (p *program) checkShared() error {
	switch p.logLevel {
	case "", "debug", "info", "warn", "error":
	default:
		return fmt.Errorf("--log-level: %q is not one of debug, info, warn, error", p.logLevel)
	}
	switch p.logFormat {
	case "auto", "console", "json":
	default:
		return fmt.Errorf("--log-format: %q is not one of auto, console, json", p.logFormat)
	}
	return nil
}

// outputFlag adds --output to a command whose result a program may read: as text, as json,
// and in more forms if it has them.
func (p *program) outputFlag(cmd *cobra.Command, more ...string) {
	p.output = "text"
	forms := append([]string{"text", "json"}, more...)
	cmd.Flags().VarP(&choice{&p.output, forms}, "output", "o", strings.Join(forms, " or "))
}

// choice is a flag that has one of a few values.
type choice struct {
	value *string
	of    []string
}

func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}
func (c *choice) Type() string { return "string" }
func (c *choice) Set(s string) error {
	if !slices.Contains(c.of, s) {
		return fmt.Errorf("it is one of %s", strings.Join(c.of, ", "))
	}
	*c.value = s
	return nil
}

func (p *program) asJSON() bool { return p.output == "json" }

// exit says what went wrong, and returns the exit code.
func (p *program) exit(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	code := exitFailure
	if e, ok := errors.AsType[*exitError](err); ok {
		code = e.code
	} else if !p.begun {
		code = exitUsage // cobra's own errors, about arguments and flags
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(p.err, "%s: %s\n", cmd.Name(), strings.TrimPrefix(text, cmd.Name()+": "))
	}
	if !p.begun {
		help := strings.TrimPrefix(cmd.CommandPath(), "homing")
		fmt.Fprintf(p.err, "See: %s%s --help\n", p.name, help)
	}
	return code
}

// invocation is how to call the program again: as it was called, or by its bare
// name when that is found in the path, or with go run.
func invocation(arg0 string) string {
	if strings.Contains(filepath.ToSlash(arg0), "/go-build") {
		return "go run ./cmd/homing"
	}
	base := filepath.Base(arg0)
	if found, err := exec.LookPath(base); err == nil && sameFile(found, arg0) {
		return base
	}
	return arg0
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
