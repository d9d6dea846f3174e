package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/statistics"
)

const reportHelp = `Tells whether it pays: what emails add, measured against the holdout; which workers'
emails come before orders, by four models of attribution; who comes back, what customers
are worth, what they say, and what offers cost. It is computed every night by the role
calendar; docs/numbers.md says how, and what each number means.

As text and JSON it has all tables, or one with --table; as CSV it has one.`

// reportFlags choose a store and what of it.
type reportFlags struct {
	timeout time.Duration
	store   string
	table   string
	months  int
}

func (p *program) reportCommand() *cobra.Command {
	f := &reportFlags{}
	show := &cobra.Command{
		Use: "report", Short: "Tell whether it pays: retention, lifetime value, attribution, lift", Long: reportHelp, Args: cobra.NoArgs,
		Example: "  homing report\n  homing report --table lift\n  homing report --table attribution --months 24 --output csv > attribution.csv\n  homing report --output json",
		RunE:    p.onReport(f, p.showReport),
	}
	refresh := &cobra.Command{
		Use: "refresh", Short: "Compute the numbers now, with the product statistics, and show them", Args: cobra.NoArgs,
		RunE: p.onReport(f, p.refreshReport),
	}
	for cmd, wait := range map[*cobra.Command]time.Duration{show: 10 * time.Second, refresh: 10 * time.Minute} {
		p.natsFlags(cmd, &f.timeout, wait)
		p.outputFlag(cmd, "csv")
		cmd.Flags().StringVar(&f.store, "store", "", "which `store` (default: the only one there is, or else main)")
		cmd.Flags().IntVar(&f.months, "months", 12, "the latest `n` months, 1 to 36")
		names := numbers.TableNames()
		cmd.Flags().Var(&choice{&f.table, names}, "table", "only this one: "+strings.Join(names, ", "))
	}
	show.AddCommand(refresh)
	return show
}

// reported is where a command reads the numbers of a store.
type reported struct {
	*reportFlags
	nc  *nats.Conn
	js  jetstream.JetStream
	now time.Time // business time
}

func (p *program) onReport(f *reportFlags, do func(context.Context, *reported) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		switch {
		case f.months < 1 || f.months > 36:
			return usagef("--months: %d is not between 1 and 36", f.months)
		case p.output == "csv" && f.table == "":
			return usagef("--output csv is one table: name it with --table, one of %s", strings.Join(numbers.TableNames(), ", "))
		}
		c, err := p.load()
		if err == nil {
			f.store, err = storeOf(c, f.store)
		}
		if err != nil {
			return err
		}
		nc, js, err := p.reach(cmd.Context(), c, f.timeout)
		if err != nil {
			return err
		}
		defer nc.Close()
		ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
		defer cancel()
		scale, err := businessClock(ctx, js)
		if err != nil {
			return err
		}
		return do(ctx, &reported{f, nc, js, scale.Now()})
	}
}

func (p *program) refreshReport(ctx context.Context, r *reported) error {
	err := statistics.Ask(ctx, r.nc, r.store)
	switch {
	case errors.Is(err, statistics.ErrNobody):
		return &exitError{exitUnreachable, fmt.Errorf("%w; start `homing run calendar`, `homing run` or `homing dev`", err)}
	case errors.Is(err, context.DeadlineExceeded):
		return &exitError{exitUnreachable, errors.New("it takes longer than --timeout; the numbers will be there all the same")}
	case err != nil:
		return err
	}
	return p.showReport(ctx, r)
}

// report is the document of `homing report --output json`.
type report struct {
	Store   string         `json:"store"`
	At      *time.Time     `json:"at"` // null: nothing was computed yet
	Age     float64        `json:"age_seconds"`
	Zone    string         `json:"time_zone,omitempty"`
	Settled string         `json:"settled_before,omitempty"` // days before this one do not change any more
	Tables  map[string]any `json:"tables"`
}

func (p *program) showReport(ctx context.Context, r *reported) error {
	s, err := numbers.Read(ctx, r.js, r.store)
	if err != nil {
		return err
	}
	var tables []*numbers.Table
	doc := report{Store: r.store, Tables: map[string]any{}}
	if s != nil {
		tables = slices.DeleteFunc(s.Tables(r.months), func(t *numbers.Table) bool { return r.table != "" && t.Name != r.table })
		doc.At, doc.Age, doc.Zone, doc.Settled = &s.At, r.now.Sub(s.At).Seconds(), s.Zone, s.Settled
	}
	switch {
	case p.asJSON():
		for _, t := range tables {
			doc.Tables[t.Name] = t.Document()
		}
		return writeJSON(p.out, doc)
	case s == nil:
		text := fmt.Sprintf("nothing is known of store %s yet: it is computed at night, and now by `homing report refresh`", r.store)
		if p.output == "csv" {
			return errors.New(text)
		}
		_, err := fmt.Fprintln(p.out, strings.ToUpper(text[:1])+text[1:]+".")
		return err
	case p.output == "csv":
		return tables[0].WriteCSV(p.out)
	}
	fmt.Fprintf(p.out, "Computed %s ago from %s of store %s. %s\n", localtime.Age(r.now.Sub(s.At)), plural(s.Customers.All, "customer"), r.store, s.Note())
	for _, t := range tables {
		if err := p.writeTable(t); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) writeTable(t *numbers.Table) error {
	fmt.Fprintf(p.out, "\n%s (%s)\n", t.Title, t.Name)
	if len(t.Rows) == 0 {
		_, err := fmt.Fprintln(p.out, "  nothing yet")
		return err
	}
	var heading []string
	for _, c := range t.Columns {
		heading = append(heading, strings.ToUpper(strings.ReplaceAll(c, "_", " ")))
	}
	rows := [][]string{heading}
	for _, r := range t.Rows {
		var row []string
		for _, v := range r {
			row = append(row, v.Text)
		}
		rows = append(rows, row)
	}
	if err := table(p.out, rows); err != nil || t.Says == "" {
		return err
	}
	_, err := fmt.Fprintln(p.out, t.Says)
	return err
}
