package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/clock"
	"homing/pkg/rehearsal"
	"homing/pkg/timeline"
)

const historyHelp = `Writes what happened in a store of a running installation into a file, one event a line:
the history for "homing rehearse --file". It reads the timeline, and changes nothing. The
file ends with what the timeline had when the command began. What Homing did about it is
left out, as a rehearsal decides that again.

The file has personal data: the names and addresses of customers, and what they bought.
Only you may read it (mode 0600). Keep it where customers' data may be kept, and delete it
once it was rehearsed: somebody who is erased later is still in it.`

func (p *program) historyCommand() *cobra.Command {
	var timeout time.Duration
	var store, out string
	cmd := &cobra.Command{
		Use: "history --out <file.jsonl[.gz]>", Short: "Write what happened in a store, for homing rehearse", Long: historyHelp, Args: cobra.NoArgs,
		Example: "  homing history --out history.jsonl.gz\n  homing rehearse --file history.jsonl.gz",
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.writeHistory(cmd.Context(), timeout, store, out) },
	}
	fs := cmd.Flags()
	fs.StringVar(&out, "out", "", "the `file` to write, which must be new; .gz compresses it")
	fs.StringVar(&store, "store", "", "the `store` (default: the only one configured, or main)")
	p.natsFlags(cmd, &timeout, 10*time.Second)
	p.outputFlag(cmd)
	return cmd
}

func (p *program) writeHistory(ctx context.Context, timeout time.Duration, store, out string) (err error) {
	if out == "" {
		return usagef("--out: name the file to write")
	}
	c, err := p.load()
	if err != nil {
		return err
	}
	if store, err = storeOf(c, store); err != nil {
		return err
	}
	nc, js, err := p.reach(ctx, c, timeout)
	if err != nil {
		return err
	}
	defer nc.Close()
	scale, err := businessClock(ctx, js)
	if err != nil {
		return err
	}
	file, err := createHistory(out)
	if err != nil {
		return err
	}
	w := &historyWriter{p: p, file: file, scale: scale, bar: meter{p: p, last: time.Now()}}
	err = timeline.New(js).Lines(ctx, store, w.write)
	w.bar.finish()
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(out)) // half a history tells another story
	}
	return w.tell(store, out)
}

// historyWriter writes lines of a timeline.
type historyWriter struct {
	p     *program
	file  *historyFile
	scale clock.Scale
	bar   meter
	room  []byte

	Events  int       `json:"events"`
	From    time.Time `json:"from,omitzero"` // when the timeline got the first
	To      time.Time `json:"to,omitzero"`
	LeftOut int       `json:"left_out"` // facts of Homing's own
}

func (w *historyWriter) write(lines []timeline.Line, passed, all uint64) error {
	for _, x := range lines {
		if x.Type.IsFact() {
			w.LeftOut++
			continue
		}
		at := w.scale.Business(x.Stored)
		w.room = append(rehearsal.Stored{Token: x.Token, At: at, Data: x.Data}.Append(w.room[:0]), '\n')
		if _, err := w.file.Write(w.room); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		if w.Events == 0 || at.Before(w.From) {
			w.From = at
		}
		if at.After(w.To) {
			w.To = at
		}
		w.Events++
	}
	const doing = "reading the timeline"
	w.bar.show(doing, int64(passed), int64(all), func() string {
		return fmt.Sprintf("%s: %s of %s entries", doing, number(int(passed)), number(int(all)))
	})
	return nil
}

// tell says what was written.
func (w *historyWriter) tell(store, out string) error {
	if w.p.asJSON() {
		return writeJSON(w.p.out, w)
	}
	if w.Events == 0 {
		_, err := fmt.Fprintf(w.p.out, "nothing has happened in the store %s yet; %s is empty\n", store, out)
		return err
	}
	_, err := fmt.Fprintf(w.p.out, "%s of the store %s, taken in from %s to %s, in %s; it has personal data, and only you may read it\n",
		plural(w.Events, "event"), store, w.From.Format("2 Jan 2006"), w.To.Format("2 Jan 2006"), out)
	return err
}
