package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/installation"
	"homing/pkg/points"
	"homing/workers"
)

const pointsHelp = `Shows the ledger of one person's points, line by line: what gave them points, what took
them, the balance after each, and what will come by itself: points that can be used
soon, and points that expire. It is worked out by the rules of the configuration, also
while the worker rewards is off.

` + whoHelp + ` Times are in the
store's time zone.`

func (p *program) pointsCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	cmd := &cobra.Command{
		Use: "points <id, address, order or token>", Short: "Show the ledger of a customer's points", Long: pointsHelp, Args: cobra.ExactArgs(1),
		Example: "  homing points C-1007\n  homing points jo@example.com --output json",
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, args []string) error {
			got, err := l.Points(ctx, store, args[0])
			if err != nil {
				return err
			}
			zone := l.Store(got.Key.Store).Zone
			if p.asJSON() {
				return writeJSON(p.out, ledgerOf(got))
			}
			return writeLedger(p.out, got, zone)
		}),
	}
	p.whoFlags(cmd, &timeout, &store)
	return cmd
}

// ledgerJSON is a ledger as --output json has it.
type ledgerJSON struct {
	Store    string       `json:"store"`
	Customer string       `json:"customer,omitempty"`
	Token    string       `json:"token"`
	Worker   string       `json:"worker"` // its status
	Member   bool         `json:"member"`
	Since    time.Time    `json:"since,omitzero"`
	Balance  int          `json:"balance"`
	Pending  int          `json:"pending"`
	Rewards  int          `json:"rewards"`
	Next     *nextReward  `json:"next_reward,omitempty"`
	Tier     string       `json:"tier,omitempty"`
	TierFrom time.Time    `json:"tier_since,omitzero"`
	TierTo   time.Time    `json:"tier_until,omitzero"`
	Lines    []ledgerLine `json:"lines"`
	Coming   []ledgerLine `json:"coming"`
	Lots     []ledgerLot  `json:"lots"`
}

// nextReward is what the customer collects points for.
type nextReward struct {
	Points int `json:"points"` // of the round, with which it is reached
	Costs  int `json:"costs"`
	Needed int `json:"needed"` // that are missing
}

type ledgerLine struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Order   string    `json:"order,omitempty"`
	Points  int       `json:"points"`
	Balance int       `json:"balance"`
	Round   int       `json:"round,omitempty"` // of a reward, where there are several: with how many points it was reached
	Expires time.Time `json:"expires,omitzero"`
}

type ledgerLot struct {
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires,omitzero"`
	Left    int       `json:"left"`
}

func ledgerOf(p installation.Points) ledgerJSON {
	lines := func(all []points.Line) []ledgerLine {
		out := []ledgerLine{}
		for _, x := range all {
			out = append(out, ledgerLine{x.At, string(x.What), x.Order, x.Points, x.Balance, x.Round, x.Expires})
		}
		return out
	}
	l := p.Ledger
	out := ledgerJSON{Store: p.Key.Store, Customer: p.ID, Token: p.Key.Token, Worker: string(p.Status), Member: l.Member, Since: l.Since, Balance: l.Balance,
		Pending: l.Pending, Rewards: l.Rewards, Tier: p.Tier.Tier, TierFrom: p.Tier.Since, TierTo: p.Tier.Until,
		Lines: lines(l.Lines), Coming: lines(l.Coming), Lots: []ledgerLot{}}
	if l.Next.Costs > 0 && l.Member {
		out.Next = &nextReward{l.Next.Points, l.Next.Costs, missing(l)}
	}
	for _, x := range l.Lots {
		out.Lots = append(out.Lots, ledgerLot{x.At, x.Expires, x.Left})
	}
	return out
}

// missing returns how many points are missing for the next reward.
func missing(l points.Ledger) int { return max(l.Next.Costs-l.Balance, 0) }

func writeLedger(to io.Writer, p installation.Points, zone *time.Location) error {
	l := p.Ledger
	fmt.Fprintf(to, "%s (%s): ", printable(cmp.Or(p.ID, p.Key.Token)), p.Key.Store)
	if p.Status == workers.Off {
		fmt.Fprint(to, "the worker rewards is off; if it were on: ")
	}
	if !l.Member {
		_, err := fmt.Fprintln(to, "not a member")
		return err
	}
	day := func(t time.Time) string { return t.In(zone).Format(time.DateOnly) }
	fmt.Fprint(to, plural(l.Balance, "point"))
	if l.Pending != 0 {
		fmt.Fprintf(to, ", %d more that cannot be used yet", l.Pending)
	}
	if l.Next.Costs > 0 {
		fmt.Fprintf(to, "; %d missing for the next reward", missing(l))
	}
	fmt.Fprintf(to, "\nmember since %s", day(l.Since))
	if t := p.Tier; t.Tier != "" {
		fmt.Fprintf(to, "; %s since %s", printable(t.Tier), day(t.Since))
		if !t.Until.IsZero() {
			fmt.Fprintf(to, ", until %s", day(t.Until))
		}
	}
	fmt.Fprintln(to)
	if err := writeLines(to, "WHEN", l.Lines, zone); err != nil {
		return err
	}
	return writeLines(to, "COMING", l.Coming, zone)
}

// writeLines writes lines of a ledger, below a heading.
func writeLines(to io.Writer, title string, lines []points.Line, zone *time.Location) error {
	if len(lines) == 0 {
		return nil
	}
	rows := [][]string{{title, "WHAT", "POINTS", "BALANCE", "EXPIRES"}}
	for _, x := range lines {
		what, expires := string(x.What), ""
		switch {
		case x.What == points.Order && x.Order != "":
			what = "order " + printable(x.Order)
		case x.Round > 0:
			what = fmt.Sprintf("reward at %d", x.Round)
		case x.Order != "":
			what += " (order " + printable(x.Order) + ")"
		}
		if !x.Expires.IsZero() {
			expires = x.Expires.In(zone).Format(time.DateOnly)
		}
		rows = append(rows, []string{x.At.In(zone).Format("2006-01-02 15:04"), what, fmt.Sprintf("%+d", x.Points), fmt.Sprint(x.Balance), expires})
	}
	fmt.Fprintln(to)
	return table(to, rows)
}
