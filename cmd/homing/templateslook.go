package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/templatediff"
	"homing/pkg/templatestore"
)

const diffHelp = `Compares two versions of the templates: which files changed, and which emails change
by that, each sample as it is rendered (subject, preheader and text; of the HTML it is
said whether it changed). Both are laid over what comes with this Homing. With --html,
the HTML of all samples that changed is written into a folder, before and after.`

func (p *program) templatesHistoryCommand() *cobra.Command {
	var timeout time.Duration
	var limit int
	cmd := &cobra.Command{
		Use: "history", Short: "List the versions, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onTemplates(cmd.Context(), timeout, func(ctx context.Context, _ *config.Config, s *templatestore.Store) error {
				all, err := s.History(ctx, limit)
				switch {
				case err != nil:
					return err
				case p.asJSON():
					return writeJSON(p.out, all)
				case len(all) == 0:
					_, err := fmt.Fprintln(p.out, "none was published yet; `homing templates push` does it")
					return err
				}
				rows := [][]string{{"VERSION", "PUBLISHED", "BY", "FILES", "CHANGED", "WHAT IS NEW"}}
				for _, v := range all {
					rows = append(rows, []string{fmt.Sprint(v.Number), v.At.Format(atMinute), v.Author, number(v.Files), number(len(v.Changes)), v.Message})
				}
				return table(p.out, rows)
			})
		},
	}
	p.natsFlags(cmd, &timeout, 10*time.Second)
	p.outputFlag(cmd)
	cmd.Flags().IntVar(&limit, "limit", 20, "how many `versions`")
	return cmd
}

func (p *program) templatesDiffCommand() *cobra.Command {
	var timeout time.Duration
	var dir string
	cmd := &cobra.Command{
		Use: "diff <version> <version>", Short: "Show what two versions say differently", Long: diffHelp, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onTemplates(cmd.Context(), timeout, func(ctx context.Context, c *config.Config, s *templatestore.Store) error {
				var numbers [2]int
				var sides [2]templatediff.Side
				for i, arg := range args {
					var err error
					if numbers[i], err = versionOf(arg); err != nil {
						return err
					}
					if sides[i], err = sideOf(ctx, c, s, numbers[i]); err != nil {
						return err
					}
				}
				d := versionDiff{numbers[0], numbers[1], templatediff.Compare(sides[0], sides[1])}
				if dir != "" {
					if err := writePages(dir, d); err != nil {
						return err
					}
				}
				if p.asJSON() {
					return writeJSON(p.out, d)
				}
				return p.writeDiff(d, dir)
			})
		},
	}
	p.natsFlags(cmd, &timeout, 30*time.Second)
	p.outputFlag(cmd)
	cmd.Flags().StringVar(&dir, "html", "", "write the HTML of what changed into this `folder`")
	return cmd
}

// sideOf renders a version.
func sideOf(ctx context.Context, c *config.Config, s *templatestore.Store, n int) (templatediff.Side, error) {
	_, files, err := s.Get(ctx, n)
	if errors.Is(err, templatestore.ErrNoVersion) {
		return templatediff.Side{}, usage(err)
	}
	if err != nil {
		return templatediff.Side{}, err
	}
	set, err := loadFiles(c, files)
	return templatediff.SideOf(fmt.Sprintf("version %d", n), files, set, err), nil
}

// versionDiff is `homing templates diff --output json`.
type versionDiff struct {
	From int `json:"from"`
	To   int `json:"to"`
	templatediff.Diff
}

func (p *program) writeDiff(d versionDiff, dir string) error {
	var b strings.Builder
	for _, f := range d.Files {
		fmt.Fprintf(&b, "%s: %s\n%s\n", f.Did, f.Path, f.Diff)
	}
	for _, text := range d.Cannot {
		fmt.Fprintf(&b, "cannot be rendered by this Homing: %s\n", text)
	}
	for _, e := range d.Emails {
		what := e.Did
		if e.Did == "changed" && e.Text == "" {
			what = "changed in its HTML alone"
		}
		fmt.Fprintf(&b, "email %s: %s\n%s\n", e.Sample, what, e.Text)
	}
	fmt.Fprintf(&b, "%s and %s different", plural(len(d.Files), "file"), plural(len(d.Emails), "rendered sample"))
	if dir != "" && len(d.Emails) > 0 {
		fmt.Fprintf(&b, "; the HTML is in %s", dir)
	}
	_, err := fmt.Fprintln(p.out, b.String())
	return err
}

// writePages writes the HTML of what changed, before and after.
func writePages(dir string, d versionDiff) error {
	for _, e := range d.Emails {
		name := strings.NewReplacer("/", "-", " ", "-").Replace(e.Sample)
		for n, html := range map[int]string{d.From: e.Before, d.To: e.After} {
			if html == "" {
				continue
			}
			to := filepath.Join(dir, fmt.Sprintf("%s.v%d.html", name, n))
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(to, []byte(html), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
