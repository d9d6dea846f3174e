package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/templatestore"
	"homing/templates"
)

const rollbackHelp = `Publishes the files of an earlier version again, as a new version: the history stays a
line. Without a number it is the version before the one in force.`

const pullHelp = `Writes the files of a version into a folder, which it makes: the one in force, or the
one named. Where none was published yet, these are the emails that come with Homing. Files of the folder that are no part of the version stay, and are listed;
what was changed there and not published is not overwritten, unless --force says so.`

func (p *program) templatesRollbackCommand() *cobra.Command {
	f := &pushFlags{}
	cmd := &cobra.Command{
		Use: "rollback [version]", Short: "Publish an earlier version again", Long: rollbackHelp, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			author, err := authorOf(f.author)
			if err != nil {
				return err
			}
			return p.rollback(cmd.Context(), f, author, args)
		},
	}
	f.add(p, cmd)
	return cmd
}

// rollback reads, looks whether processes would take it, and publishes. What the look takes
// on a busy machine is not the time of NATS: it is between two visits.
func (p *program) rollback(ctx context.Context, f *pushFlags, author string, args []string) error {
	d := templatestore.Draft{Author: author, Message: f.message}
	err := p.onTemplates(ctx, f.timeout, func(ctx context.Context, _ *config.Config, s *templatestore.Store) error {
		return earlier(ctx, s, args, &d)
	})
	if err != nil {
		return err
	}
	c, err := p.load()
	if err != nil {
		return err
	}
	if _, err := loadFiles(c, d.Files); err != nil {
		return p.refused(fmt.Sprintf("version %d", d.Restores), err)
	}
	if d.Message == "" {
		d.Message = fmt.Sprintf("back to version %d", d.Restores)
	}
	return p.onTemplates(ctx, f.timeout, func(ctx context.Context, c *config.Config, s *templatestore.Store) error {
		out, err := publishDraft(ctx, c, s, d)
		if err != nil {
			return err
		}
		return p.tellPushed(c, out)
	})
}

// earlier finds the version that is to be published again: the one that is named, or the
// one before the one in force.
func earlier(ctx context.Context, s *templatestore.Store, args []string, d *templatestore.Draft) (err error) {
	if d.Base, err = s.Current(ctx); err != nil {
		return err
	}
	d.Restores = d.Base - 1
	if len(args) > 0 {
		if d.Restores, err = versionOf(args[0]); err != nil {
			return err
		}
	} else if d.Restores < 1 {
		return usagef("there is no version before the one in force")
	}
	_, d.Files, err = s.Get(ctx, d.Restores)
	if errors.Is(err, templatestore.ErrNoVersion) {
		return usage(err)
	}
	return err
}

func (p *program) templatesPullCommand() *cobra.Command {
	var timeout time.Duration
	var force bool
	cmd := &cobra.Command{
		Use: "pull [version] <folder>", Short: "Write a version's files into a folder", Long: pullHelp, Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onTemplates(cmd.Context(), timeout, func(ctx context.Context, _ *config.Config, s *templatestore.Store) error {
				return p.pull(ctx, s, args, force)
			})
		},
	}
	p.natsFlags(cmd, &timeout, 10*time.Second)
	cmd.Flags().BoolVar(&force, "force", false, "overwrite what was changed and not published")
	return cmd
}

func (p *program) pull(ctx context.Context, s *templatestore.Store, args []string, force bool) error {
	dir := args[len(args)-1]
	n, err := s.Current(ctx)
	if err != nil {
		return err
	}
	if len(args) == 2 {
		if n, err = versionOf(args[0]); err != nil {
			return err
		}
	}
	files, err := versionFiles(ctx, s, n)
	if errors.Is(err, templatestore.ErrNoVersion) {
		return usage(err)
	}
	if err == nil && !force {
		err = unpublished(ctx, s, dir, files)
	}
	if err != nil {
		return err
	}
	others, err := files.WriteTo(dir)
	if err == nil && n > 0 {
		err = writeBase(dir, n)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		_, err = fmt.Fprintf(p.out, "none was published yet: the emails that come with Homing, %s, are in %s\n", plural(len(files), "file"), dir)
		return err
	}
	for _, o := range others {
		fmt.Fprintf(p.err, "%s is no part of version %d; remove it, or it is published with the next push\n", filepath.Join(dir, filepath.FromSlash(o)), n)
	}
	_, err = fmt.Fprintf(p.out, "version %d, %s, is in %s\n", n, plural(len(files), "file"), dir)
	return err
}

// versionFiles returns the files of a version; of none, those that come with Homing, which
// are in use then.
func versionFiles(ctx context.Context, s *templatestore.Store, n int) (templatestore.Files, error) {
	if n == 0 {
		return templatestore.ReadFiles(templates.Files)
	}
	_, files, err := s.Get(ctx, n)
	return files, err
}

// unpublished returns what would be overwritten and is in no version: files of a folder
// that are neither as in the version to write, nor as in the one they were made from.
func unpublished(ctx context.Context, s *templatestore.Store, dir string, to templatestore.Files) error {
	if !isDir(dir) {
		return nil
	}
	have, err := templatestore.ReadFiles(os.DirFS(dir))
	if err != nil {
		return err
	}
	base, err := readBase(dir)
	if err != nil {
		return err
	}
	var from templatestore.Files
	if base > 0 {
		if _, from, err = s.Get(ctx, base); err != nil {
			return err
		}
	}
	n, first := 0, ""
	for _, ch := range templatestore.Changes(to, have) {
		if ch.Did != "changed" || from[ch.Path] != nil && string(from[ch.Path]) == string(have[ch.Path]) {
			continue
		}
		if n++; first == "" {
			first = ch.Path
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s in %s would be overwritten, and no version has them as they are there (%s); pull into another folder, or say --force", plural(n, "file"), dir, first)
}
