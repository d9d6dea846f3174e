package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/rejected"
)

// warningEntry is a warning about an event that was taken in.
type warningEntry struct {
	Sequence uint64    `json:"sequence"` // on REJECTED
	Time     time.Time `json:"time"`
	Store    string    `json:"store"`
	Reason   string    `json:"reason"`
	Field    string    `json:"field"`
	Detail   string    `json:"detail"`
	Event    string    `json:"event"` // its id
	Source   string    `json:"source"`
	Type     string    `json:"type"`
	Place    uint64    `json:"place"`    // its sequence on STOREFRONT
	LeftOut  int       `json:"left_out"` // how many more there were of the kind since the last
}

func warningOf(m jetstream.Msg, md *jetstream.MsgMetadata) (warningEntry, bool) {
	w := warningEntry{Sequence: md.Sequence.Stream, Time: md.Timestamp.UTC()}
	if part := strings.Split(m.Subject(), "."); len(part) == 3 {
		w.Store, w.Reason = part[1], part[2]
	}
	h := nats.Header(m.Headers())
	w.Field, w.Detail, w.Event = h.Get(bus.HeaderField), h.Get(bus.HeaderDetail), h.Get(bus.HeaderEvent)
	w.Source, w.Type = h.Get(bus.HeaderSource), h.Get(bus.HeaderType)
	w.Place, _ = strconv.ParseUint(h.Get(bus.HeaderPlace), 10, 64)
	w.LeftOut, _ = strconv.Atoi(h.Get(bus.HeaderLeftOut))
	return w, true
}

func (p *program) listWarnings(ctx context.Context, r *rejected.Stream, f *rejectedFlags) error {
	entries, total, err := rejected.Latest(ctx, r, rejected.Warned(f.store, f.reason), f.limit, warningOf)
	if err != nil {
		return err
	}
	if p.asJSON() {
		return writeJSON(p.out, entries)
	}
	if total == 0 {
		_, err := fmt.Fprintln(p.out, "There are no warnings.")
		return err
	}
	rows := [][]string{{"TIME", "STORE", "TYPE", "REASON", "FIELD", "WHAT IS WRONG", "EVENT", "AND MORE"}}
	for _, w := range entries {
		more := "-"
		if w.LeftOut > 0 {
			more = number(w.LeftOut)
		}
		rows = append(rows, []string{w.Time.Format(time.DateTime), w.Store, w.Type, w.Reason, cell(w.Field), cell(w.Detail), cell(w.Event), more})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	return p.writeOlder(total - len(entries))
}

// printable is what came from outside, without what would steer a terminal.
func printable(s string) string { return rejected.Printable(s) }

// cell is what came from outside as it may be in a table.
func cell(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// writeOlder says how many entries of a list are not shown.
func (p *program) writeOlder(n int) error {
	if n <= 0 {
		return nil
	}
	_, err := fmt.Fprintf(p.out, "%s older; --limit 0 lists all\n", number(n))
	return err
}
