package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/maillint"
	"homing/pkg/programme"
	"homing/pkg/render"
)

const templatesHelp = `Works with the email templates: lint checks the files in the folder templates.dir of
the configuration.

The other commands are for installations with "templates: {source: bucket}". A version
that was pushed is numbered and never changed; all processes change to a new one in
within a second, between two emails. What a version lacks comes with Homing.`

func (p *program) templatesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "templates", Short: "Check and publish the email templates, and go back", Long: templatesHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(p.templatesLintCommand(), p.templatesPushCommand(), p.templatesHistoryCommand(), p.templatesDiffCommand(),
		p.templatesRollbackCommand(), p.templatesPullCommand())
	return cmd
}

const templatesLintHelp = `Looks at every email template, with each of its samples, and lists what is wrong
with it and what some people would not see as it was meant:

  problem   the templates are refused: an email would be broken, or unlawful
  warning   it can be sent; spam filters count it, mail programs drop it, or it
            is hard to read
  note      mail programs drop it, and nobody misses it (with --all)

It connects to nothing. With problems the exit code is 2; with --strict also with
warnings. --output sarif is for code hosts, which show findings next to the lines.`

func (p *program) templatesLintCommand() *cobra.Command {
	var all, strict bool
	cmd := &cobra.Command{
		Use: "lint [DIR]", Short: "List what is wrong with the email templates", Long: templatesLintHelp, Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := p.templatesConfig(args)
			if err != nil {
				return err
			}
			found := p.lint(c, all)
			if err := p.writeLint(c.Templates.Dir, found); err != nil {
				return err
			}
			problems, warnings := ofLevel(found, maillint.Problem), ofLevel(found, maillint.Warning)
			switch {
			case problems > 0:
				return usagef("%s", plural(problems, "problem"))
			case strict && warnings > 0:
				return usagef("%s", plural(warnings, "warning"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also what mail programs drop without anybody missing it")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 2 also when there are only warnings")
	p.outputFlag(cmd, "sarif")
	return cmd
}

// templatesConfig is the configuration, with another folder of templates if one is named.
func (p *program) templatesConfig(args []string) (*config.Config, error) {
	c, err := p.load()
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		c.Templates.Dir = args[0]
	}
	if !isDir(c.Templates.Dir) {
		return nil, noFolder(c.Templates.Dir)
	}
	return c, nil
}

// noFolder says where a first folder of templates comes from.
func noFolder(dir string) error {
	return usagef("there is no folder %s; the first Save in `homing studio` makes it with the emails that come with Homing, and `homing templates pull %s` with those that an installation uses", dir, dir)
}

// lint looks at the templates with the stores of the configuration.
func (p *program) lint(c *config.Config, all bool) []maillint.Finding {
	fsys, err := templateFiles(c.Templates)
	if err != nil {
		return maillint.Problems(nil, err)
	}
	_, found := maillint.Run(fsys, views(c))
	kept := found[:0]
	for _, f := range found {
		if all || f.Level != maillint.Note {
			kept = append(kept, f)
		}
	}
	return kept
}

// views are the stores as templates see them; none if the configuration has none that can
// be opened, which homing check says.
func views(c *config.Config) map[string]render.Store {
	stores, err := programme.Open(c, nil)
	if err != nil {
		return nil
	}
	out := map[string]render.Store{}
	for id, s := range stores {
		out[id] = s.View
	}
	return out
}

func ofLevel(found []maillint.Finding, level maillint.Level) (n int) {
	for _, f := range found {
		if f.Level == level {
			n++
		}
	}
	return n
}

func (p *program) writeLint(dir string, found []maillint.Finding) error {
	for i := range found {
		if found[i].File != "" {
			found[i].File = filepath.Join(dir, found[i].File)
		}
	}
	switch p.output {
	case "json":
		if found == nil {
			found = []maillint.Finding{}
		}
		return writeJSON(p.out, found)
	case "sarif":
		return writeJSON(p.out, maillint.SARIF(found, readVersions().Version))
	}
	for _, f := range found {
		if err := p.writeFindings([]finding{asFinding(f)}); err != nil {
			return err
		}
		if f.Source != "" {
			if _, err := fmt.Fprintf(p.out, "    %s\n", f.Source); err != nil {
				return err
			}
		}
	}
	problems, warnings := ofLevel(found, maillint.Problem), ofLevel(found, maillint.Warning)
	if problems > 0 {
		return nil // the exit says so
	}
	_, err := fmt.Fprintf(p.out, "%s, no problem\n", plural(warnings, "warning"))
	return err
}

func asFinding(f maillint.Finding) finding {
	return finding{Level: string(f.Level), File: f.File, Line: f.Line, Column: f.Column, Text: f.Text}
}
