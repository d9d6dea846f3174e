package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

const exportHelp = `Writes all that is held of one customer as one JSON document: their record, every
entry of the timeline about them, the emails that are planned, and their offers. It is
the answer to a request of access; docs/privacy.md says what it holds and what not.

An account and a guest with the same address are two customers: export both.`

func (p *program) exportCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	cmd := &cobra.Command{
		Use: "export <customer>", Short: "Write all that is held of a customer, as JSON", Long: exportHelp, Args: cobra.ExactArgs(1),
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, args []string) error {
			store, err := storeOf(l.config, store)
			if err != nil {
				return err
			}
			held, err := l.Export(ctx, store, args[0])
			if err != nil {
				return err
			}
			return writeJSON(p.out, held)
		}),
	}
	p.lookFlags(cmd, &timeout, &store)
	output := cmd.Flags().Lookup("output") // as the others have it, though there is but one
	output.Usage, output.DefValue = "json, whatever is said", "json"
	return cmd
}
