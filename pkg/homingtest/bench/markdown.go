package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// markdown writes the rows as a table for the documentation.
func (r *report) markdown(w io.Writer, at time.Time) {
	m := r.Machine
	fmt.Fprintf(w, "%s: %d cores, %s, %s, nats-server %s, Redis %s, load before the run %s.\n\n", at.Format("2 January 2006"), m.Cores, m.OS, m.Go, m.NATS, m.Redis, m.Load)
	fmt.Fprint(w, "| part | what | Homing | bare limit | ratio | |\n|---|---|--:|--:|--:|---|\n")
	rows := slices.Clone(r.Rows)
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Index(parts, a.Part) - slices.Index(parts, b.Part) })
	for _, row := range rows {
		note := verdict(row)
		if row.Busy > 0 {
			note = fmt.Sprintf("others took %.0f %% of the machine", 100*row.Busy)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", row.Part, row.What, row.ours(), optional(row.Bare, row.Unit), optional(row.Ratio, ""), note)
	}
	fmt.Fprint(w, "\n| part | CPU time for each | µs of each process | in all | cores idle | of others |\n|---|---|---|--:|--:|--:|\n")
	for _, c := range r.CPU {
		fmt.Fprintf(w, "| %s | %s | %s | %.0f | %.1f | %.1f |\n", c.Part, c.What, c.processes(), c.Total, c.Idle, c.Others)
	}
}
