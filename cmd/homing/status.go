package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"homing/pkg/installation"
	"homing/pkg/localtime"
	"homing/pkg/place"
	"homing/pkg/templatestore"

	"github.com/spf13/cobra"
)

const statusHelp = `The state of the installation: each worker's state, what it has still to plan, what is
scheduled, what fell due and waits, and what became of today's emails (by the
time zone of each store). It asks NATS alone, and reads no more than 50,000 facts:
on a day with more, emails are counted by store, not by worker.`

func (p *program) statusCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "status", Short: "Show each worker's state, what waits, and today's emails", Long: statusHelp, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.readStatus(cmd.Context(), timeout)
			switch {
			case err != nil:
				return err
			case p.asJSON():
				return writeJSON(p.out, s)
			}
			return p.writeStatus(s)
		},
	}
	p.natsFlags(cmd, &timeout, 10*time.Second)
	p.outputFlag(cmd)
	return cmd
}

func (p *program) readStatus(ctx context.Context, timeout time.Duration) (*installation.Status, error) {
	c, err := p.load()
	if err != nil {
		return nil, err
	}
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := asDev(ctx, js, c); err != nil {
		return nil, err
	}
	scale, err := businessClock(ctx, js)
	if err != nil {
		return nil, err
	}
	return installation.ReadStatus(ctx, c, js, scale)
}

