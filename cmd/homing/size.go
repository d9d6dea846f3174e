package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"homing/pkg/sizing"
)

const sizeHelp = `Says how large the machines for a shop should be: cores, memory, disk, processes,
servers, and the rate that the relay should take. All of it is derived, from what was
measured on one machine (docs/performance.md) and from the figures you give; each line
says what it rests on. Measure on your own machines with make bench and make capacity.
It connects to nothing, and needs no configuration.

Numbers may be written 40k, 1.5M or 2000000.`

func (p *program) sizeCommand() *cobra.Command {
	s := sizing.Usual()
	cmd := &cobra.Command{
		Use: "size --customers <number> --orders-per-day <number>", Short: "Say how large an installation should be", Long: sizeHelp, Args: cobra.NoArgs,
		Example: "  homing size --customers 2M --orders-per-day 40k\n  homing size --customers 300k --orders-per-day 2k --peak 20 --replicas 1 --output json",
		RunE: func(*cobra.Command, []string) error {
			if err := checkShop(s); err != nil {
				return err
			}
			lines := sizing.Of(s)
			if p.asJSON() {
				return writeJSON(p.out, struct {
					Shop  sizing.Shop   `json:"shop"`
					Lines []sizing.Line `json:"lines"`
				}{s, lines})
			}
			return p.writeSize(s, lines)
		},
	}
	p.outputFlag(cmd)
	f := cmd.Flags()
	f.Var((*figure)(&s.Customers), "customers", "customers of all stores")
	f.Var((*figure)(&s.OrdersPerDay), "orders-per-day", "orders on an average day")
	f.Var((*figure)(&s.EventsPerOrder), "events-per-order", "events for each order, with its cart and what becomes of it")
	f.Var((*figure)(&s.EmailsPerOrder), "emails-per-order", "emails of all workers for each order")
	f.Var((*figure)(&s.Peak), "peak", "how many times the average hour the worst hour is")
	f.Var((*figure)(&s.Years), "years", "for how many years the timeline is kept")
	f.IntVar(&s.Replicas, "replicas", s.Replicas, "replicas of each stream: 1, 3 or 5")
	return cmd
}

// checkShop names the flag that is missing or can't be.
func checkShop(s sizing.Shop) error {
	e, is := errors.AsType[*sizing.FieldError](s.Check())
	if !is {
		return nil
	}
	flag := "--" + strings.ReplaceAll(e.Field, "_", "-")
	if s.Customers == 0 || (s.OrdersPerDay == 0 && e.Field == "orders_per_day") { // 0 is refused as it is read
		return usagef("%s is missing; write for example --customers 2M --orders-per-day 40k", flag)
	}
	return usagef("%s: %w", flag, e.Err)
}

func (p *program) writeSize(s sizing.Shop, lines []sizing.Line) error {
	fmt.Fprintf(p.out, "Derived for %s customers and %s orders a day, %v events and %v emails an order, a worst hour of %v average ones,\n%s of timeline, %d replicas. Not a promise: docs/performance.md says what was measured, and where.\n\n",
		sizing.Count(s.Customers), sizing.Count(s.OrdersPerDay), s.EventsPerOrder, s.EmailsPerOrder, s.Peak, sizing.Years(s.Years), s.Replicas)
	rows := [][]string{{"what", "how much", "from"}}
	for _, l := range lines {
		rows = append(rows, []string{l.What, l.Number, l.Basis})
	}
	return table(p.out, rows)
}

// figure is a flag that is a number like 2M.
type figure float64

func (c *figure) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*c), 'f', -1, 64)
}
func (c *figure) Type() string { return "number" }
func (c *figure) Set(s string) error {
	v, err := sizing.ParseCount(s)
	*c = figure(v)
	return err
}
