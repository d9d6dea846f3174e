package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/events"
	"homing/pkg/rejected"
)

const rejectedHelp = `Events that could not be understood wait on the stream REJECTED, as they came, each
with the reason and the field that is wrong. Once the storefront, the configuration
or Homing is fixed, replay publishes them again on the subject they first came on.

list --warnings shows what was wrong with events that were taken in all the same: a
link that no email will have, a time zone that does not exist. Of each kind there is
one a minute, with the number of those left out; they are deleted as rejected events
are, and are not replayed.`

// rejectedFlags choose rejected events.
type rejectedFlags struct {
	timeout       time.Duration
	store, reason string
	limit         int
	all, dryRun   bool
	warnings      bool // not the rejected events
}

func (f *rejectedFlags) choice() rejected.Choice {
	return rejected.Choice{Store: f.store, Reason: f.reason}
}

func (f *rejectedFlags) validate() error {
	of, reasons := events.Reasons(), []string{}
	if f.warnings {
		of = events.WarningReasons()
	}
	for _, r := range of {
		reasons = append(reasons, string(r))
	}
	switch {
	case f.reason != "" && !slices.Contains(reasons, f.reason):
		return fmt.Errorf("--reason: there is no reason %q; there are: %s", f.reason, strings.Join(reasons, ", "))
	case strings.ContainsAny(f.store, ".*> \t"):
		return fmt.Errorf("--store: %q is not the name of a store", f.store)
	case f.limit < 0:
		return errors.New("--limit: cannot be negative; 0 is all")
	}
	return nil
}

func (p *program) rejectedCommand() *cobra.Command {
	f := &rejectedFlags{}
	parent := &cobra.Command{
		Use: "rejected", Short: "List, read and replay events that were rejected", Long: rejectedHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := &cobra.Command{
		Use: "list", Short: "List rejected events, the newest first", Args: cobra.NoArgs,
		RunE: p.onRejected(f, func(ctx context.Context, r *rejected.Stream, _ []string) error {
			if f.warnings {
				return p.listWarnings(ctx, r, f)
			}
			return p.listRejected(ctx, r, f)
		}),
	}
	list.Flags().BoolVar(&f.warnings, "warnings", false, "what was wrong with events that were taken in all the same")
	list.Flags().IntVar(&f.limit, "limit", 20, "at most `n` of them; 0 is all")
	show := &cobra.Command{
		Use: "show <sequence>", Short: "Show one rejected event: why, its headers, its payload", Args: cobra.ExactArgs(1),
		RunE: p.onRejected(f, func(ctx context.Context, r *rejected.Stream, args []string) error {
			return p.showRejected(ctx, r, args[0])
		}),
	}
	replay := &cobra.Command{
		Use: "replay <sequence> ... | --all", Short: "Publish rejected events again, and remove them from the list",
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) > 0) == f.all {
				return errors.New("say which: sequences as `rejected list` shows them, or --all, which --store and --reason narrow")
			}
			return nil
		},
		RunE: p.onRejected(f, func(ctx context.Context, r *rejected.Stream, args []string) error {
			return p.replayRejected(ctx, r, f, args)
		}),
	}
	replay.Flags().BoolVar(&f.all, "all", false, "all that are there now")
	replay.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be published, and change nothing")
	for _, c := range []*cobra.Command{list, show, replay} {
		p.natsFlags(c, &f.timeout, 10*time.Second)
		p.outputFlag(c)
		parent.AddCommand(c)
	}
	for _, c := range []*cobra.Command{list, replay} {
		c.Flags().StringVar(&f.store, "store", "", "only those of this `store`")
		c.Flags().StringVar(&f.reason, "reason", "", "only those with this `reason`")
	}
	return parent
}

