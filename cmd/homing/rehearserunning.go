package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/pkg/templatestore"
	"homing/templates"
)

// running is what --against calls the configuration of the processes that run.
const running = "running"

// errNotHere says that this machine lacks the templates that a process renders with.
var errNotHere = errors.New("how emails look is not compared")

// runningSide asks the processes of the installation by which configuration they decide,
// and which templates they render with.
func (m *rehearsing) runningSide(ctx context.Context, c *config.Config) (side, error) {
	nc, js, err := m.p.reach(ctx, c, m.f.timeout)
	if err != nil {
		return side{}, err
	}
	defer nc.Close()
	all, err := templatestore.AskConfigurations(ctx, nc)
	if err != nil {
		return side{}, err
	}
	of, err := oneConfiguration(all)
	if err != nil {
		return side{}, &exitError{exitUnreachable, fmt.Errorf("--against running: %w", err)}
	}
	other, err := config.Parse("the running configuration", of.Configuration, nil, programme.WorkerNames())
	if err != nil {
		return side{}, usagef("--against running: %s is of another version (%s), and its configuration cannot be read here:\n%w", of.Process, of.Build, err)
	}
	var files templatestore.Files
	if m.f.samples {
		files, err = m.runningTemplates(ctx, c, of, templatestore.New(js))
	}
	return side{other, func(context.Context, *config.Config) (templatestore.Files, string, error) { return files, "", err }}, nil
}

// runningTemplates finds the templates that a process renders with: a version that was
// published, or, if it says that its files are the same, what is here.
func (m *rehearsing) runningTemplates(ctx context.Context, c *config.Config, of *templatestore.Process, published *templatestore.Store) (templatestore.Files, error) {
	base, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(of.Version); err == nil {
		files, err := versionFiles(ctx, published, n)
		return files.Over(base), err
	}
	folder, _, err := m.templatesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, files := range []templatestore.Files{folder, base} {
		if kind, _, found := strings.Cut(of.Version, "-"); found && files.Named(kind) == of.Version {
			return files, nil
		}
	}
	return nil, fmt.Errorf("%w: %s renders with templates that aren't on this machine (%s)", errNotHere, of.Process, cmp.Or(of.Version, "none yet"))
}

// oneConfiguration returns a process that says by which configuration emails are decided,
// if all that do decide by the same.
func oneConfiguration(all []templatestore.Process) (*templatestore.Process, error) {
	var of *templatestore.Process
	for i := range all {
		p := &all[i]
		if !slices.ContainsFunc(p.Roles, func(r string) bool { return slices.Contains(programme.WorkerNames(), r) }) {
			continue
		}
		switch {
		case len(p.Configuration) == 0:
			return nil, fmt.Errorf("%s is of an older version, which does not say its configuration", p.Process)
		case of == nil:
			of = p
		case !bytes.Equal(of.Configuration, p.Configuration):
			return nil, fmt.Errorf("%s and %s run with different configurations; `homing doctor` says in what", of.Process, p.Process)
		}
	}
	if of == nil {
		return nil, fmt.Errorf("no process that runs a worker answers")
	}
	return of, nil
}
