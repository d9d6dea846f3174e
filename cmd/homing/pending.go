package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/installation"
	"homing/pkg/localtime"
	"homing/pkg/why"
)

const pendingHelp = `Without a customer: how many emails are pending, by worker and by the day on which
each is looked at, in the store's time zone. Whether it is sent then is decided
then. With a person: their pending emails under all their ids, and what would become of
each now.

` + whoHelp

// mostDays is how many days are shown at most.
const mostDays = 366

func (p *program) pendingCommand() *cobra.Command {
	var timeout time.Duration
	var store string
	var days int
	cmd := &cobra.Command{
		Use: "pending [<id, address, order or token>]", Short: "Count the emails that are pending, or list a customer's", Long: pendingHelp, Args: cobra.MaximumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if days < 1 || days > mostDays {
				return usagef("--days: %d is not between 1 and %d", days, mostDays)
			}
			return nil
		},
		RunE: p.onInstallation(&timeout, func(ctx context.Context, l *opened, args []string) error {
			if len(args) > 0 {
				return p.pendingOf(ctx, l, store, args[0])
			}
			return p.pendingByDay(ctx, l, store, days)
		}),
	}
	cmd.Flags().IntVar(&days, "days", 7, "how many `days`, today included")
	p.whoFlags(cmd, &timeout, &store)
	return cmd
}

func (p *program) pendingOf(ctx context.Context, l *opened, store, who string) error {
	r, err := l.Why(ctx, store, who, installation.WhyOptions{})
	if err != nil {
		return err
	}
	for _, n := range r.Notes { // not in the document, which is a list
		fmt.Fprintf(p.err, "Note: %s.\n", printable(n))
	}
	if p.asJSON() {
		all := r.Pending
		for _, x := range r.Others {
			all = append(all, x.Pending...)
		}
		if all == nil {
			all = []why.Touch{}
		}
		return writeJSON(p.out, all)
	}
	for n, x := range append([]why.Report{r}, r.Others...) {
		if len(r.Matches) > 1 {
			if _, err := fmt.Fprintf(p.out, "%s, as %s:\n", printable(r.Matches[n].Name()), strings.Join(r.Matches[n].Is, ", ")); err != nil {
				return err
			}
		}
		if err := p.writePendingOf(x, who); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) writePendingOf(r why.Report, who string) error {
	if len(r.Pending) == 0 {
		_, err := fmt.Fprintf(p.out, "No email is pending for customer %s; `%s why` says why.\n", printable(who), p.name)
		return err
	}
	zone, err := localtime.Load(r.Zone)
	if err != nil {
		return err
	}
	rows := [][]string{{"MAIL", "ABOUT", "DUE", "LOOKED AT", "NOW IT WOULD BE", "REASON"}}
	for _, t := range r.Pending {
		rows = append(rows, []string{t.Worker + "/" + t.Step, printable(t.About), t.Due.In(zone).Format(shortTime), t.Wake.In(zone).Format(shortTime), t.Now.Action, t.Now.Reason})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "Times are in %s.\n", zone)
	return err
}

// shortTime is how lists write a time.
const shortTime = "Mon 2006-01-02 15:04"

// pendingDays is the document of `homing pending --output json`.
type pendingDays struct {
	Now   time.Time                `json:"now"` // business time
	Total int                      `json:"total"`
	Count []installation.DayCounts `json:"workers"`
}

func (p *program) pendingByDay(ctx context.Context, l *opened, store string, days int) error {
	if store != "" {
		if _, err := storeOf(l.config, store); err != nil {
			return err
		}
	}
	last := time.Now()
	all, err := l.PendingByDay(ctx, days, func(seen int) {
		if time.Since(last) >= lineEvery { // nothing says how many there are
			last = time.Now()
			fmt.Fprintf(p.err, "%s seen\n", plural(seen, "email"))
		}
	})
	if err != nil {
		return err
	}
	doc := pendingDays{Now: l.now.UTC(), Count: []installation.DayCounts{}}
	for _, c := range all {
		if store == "" || c.Store == store {
			doc.Count = append(doc.Count, c)
			doc.Total += c.Total()
		}
	}
	if p.asJSON() {
		return writeJSON(p.out, doc)
	}
	return p.writePending(l, doc, days)
}

func (p *program) writePending(l *opened, doc pendingDays, days int) error {
	stores := map[string]bool{}
	for _, c := range doc.Count {
		stores[c.Store] = true
	}
	heading := []string{"WORKER", "NOW"}
	zone := time.UTC
	for id := range stores {
		if z, err := localtime.Load(l.config.Stores[id].TimeZone); err == nil && len(stores) == 1 {
			zone = z
		}
	}
	for i := range days {
		heading = append(heading, l.now.In(zone).AddDate(0, 0, i).Format("Mon 2"))
	}
	rows := [][]string{append(heading, "LATER", "TOTAL")}
	for _, c := range doc.Count {
		name := c.Worker
		if len(stores) > 1 {
			name = c.Store + " " + name
		}
		row := []string{name, dash(c.FellDue)}
		for _, n := range c.Days {
			row = append(row, dash(n))
		}
		rows = append(rows, append(row, dash(c.Later), strconv.Itoa(c.Total())))
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.out, "%s pending. NOW is what fell due and is being decided.\n", plural(doc.Total, "email"))
	return err
}

// dash writes a count so that what is nothing does not catch the eye.
func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return number(n)
}
