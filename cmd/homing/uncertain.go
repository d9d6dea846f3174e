package main

import (
	"context"
	"fmt"
	"time"

	"homing/pkg/installation"

	"github.com/spf13/cobra"
)

const uncertainHelp = `Lists the emails that may or may not have been sent: the relay took them,
and its answer never came. A marketing email is not sent again; look its Message-ID
up in the relay's log. ` + "`homing why`" + ` takes the customer's token.`

func (p *program) uncertainCommand() *cobra.Command {
	var timeout time.Duration
	var store, since string
	cmd := &cobra.Command{
		Use: "uncertain", Short: "List the emails that may or may not have been sent", Long: uncertainHelp, Args: cobra.NoArgs,
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, _ []string) error {
			stores, err := storesOf(l.config, store)
			if err != nil {
				return err
			}
			from, err := parseSince(since, l.now)
			if err != nil {
				return err
			}
			all := []installation.Uncertain{}
			for _, s := range stores {
				some, err := l.Uncertain(ctx, s, from)
				if err != nil {
					return err
				}
				all = append(all, some...)
			}
			return p.writeUncertain(all)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "only since: a duration like 7d, or a `date`")
	p.whoFlags(cmd, &timeout, &store)
	return cmd
}

func (p *program) writeUncertain(all []installation.Uncertain) error {
	if p.asJSON() {
		return writeJSON(p.out, all)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(p.out, "For every email it is known whether it was sent.")
		return err
	}
	rows := [][]string{{"SINCE (UTC)", "STORE", "MAIL", "CUSTOMER", "MESSAGE-ID"}}
	for _, u := range all {
		rows = append(rows, []string{u.At.Format(shortTime), u.Store, u.Worker + "/" + u.Step, u.Customer, u.MessageID})
	}
	return table(p.out, rows)
}
