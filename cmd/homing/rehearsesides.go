package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"

	"homing/pkg/config"
	"homing/pkg/programme"
	"homing/pkg/templatestore"
)

// A side is a configuration that is rehearsed, and where its templates are read.
type side struct {
	config    *config.Config
	templates func(context.Context, *config.Config) (files templatestore.Files, note string, err error)
}

// otherSide is what --against names: a file, a revision in git, as REV:PATH, or what runs.
func (m *rehearsing) otherSide(ctx context.Context, c *config.Config) (side, error) {
	named := m.f.against
	if named == running {
		return m.runningSide(ctx, c)
	}
	rev, path, of := strings.Cut(named, ":")
	if _, err := os.Stat(named); err == nil || !of {
		other, err := config.Load(named, m.p.env, programme.WorkerNames())
		return side{other, m.templatesOf}, usage(err)
	}
	git := exec.CommandContext(ctx, "git", "show", "--end-of-options", rev+":"+path)
	var said bytes.Buffer
	git.Stderr = &said
	data, err := git.Output()
	if err != nil {
		return side{}, usagef("--against: git show %s: %s", named, cmp.Or(strings.TrimSpace(said.String()), err.Error()))
	}
	other, err := config.Parse(named, data, m.p.env, programme.WorkerNames())
	if err != nil {
		return side{}, usage(err)
	}
	if other.Templates.Bucket() && m.published != nil {
		return side{other, m.templatesOf}, nil
	}
	return side{other, func(ctx context.Context, of *config.Config) (templatestore.Files, string, error) {
		return templatesAt(ctx, rev, path, of.Templates)
	}}, nil
}
