package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/localtime"
	"homing/pkg/numbers"
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
		Example: "  homing report\n  homing report --table lift\n  homing report --table attribution --months 24 --output csv > attribution.csv\n  homing report --output json\n  homing report digest --out digest.html",
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
	show.AddCommand(refresh, p.digestCommand())
	return show
}

func (p *program) onReport(f *reportFlags, do func(context.Context, *nights, *reportFlags) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		switch {
		case f.months < 1 || f.months > 36:
			return usagef("--months: %d is not between 1 and 36", f.months)
		case p.output == "csv" && f.table == "":
			return usagef("--output csv is one table: name it with --table, one of %s", strings.Join(numbers.TableNames(), ", "))
		}
		return p.onNights(cmd.Context(), f.timeout, f.store, func(ctx context.Context, n *nights) error { return do(ctx, n, f) })
	}
}

func (p *program) refreshReport(ctx context.Context, n *nights, f *reportFlags) error {
	if err := n.refresh(ctx, "numbers"); err != nil {
		return err
	}
	return p.showReport(ctx, n, f)
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

func (p *program) showReport(ctx context.Context, n *nights, f *reportFlags) error {
	s, err := numbers.Read(ctx, n.js, n.store)
	if err != nil {
		return err
	}
	var tables []*numbers.Table
	doc := report{Store: n.store, Tables: map[string]any{}}
	if s != nil {
		tables = slices.DeleteFunc(s.Tables(f.months), func(t *numbers.Table) bool { return f.table != "" && t.Name != f.table })
		doc.At, doc.Age, doc.Zone, doc.Settled = &s.At, n.now.Sub(s.At).Seconds(), s.Zone, s.Settled
	}
	switch {
	case p.asJSON():
		for _, t := range tables {
			doc.Tables[t.Name] = t.Document()
		}
		return writeJSON(p.out, doc)
	case s == nil:
		text := fmt.Sprintf("nothing is known of store %s yet: it is computed at night, and now by `homing report refresh`", n.store)
		if p.output == "csv" {
			return errors.New(text)
		}
		_, err := fmt.Fprintln(p.out, strings.ToUpper(text[:1])+text[1:]+".")
		return err
	case p.output == "csv":
		return tables[0].WriteCSV(p.out)
	}
	fmt.Fprintf(p.out, "Computed %s ago from %s of store %s. %s\n", localtime.Age(n.now.Sub(s.At)), plural(s.Customers.All, "customer"), n.store, s.Note())
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
