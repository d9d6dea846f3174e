package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand is for those who pack a release: `make release` calls it.
func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man FOLDER", Short: "Write a manual page for each command", Args: cobra.ExactArgs(1), Hidden: true,
		Long: `Writes a manual page for each command into a folder, such as /usr/local/share/man/man1.
SOURCE_DATE_EPOCH is the date that they bear, or else it is today.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			forManual(root)
			return doc.GenManTree(root, &doc.GenManHeader{Title: "HOMING", Section: "1", Source: "Homing " + readVersions().Version, Manual: "Homing"}, args[0])
		},
	}
}

// forManual changes the help of all commands into Markdown, from which the pages are made:
// lines that begin with spaces stay as they are.
func forManual(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	if cmd.Long == "" {
		cmd.Long = cmd.Short + "."
	}
	var b strings.Builder
	indented := false
	for line := range strings.Lines(cmd.Long) {
		switch {
		case strings.HasPrefix(line, "  "):
			if !indented {
				b.WriteString("\n")
			}
			b.WriteString("    " + line)
			indented = true
		default:
			if indented && strings.TrimSpace(line) != "" {
				b.WriteString("\n")
			}
			b.WriteString(strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`).Replace(line))
			indented = indented && strings.TrimSpace(line) == ""
		}
	}
	cmd.Long = b.String()
	for _, c := range cmd.Commands() {
		forManual(c)
	}
}
