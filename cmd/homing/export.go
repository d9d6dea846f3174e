package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

const exportHelp = `Writes all that is kept about one person as one JSON document: the record of each of
their ids and addresses, every entry of the timeline about them, the emails that are
planned, and their offers. It is what a person who asks for their data gets;
docs/privacy.md says what it has and what not.

` + whoHelp + `
If several persons answer, none is exported: name one by the token.`

func (p *program) exportCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	cmd := &cobra.Command{
		Use: "export <id, address, order or token>", Short: "Write all that is held of a customer, as JSON", Long: exportHelp, Args: cobra.ExactArgs(1),
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, args []string) error {
			held, err := l.Export(ctx, store, args[0])
			if err != nil {
				return err
			}
			return writeJSON(p.out, held)
		}),
	}
	p.whoFlags(cmd, &timeout, &store)
	output := cmd.Flags().Lookup("output") // as the others have it, though there is but one
	output.Usage, output.DefValue = "always json", "json"
	return cmd
}
