package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"homing/pkg/config"
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
					rows = append(rows, []string{fmt.Sprint(v.Number), v.At.Format("2006-01-02 15:04 MST"), v.Author, number(v.Files), number(len(v.Changes)), v.Message})
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
				var sides [2]side
				for i, arg := range args {
					var err error
					if sides[i], err = sideOf(ctx, c, s, arg); err != nil {
						return err
					}
				}
				d := compare(sides[0], sides[1])
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

// side is one version of a comparison.
type side struct {
	number int
	files  templatestore.Files
	shown  map[string]shown
	wrong  string // why it cannot be rendered here
}

func sideOf(ctx context.Context, c *config.Config, s *templatestore.Store, arg string) (side, error) {
	n, err := versionOf(arg)
	if err != nil {
		return side{}, err
	}
	_, files, err := s.Get(ctx, n)
	if errors.Is(err, templatestore.ErrNoVersion) {
		return side{}, usage(err)
	}
	if err != nil {
		return side{}, err
	}
	out := side{number: n, files: files, shown: map[string]shown{}}
	set, err := loadFiles(c, files)
	if set == nil {
		out.wrong = err.Error()
		return out, nil
	}
	all, err := showAll(set)
	if err != nil {
		out.wrong = err.Error()
	}
	for _, x := range all {
		out.shown[x.name] = x
	}
	return out, nil
}

// versionDiff is `homing templates diff --output json`.
type versionDiff struct {
	From   int          `json:"from"`
	To     int          `json:"to"`
	Files  []fileDiff   `json:"files"`
	Emails []sampleDiff `json:"emails"` // samples that are rendered in another way
	Cannot []string     `json:"cannot_render"`
}

type fileDiff struct {
	templatestore.Change
	Diff string `json:"diff"` // unified
}

type sampleDiff struct {
	Sample string `json:"sample"` // template, sample and language
	Did    string `json:"did"`    // added, changed or removed
	Text   string `json:"diff"`   // of subject, preheader and text, unified
	HTML   bool   `json:"html_changed"`

	before, after string // the HTML
}

func compare(a, b side) versionDiff {
	from, to := fmt.Sprintf("version %d", a.number), fmt.Sprintf("version %d", b.number)
	d := versionDiff{From: a.number, To: b.number, Files: []fileDiff{}, Emails: []sampleDiff{}, Cannot: []string{}}
	for _, ch := range templatestore.Changes(a.files, b.files) {
		d.Files = append(d.Files, fileDiff{ch, unified(from+" "+ch.Path, a.files[ch.Path], to+" "+ch.Path, b.files[ch.Path])})
	}
	for _, s := range []side{a, b} {
		if s.wrong != "" {
			d.Cannot = append(d.Cannot, fmt.Sprintf("version %d: %s", s.number, s.wrong))
		}
	}
	if len(d.Cannot) > 0 {
		return d
	}
	names := map[string]bool{}
	for _, s := range []side{a, b} {
		for name := range s.shown {
			names[name] = true
		}
	}
	for name := range names {
		before, had := a.shown[name]
		after, has := b.shown[name]
		x := sampleDiff{Sample: name, Did: "changed", HTML: before.mail.HTML != after.mail.HTML, before: before.mail.HTML, after: after.mail.HTML}
		switch {
		case !had:
			x.Did = "added"
		case !has:
			x.Did = "removed"
		}
		x.Text = unified(from, words(before), to, words(after))
		if x.Text != "" || x.HTML {
			d.Emails = append(d.Emails, x)
		}
	}
	slices.SortFunc(d.Emails, func(x, y sampleDiff) int { return cmp.Compare(x.Sample, y.Sample) })
	return d
}

// unified is the difference of two texts; "" if there is none.
func unified(from string, before []byte, to string, after []byte) string {
	_, text, _ := strings.Cut(string(diff.Diff(from, before, to, after)), "\n") // after a line for git
	return text
}

// words are what a recipient reads.
func words(s shown) []byte {
	if s.mail.Template == "" {
		return nil
	}
	return fmt.Appendf(nil, "Subject: %s\nPreheader: %s\n\n%s\n", s.mail.Subject, s.mail.Preheader, strings.TrimRight(s.mail.Text, "\n"))
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
		for n, html := range map[int]string{d.From: e.before, d.To: e.after} {
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
