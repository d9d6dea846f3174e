package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/problem"
	"homing/pkg/render"
	"homing/pkg/templatestore"
	"homing/templates"
)

// baseFile is where push and pull note in a folder which version its files were made
// from. It is hidden: no template.
const baseFile = ".homing-version"

// onTemplates runs a command with the versions at hand.
func (p *program) onTemplates(ctx context.Context, timeout time.Duration, do func(context.Context, *config.Config, *templatestore.Store) error) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, &exitError{exitUnreachable, fmt.Errorf("NATS did not answer within %v", timeout)})
	defer cancel()
	err = do(ctx, c, templatestore.New(js))
	switch {
	case errors.Is(err, jetstream.ErrBucketNotFound):
		return errors.New("nothing is set up there yet; `homing setup` or `homing run` does it")
	case errors.Is(err, context.DeadlineExceeded): // it may say, too, that a version is stored and not in force
		return &exitError{exitUnreachable, fmt.Errorf("%w: %w", context.Cause(ctx), err)}
	}
	return err
}

// versionOf reads the number of a version.
func versionOf(arg string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(arg, "v"))
	if err != nil || n < 1 {
		return 0, usagef("%q is not the number of a version; `homing templates history` lists them", arg)
	}
	return n, nil
}

// readBase returns the version that a folder's files were made from; 0: none is noted.
func readBase(dir string) (int, error) {
	raw, err := os.ReadFile(filepath.Join(dir, baseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := versionOf(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, usagef("%s is damaged; say with --base which version the files were made from, or remove it", filepath.Join(dir, baseFile))
	}
	return n, nil
}

func writeBase(dir string, n int) error {
	return os.WriteFile(filepath.Join(dir, baseFile), fmt.Appendln(nil, n), 0o644)
}

// authorOf is who publishes: the name given, or the one of the system's user. Not an
// address: it is kept for ever.
func authorOf(given string) (string, error) {
	if strings.Contains(given, "@") {
		return "", usagef("--author: a name, please, and no address: it is kept for ever")
	}
	if given != "" {
		return given, nil
	}
	u, err := user.Current()
	if err != nil || u.Username == "" || strings.Contains(u.Username, "@") {
		return "", usagef("--author: say who you are")
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:], nil // Windows: DOMAIN\name
}

// overBuiltIn lays files over what comes with Homing.
func overBuiltIn(f templatestore.Files) (fs.FS, error) {
	base, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		return nil, err
	}
	return f.Over(base).FS()
}

// loadFiles makes files usable as a process does: over what comes with Homing, and for
// the stores of the configuration.
func loadFiles(c *config.Config, f templatestore.Files) (*render.Set, error) {
	fsys, err := overBuiltIn(f)
	if err != nil {
		return nil, err
	}
	return usable(c, fsys)
}

// usable loads templates and looks whether the stores can use them.
func usable(c *config.Config, fsys fs.FS) (*render.Set, error) {
	set, err := render.Load(fsys)
	if err != nil || len(c.Stores) == 0 {
		return set, err
	}
	with := *c
	with.HTTP.PublicURL = cmp.Or(c.HTTP.PublicURL, "https://links.invalid") // no fault of the templates; homing dev has one of its own
	return set, app.Check(&with, set)
}

// refused says what is wrong with templates, a line each with its place.
func (p *program) refused(dir string, err error) error {
	found := sources{p.configPath(), dir}.findings(err)
	for _, f := range found {
		at := problem.Problem{File: f.File, Line: f.Line, Column: f.Column, Key: f.Key, Text: f.Text}
		fmt.Fprintln(p.err, at.Error())
	}
	return usagef("%s; nothing was published", plural(len(found), "problem"))
}
