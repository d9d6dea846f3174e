package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/installation"
	"homing/pkg/localtime"
	"homing/pkg/segment"
)

const segmentsHelp = `Counts the customers of each segment of a store: the groups that there always are, by
how recently, how often and for how much customers ordered, and those of the
configuration (segments). The counts are those of the night; homing products refresh
computes them now.

With --customer it tells which segments one customer is in, and why. ` + whoHelp

// segmentsFlags choose a store, or a customer.
type segmentsFlags struct {
	timeout         time.Duration
	store, customer string
}

func (p *program) segmentsCommand() *cobra.Command {
	f := &segmentsFlags{}
	of := p.onInstallation(&f.timeout, func(ctx context.Context, l *opened, _ []string) error { return p.segmentsOf(ctx, l, f) })
	cmd := &cobra.Command{
		Use: "segments", Short: "Count the customers of each segment, or tell which one customer is in", Long: segmentsHelp, Args: cobra.NoArgs,
		Example: "  homing segments\n  homing segments --store main --output json\n  homing segments --customer C-1007",
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.customer != "" {
				return of(cmd, args)
			}
			return p.onNights(cmd.Context(), f.timeout, f.store, p.countSegments)
		},
	}
	cmd.Flags().StringVar(&f.customer, "customer", "", "tell of this customer: an `id`, address, order or token")
	p.lookFlags(cmd, &f.timeout, &f.store)
	return cmd
}

// countedSegments is the document of `homing segments --output json`.
type countedSegments struct {
	Store     string           `json:"store"`
	At        *time.Time       `json:"at"` // null: nothing was computed yet
	Age       float64          `json:"age_seconds"`
	Customers int              `json:"customers"`
	Buyers    int              `json:"buyers"`          // with an order that counts
	Share     float64          `json:"share,omitempty"` // of the customers that were looked at, if not all were
	Segments  []countedSegment `json:"segments"`
}

// countedSegment is one of them.
type countedSegment struct {
	Segment    string `json:"segment"`
	Expression string `json:"expression"`
	Customers  *int   `json:"customers"` // null: it was not counted yet as it is now
}

func (p *program) countSegments(ctx context.Context, n *nights) error {
	s, err := n.statistics(ctx)
	if err != nil {
		return err
	}
	doc := counted(n.config, n.store, s.Of(n.store).Segmented(), n.now)
	if p.asJSON() {
		return writeJSON(p.out, doc)
	}
	return p.writeSegments(doc)
}

// counted puts what was counted next to what is configured. Without a configuration the
// store is homing dev's, and has the segments that were counted.
func counted(c *config.Config, store string, s *segment.Snapshot, now time.Time) countedSegments {
	doc := countedSegments{Store: store, Segments: []countedSegment{}}
	if s.Known() {
		doc.At, doc.Age, doc.Customers, doc.Buyers, doc.Share = &s.At, now.Sub(s.At).Seconds(), s.Customers, s.Buyers, s.Share
	}
	set := segment.NewSet(c.Stores[store].Segments)
	for _, name := range set.Names() {
		one := countedSegment{Segment: name, Expression: set.Expression(name).String()}
		if n := 0; s.Known() && s.Asked[name] == one.Expression {
			n = s.Counts[name]
			one.Customers = &n
		}
		doc.Segments = append(doc.Segments, one)
	}
	return doc
}

func (p *program) writeSegments(doc countedSegments) error {
	if doc.At == nil {
		_, err := fmt.Fprintf(p.out, "Nothing is known of the segments of store %s yet; `homing products refresh` computes it.\n", doc.Store)
		return err
	}
	fmt.Fprintf(p.out, "Computed %s ago from %s of store %s; %s ordered.\n", localtime.Age(time.Duration(doc.Age*float64(time.Second))), plural(doc.Customers, "customer"), doc.Store, number(doc.Buyers))
	if doc.Share > 0 {
		fmt.Fprintf(p.out, "One in %.0f was looked at, so the numbers are estimates.\n", 1/doc.Share)
	}
	rows, uncounted := [][]string{{"SEGMENT", "CUSTOMERS", "SHARE", "WHO"}}, false
	for _, s := range doc.Segments {
		n, share := "-", "-"
		switch {
		case s.Customers == nil:
			uncounted = true
		default:
			n = number(*s.Customers)
			if doc.Customers > 0 {
				share = fmt.Sprintf("%.1f %%", 100*float64(*s.Customers)/float64(doc.Customers))
			}
		}
		rows = append(rows, []string{s.Segment, n, share, strings.Join(strings.Fields(s.Expression), " ")})
	}
	if err := table(p.out, rows); err != nil || !uncounted {
		return err
	}
	_, err := fmt.Fprintln(p.out, "-: new or changed since; `homing products refresh` counts it")
	return err
}

func (p *program) segmentsOf(ctx context.Context, l *opened, f *segmentsFlags) error {
	all, err := l.Segments(ctx, f.store, f.customer)
	if err != nil {
		return unsegmented(err)
	}
	if p.asJSON() {
		return writeJSON(p.out, all)
	}
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		if err := writeSegmentsOf(&b, s); err != nil {
			return err
		}
	}
	_, err = fmt.Fprint(p.out, printable(b.String()))
	return err
}

// writeSegmentsOf tells of one customer.
func writeSegmentsOf(w io.Writer, s installation.Segments) error {
	if !s.Erased.IsZero() {
		_, err := fmt.Fprintf(w, "Store %s, token %s: was erased on %s\n", s.Store, s.Token, s.Erased.Format("2 January 2006"))
		return err
	}
	fmt.Fprintf(w, "Customer %s of store %s, by the statistics of %s\n", s.Customer, s.Store, s.Computed.Format(atMinute))
	for _, line := range profileWords(s.Profile) {
		fmt.Fprintf(w, "  %s\n", line)
	}
	rows := [][]string{{"SEGMENT", "IN IT", "BECAUSE"}}
	for _, m := range s.All {
		rows = append(rows, []string{m.Segment, map[bool]string{true: "yes", false: "no"}[m.Member], m.String()})
	}
	return table(w, rows)
}

// profileWords says what segments are made of.
func profileWords(p *installation.SegmentProfile) []string {
	orders := "no order that counts"
	if p.Orders > 0 {
		orders = fmt.Sprintf("%s, the last on %s", plural(p.Orders, "order"), p.LastOrder.Format("2 January 2006"))
		if p.Spent != "" {
			orders += "; spent " + p.Spent
		}
	}
	lines := []string{orders}
	if p.Orders > 0 {
		money := "money not known"
		if p.Money > 0 {
			money = fmt.Sprintf("money %d", p.Money)
		}
		lines = append(lines, fmt.Sprintf("recency %d, frequency %d, %s, each from 1 to 5: group %s", p.Recency, p.Frequency, money, p.Group))
	}
	if p.Expected != nil {
		lines = append(lines, fmt.Sprintf("about %.1f more orders expected in the next year: value %s", *p.Expected, p.CLV))
	}
	if p.Chance != nil {
		lines = append(lines, fmt.Sprintf("%.0f %% likely to order within 90 days: churn risk %s", math.Round(100**p.Chance), p.Churn))
	}
	var who []string
	if p.Language != "" {
		who = append(who, "language "+p.Language)
	}
	if p.Country != "" {
		who = append(who, "country "+p.Country)
	}
	if p.Tier != "" {
		who = append(who, "tier "+p.Tier)
	}
	if p.Holdout {
		who = append(who, "in the control group that gets no marketing email")
	}
	if who != nil {
		lines = append(lines, strings.Join(who, ", "))
	}
	return lines
}
