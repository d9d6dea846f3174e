package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/installation"
	"homing/pkg/maillint"
	"homing/pkg/problem"
	"homing/pkg/programme"
	"homing/pkg/templatediff"
	"homing/pkg/templatestore"
	"homing/pkg/timeline"
)

const pushHelp = `Checks the templates of a folder as "homing run" does, renders all samples in all
languages, and publishes them as the next version. Nothing is published with a mistake
in it. What "homing templates lint" warns of is listed; with --strict nothing is
published then.

If somebody published since you began, you are told what they changed, and nothing is
overwritten. What you began with is noted in the folder by pull and push
(` + baseFile + `), or said with --base. Merge what they changed (homing templates pull
gives it to you in another folder), and push with --base of their version.`

// pushed is `homing templates push --output json`, and rollback's.
type pushed struct {
	templatestore.Version
	Published bool `json:"published"` // false: the version in force has these files
	Samples   int  `json:"samples"`   // that were rendered
}

// pushFlags are those of push and rollback.
type pushFlags struct {
	timeout         time.Duration
	message, author string
	base            int
}

func (f *pushFlags) add(p *program, cmd *cobra.Command) {
	p.natsFlags(cmd, &f.timeout, 10*time.Second)
	p.outputFlag(cmd)
	cmd.Flags().StringVarP(&f.message, "message", "m", "", "what is new, for the history; no addresses")
	cmd.Flags().StringVar(&f.author, "author", "", "your `name`, for the history; no address (default: the system's user)")
}

func (p *program) templatesPushCommand() *cobra.Command {
	f, strict := &pushFlags{}, false
	cmd := &cobra.Command{
		Use: "push [folder]", Short: "Publish the templates of a folder (default: templates.dir)", Long: pushHelp, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.base < 0 {
				return usagef("--base: %d is not a version", f.base)
			}
			return p.push(cmd.Context(), f, cmd.Flags().Changed("base"), strict, args)
		},
	}
	f.add(p, cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "publish nothing when there are warnings")
	cmd.Flags().IntVar(&f.base, "base", 0, "the `version` that the files were made from; 0: none (default: as noted in the folder)")
	return cmd
}

func (p *program) push(ctx context.Context, f *pushFlags, based, strict bool, args []string) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	dir := c.Templates.Dir
	if len(args) > 0 {
		dir = args[0]
	}
	if !isDir(dir) {
		return noFolder(dir)
	}
	author, err := authorOf(f.author)
	if err != nil {
		return err
	}
	if !based {
		if f.base, err = readBase(dir); err != nil {
			return err
		}
	}
	// First what is wrong with the files: that needs no server.
	files, samples, err := p.checked(c, dir, strict)
	if err != nil {
		return err
	}
	d := templatestore.Draft{Files: files, Base: f.base, Author: author, Message: f.message}
	return p.onTemplates(ctx, f.timeout, func(ctx context.Context, c *config.Config, s *templatestore.Store) error {
		out, err := publishDraft(ctx, c, s, d)
		if err != nil {
			return err
		}
		if err := writeBase(dir, out.Number); err != nil {
			return fmt.Errorf("version %d is published; what the files were made from could not be noted: %w", out.Number, err)
		}
		out.Samples = samples
		return p.tellPushed(c, out)
	})
}

// checked reads the templates of a folder, looks at them as lint does, and says how many
// samples they render.
func (p *program) checked(c *config.Config, dir string, strict bool) (templatestore.Files, int, error) {
	files, err := templatestore.ReadFiles(os.DirFS(dir))
	if err != nil {
		return nil, 0, p.refused(dir, err)
	}
	if len(files) == 0 {
		return nil, 0, usagef("there are no templates in %s", dir)
	}
	set, err := loadFiles(c, files)
	if err != nil {
		return nil, 0, p.refused(dir, err)
	}
	all, err := templatediff.ShowAll(set)
	if err != nil {
		return nil, 0, p.refused(dir, err)
	}
	if err := p.advise(dir, maillint.Emails(set, views(c)), strict); err != nil {
		return nil, 0, err
	}
	return files, len(all), nil
}

// advise lists what lint finds in templates that can be used. Problems are not published,
// and if strict neither are warnings.
func (p *program) advise(dir string, found []maillint.Finding, strict bool) error {
	found = slices.DeleteFunc(found, func(f maillint.Finding) bool { return f.Level == maillint.Note })
	for _, f := range found {
		at := problem.Problem{File: filepath.Join(dir, f.File), Line: f.Line, Column: f.Column, Text: f.Text}
		fmt.Fprintf(p.err, "%-8s %s\n", f.Level, at.Error())
	}
	problems, warnings := ofLevel(found, maillint.Problem), ofLevel(found, maillint.Warning)
	switch {
	case problems > 0:
		return usagef("%s; nothing was published", plural(problems, "problem"))
	case strict && warnings > 0:
		return usagef("%s; nothing was published", plural(warnings, "warning"))
	}
	return nil
}

// publishDraft publishes, and tells the timeline; that there is nothing to publish is no
// failure.
func publishDraft(ctx context.Context, c *config.Config, s *templatestore.Store, d templatestore.Draft) (pushed, error) {
	v, err := s.Publish(ctx, d)
	out := pushed{Version: v, Published: true}
	if errors.Is(err, templatestore.ErrUnchanged) {
		n, cerr := s.Current(ctx)
		if cerr != nil {
			return pushed{}, cerr
		}
		v, _, err = s.Get(ctx, n)
		out = pushed{Version: v}
	}
	if c, conflict := errors.AsType[*templatestore.Conflict](err); conflict && c.Base <= c.Current {
		err = fmt.Errorf("%w\n`homing templates pull %d FOLDER` gives you these files; bring both together, and push with --base %d", err, c.Current, c.Current)
	}
	if err != nil {
		return out, err
	}
	if err := installation.TellPublished(ctx, timeline.New(s.JetStream()), s, programme.StoreNames(c)); err != nil {
		return out, fmt.Errorf("version %d is in force; say the same again to have it told: %w", v.Number, err)
	}
	return out, nil
}

func (p *program) tellPushed(c *config.Config, v pushed) error {
	if !c.Templates.Bucket() {
		fmt.Fprintln(p.err, "templates.source is files in this configuration: processes that have the same do not look at published versions; write source: bucket")
	}
	if p.asJSON() {
		return writeJSON(p.out, v)
	}
	if !v.Published {
		_, err := fmt.Fprintf(p.out, "nothing to publish: version %d, which is in force, has the same files\n", v.Number)
		return err
	}
	_, err := fmt.Fprintf(p.out, "version %d is in force: %s, %s changed", v.Number, plural(v.Files, "file"), number(len(v.Changes)))
	if err == nil && v.Samples > 0 {
		_, err = fmt.Fprintf(p.out, "; %s rendered", plural(v.Samples, "sample"))
	}
	if err == nil {
		_, err = fmt.Fprintln(p.out)
	}
	return err
}