// onRejected runs a command with the stream REJECTED.
func (p *program) onRejected(f *rejectedFlags, do func(context.Context, *rejected.Stream, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := f.validate(); err != nil {
			return usage(err)
		}
		c, err := p.load()
		if err != nil {
			return err
		}
		nc, js, err := p.reach(cmd.Context(), c, f.timeout)
		if err != nil {
			return err
		}
		defer nc.Close()
		return do(cmd.Context(), rejected.New(js), args)
	}
}

func sequence(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return 0, usagef("%q is not a sequence; `homing rejected list` shows them", s)
	}
	return n, nil
}

func (p *program) listRejected(ctx context.Context, r *rejected.Stream, f *rejectedFlags) error {
	entries, total, err := r.Newest(ctx, f.choice(), f.limit)
	if err != nil {
		return err
	}
	if p.asJSON() {
		return writeJSON(p.out, entries)
	}
	if total == 0 {
		_, err := fmt.Fprintln(p.out, "Nothing is rejected.")
		return err
	}
	rows := [][]string{{"SEQUENCE", "TIME", "STORE", "TYPE", "EVENT", "SOURCE", "REASON", "WHAT IS WRONG"}}
	for _, e := range entries {
		rows = append(rows, []string{strconv.FormatUint(e.Sequence, 10), e.Time.Format(time.DateTime), cell(e.Store), cell(cmp.Or(e.Type, e.Subject)),
			cell(cmp.Or(e.Event, "-")), cell(cmp.Or(e.Source, "-")), e.Reason, cell(e.Detail)})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	return p.writeOlder(total - len(entries))
}

func (p *program) showRejected(ctx context.Context, r *rejected.Stream, arg string) error {
	seq, err := sequence(arg)
	if err != nil {
		return err
	}
	m, err := r.Get(ctx, seq)
	if err != nil {
		return err
	}
	if p.asJSON() {
		return writeJSON(p.out, rejectedDocument(m))
	}
	_, err = p.out.Write(rejectedText(m))
	return err
}

// toReplay are the sequences to replay, the oldest first.
func toReplay(ctx context.Context, r *rejected.Stream, f *rejectedFlags, args []string) ([]uint64, error) {
	if f.all {
		return r.Choose(ctx, f.choice())
	}
	var seqs []uint64
	for _, arg := range args {
		seq, err := sequence(arg)
		if err != nil {
			return nil, err
		}
		seqs = append(seqs, seq)
	}
	return seqs, nil
}

func (p *program) replayRejected(ctx context.Context, r *rejected.Stream, f *rejectedFlags, args []string) error {
	seqs, err := toReplay(ctx, r, f, args)
	if err != nil {
		return err
	}
	done := make([]rejected.Replayed, 0, len(seqs))
	failed := 0
	for _, seq := range seqs {
		out, err := r.Replay(ctx, seq, f.dryRun)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			failed++
			out.Error = err.Error()
		}
		done = append(done, out)
		if err := p.writeReplayed(out, f.dryRun); err != nil {
			return err
		}
	}
	if p.asJSON() {
		if err := writeJSON(p.out, done); err != nil {
			return err
		}
	} else if len(done) == 0 {
		fmt.Fprintln(p.out, "Nothing is rejected; nothing to replay.")
	}
	if failed > 0 {
		return fmt.Errorf("%d of %s not replayed", failed, plural(len(done), "event"))
	}
	return nil
}

func (p *program) writeReplayed(r rejected.Replayed, dryRun bool) error {
	if p.asJSON() {
		return nil // all at the end
	}
	var err error
	switch {
	case r.Error != "":
		_, err = fmt.Fprintf(p.err, "%d: %s\n", r.Sequence, r.Error)
	case dryRun:
		_, err = fmt.Fprintf(p.out, "%d: would be published to %s\n", r.Sequence, r.Subject)
	default:
		_, err = fmt.Fprintf(p.out, "%d: published to %s as sequence %d, and removed from the list\n", r.Sequence, r.Subject, r.NewSequence)
	}
	return err
}