func (p *program) writeStatus(s *installation.Status) error {
	rows := [][]string{{"WORKER", "STATE", "TO PLAN", "SCHEDULED", "DUE", "OLDEST", "SENT", "HELD", "DROPPED", "UNCERTAIN"}}
	for _, w := range s.Workers {
		rows = append(rows, append([]string{w.Worker, w.State(), count(w.PlanLag), count(w.Scheduled), count(w.Due), dueFor(s.At, w.OldestDue)}, today(w.Today)...))
		for _, q := range w.Partitions {
			rows = append(rows, []string{fmt.Sprintf("  partition %d", q.Partition), "", count(q.PlanLag), count(q.Scheduled), count(q.Due), dueFor(s.At, q.OldestDue)})
		}
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	if err := p.writeHolds(s); err != nil {
		return err
	}
	rows = [][]string{{"\nSTORE", "TODAY SINCE", "SENT", "HELD", "DROPPED", "UNCERTAIN"}}
	for _, d := range s.Stores {
		rows = append(rows, append([]string{d.Store, d.Since.Format(atMinute)}, today(&d.Today)...))
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	rows = [][]string{{"\nSTREAM", "MESSAGES", "SIZE", "LIMIT"}}
	for _, st := range s.Streams {
		limit := "-"
		if st.MaxBytes > 0 {
			limit = fmt.Sprintf("%s (%.0f %% full)", size(float64(st.MaxBytes)), 100*float64(st.Bytes)/float64(st.MaxBytes))
		}
		rows = append(rows, []string{st.Stream, count(st.Messages), size(float64(st.Bytes)), limit})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.out, "\n%s to take in\n", plural(int(s.Intake), "event")); err != nil {
		return err
	}
	if err := errors.Join(p.writeSecret(s.Secret), p.writePlace(s.Place), p.writeTemplates(s.Templates)); err != nil {
		return err
	}
	if s.Warnings > 0 {
		_, _ = fmt.Fprintf(p.out, "%s about events that were taken in; see `%s rejected list --warnings`\n", plural(int(s.Warnings), "warning"), p.name)
	}
	if s.Rejected == 0 {
		return nil
	}
	_, err := fmt.Fprintf(p.out, "%s rejected%s; see `%s rejected list`\n", plural(int(s.Rejected), "event"), byReason(s.Reasons), p.name)
	return err
}

// dueFor says how long before a time something fell due; nil: nothing did.
func dueFor(at time.Time, due *time.Time) string {
	if due == nil {
		return "-"
	}
	return localtime.Age(at.Sub(*due))
}

// byReason lists the reasons of rejections, the most frequent first.
func byReason(reasons map[string]uint64) string {
	if len(reasons) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b)) })
	for i, name := range names {
		names[i] = count(reasons[name]) + " " + name
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// writeHolds says since when and why a worker sends nothing.
func (p *program) writeHolds(s *installation.Status) error {
	before := "\n"
	for _, w := range s.Workers {
		for _, h := range w.Holds {
			line := before + fmt.Sprintf("%s: %s since %s", w.Worker, h.Reason, h.Since.Format(atMinute))
			if h.Store != "" {
				line += " in store " + h.Store
			}
			if h.Detail != "" {
				line += ": " + h.Detail
			}
			if _, err := fmt.Fprintln(p.out, line); err != nil {
				return err
			}
			before = ""
		}
	}
	return nil
}

// writeTemplates says which templates each process renders with: one line if all have
// the same.
func (p *program) writeTemplates(all []templatestore.Process) error {
	same := !slices.ContainsFunc(all, func(x templatestore.Process) bool { return x.Refused != nil || x.Version != all[0].Version })
	if len(all) > 0 && same && all[0].Version != "" {
		_, err := fmt.Fprintf(p.out, "templates  version %s in %s\n", all[0].Version, processes(len(all)))
		return err
	}
	for _, x := range all {
		line := fmt.Sprintf("templates  version %s in %s", cmp.Or(x.Version, "none"), x.Process)
		if x.Refused != nil {
			line += fmt.Sprintf(", which CANNOT USE version %d: %s", x.Refused.Version, strings.ReplaceAll(x.Refused.Problem, "\n", "; "))
		}
		if _, err := fmt.Fprintln(p.out, line); err != nil {
			return err
		}
	}
	return nil
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return number(n) + " processes"
}

// writeSecret says which secret the installation has, by its fingerprint.
func (p *program) writeSecret(s installation.SecretStatus) (err error) {
	switch {
	case s.Other():
		_, err = fmt.Fprintf(p.out, "secret     %s: ANOTHER than the configured one, which is %s\n", s.Kept, s.Configured)
	case s.Kept != "":
		_, err = fmt.Fprintf(p.out, "secret     %s (a fingerprint)\n", s.Kept)
	}
	return err
}

// writePlace says that the installation came out of a backup, or did once.
func (p *program) writePlace(at *place.Place) (err error) {
	switch {
	case at == nil:
	case at.Restored != nil:
		_, err = fmt.Fprintf(p.out, "place      restored on %s from a backup of %s, and NOT ADOPTED: it sends nothing; see `%s adopt --help`\n",
			at.Restored.At.Format(atMinute), at.Restored.Taken.Format(atMinute), p.name)
	case at.Was != "" && at.Doubt.IsZero():
		_, err = fmt.Fprintf(p.out, "place      adopted on %s by %s\n", at.Since.Format(atMinute), at.By)
	case at.Was != "":
		_, err = fmt.Fprintf(p.out, "place      adopted on %s by %s; marketing emails that fell due until %s may have been sent before, and are not sent\n",
			at.Since.Format(atMinute), at.By, at.Doubt.Format(atMinute))
	}
	return err
}

// today writes the outcomes of a day; nobody knows whose they are: "-".
func today(o *installation.Outcomes) []string {
	if o == nil {
		return []string{"-", "-", "-", "-"}
	}
	return []string{number(o.Sent), number(o.Held), number(o.Dropped), number(o.Uncertain)}
}

func count(n uint64) string { return number(int(min(n, math.MaxInt))) }

// size writes a number of bytes in its largest unit.
func size(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			if unit == "B" || n >= 100 {
				return fmt.Sprintf("%.0f %s", n, unit)
			}
			return strconv.FormatFloat(n, 'f', 1, 64) + " " + unit
		}
		n /= 1024
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + " TiB"
}
