package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/installation"
	"homing/pkg/why"
)

const whyHelp = `Tells the story of one person in time order: what happened, what was sent, held and
dropped, and why; what is still to come, and what would become of it now; and of
each worker with nothing to come, why.

` + whoHelp + ` Times are in the
person's time zone. Of one who was erased only that is shown.

With --html or --text it writes what one email showed, which is named by its touch: the
copy that was kept when it was sent (retain_mails, 90 days).`

// whoHelp says how commands are told whom they are about.
const whoHelp = `The person is named by an id of the shop, an address, the number of an order, or the
token that facts and logs have. All that belongs to them is shown, under whichever id
or address it came. All stores are searched unless --store names one.`

// whyFlags choose how much is told.
type whyFlags struct {
	timeout      time.Duration
	store, since string
	limit        int
	all          bool
	shown        shownFlags
}

func (p *program) whyCommand() *cobra.Command {
	f := &whyFlags{}
	cmd := &cobra.Command{
		Use: "why <id, address, order or token>", Short: "Tell why a customer was sent what, and why not", Long: whyHelp, Args: cobra.ExactArgs(1),
		Example: "  homing why C-1007\n  homing why 10042 --store main\n  homing why jo@example.com --since 30d --output json\n  homing why thank-you.thanks.k7q2mzx4p3rvbn5d.10042 --html email.html",
		PreRunE: func(*cobra.Command, []string) error {
			if f.limit < 0 {
				return usagef("--limit: cannot be negative; 0 is all")
			}
			_, err := parseSince(f.since, time.Now())
			return err
		},
		RunE: p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, args []string) error {
			if f.shown.asked() {
				return p.showEmail(ctx, l, &f.shown, f.store, args[0])
			}
			return p.why(ctx, l, f, args[0])
		}),
	}
	cmd.Flags().IntVar(&f.limit, "limit", 50, "at most `n` lines of the story, the newest; 0 is all")
	cmd.Flags().StringVar(&f.since, "since", "", "only what happened since: a duration like 7d, or a `date`")
	cmd.Flags().BoolVar(&f.all, "all", false, "read all of the timeline, not only the customer's latest 100 entries, and look through all orders; slower")
	cmd.Flags().StringVar(&f.shown.html, "html", "", "write what the email of a touch showed into a `file`; - is the standard output")
	cmd.Flags().StringVar(&f.shown.text, "text", "", "the same of its subject and plain text")
	cmd.Flags().BoolVar(&f.shown.links, "links", false, "with --html or --text: as it was sent, with the links that act in the customer's name")
	p.whoFlags(cmd, &f.timeout, &f.store)
	return cmd
}

// whoFlags adds the flags of a command about a person.
func (p *program) whoFlags(cmd *cobra.Command, timeout *time.Duration, store *string) {
	p.lookFlags(cmd, timeout, store)
	cmd.Flags().Lookup("store").Usage = "only this `store` (default: all)"
}

// lookFlags adds the flags of a command about something of one store.
func (p *program) lookFlags(cmd *cobra.Command, timeout *time.Duration, store *string) {
	p.natsFlags(cmd, timeout, 10*time.Second)
	p.outputFlag(cmd)
	cmd.Flags().StringVar(store, "store", "", "which `store` (default: the only one there is, or else main)")
}

func (p *program) why(ctx context.Context, l *opened, f *whyFlags, who string) error {
	since, err := parseSince(f.since, l.now)
	if err != nil {
		return err
	}
	r, err := l.Why(ctx, f.store, who, installation.WhyOptions{All: f.all, Since: since, Limit: f.limit})
	if err != nil {
		return err
	}
	if p.asJSON() {
		return writeJSON(p.out, r)
	}
	var b strings.Builder
	if err := why.Text(&b, r); err != nil {
		return err
	}
	_, err = fmt.Fprint(p.out, printable(b.String()))
	return err
}
