package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/shop"
	"homing/pkg/wooapi"
)

// list is one list of a shop's REST API.
type list struct {
	kind string
	*wooapi.Shop
}

// importing is one import.
type importing struct {
	p       *program
	store   string
	next    func(ctx context.Context) (shop.Record, error)
	unit    string // what records are found by: line or page
	from    int
	live    bool
	out     *sender      // nil: nothing is published
	file    *historyFile // nil: nothing is written
	lists   []list       // of a REST API, those that are left
	counted *countedReader
	size    int64 // of the file; 0: not known
	closes  []io.Closer
	refused *csv.Writer
	started time.Time

	records int // that were read
	line    int // of the last one
	sum     imported
	bar     *importProgress
}

// imported is what became of an import.
type imported struct {
	DryRun     bool    `json:"dry_run,omitempty"`
	File       string  `json:"file,omitempty"` // that the events were written into; none was published
	Orders     int     `json:"orders"`
	Customers  int     `json:"customers"`
	Products   int     `json:"products"`
	LeftOut    int     `json:"left_out"`   // what is nothing yet: an order that was never paid
	Refused    int     `json:"refused"`    // records that cannot be used
	Noted      int     `json:"noted"`      // records that are used, but for a field
	Events     int     `json:"events"`     // that the stream has, or the file
	Duplicates int     `json:"duplicates"` // of those, what it had already
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"records_per_second"`
	GoOn       string  `json:"go_on,omitempty"` // the flags with which an import goes on that was interrupted
}

// errRefused says that records were left out; each was described before.
var errRefused = errors.New("some records cannot be used and were left out; correct them and import them again: what is there already changes nothing")

func (m *importing) close() {
	for _, c := range m.closes {
		_ = c.Close() // what was written to was flushed before
	}
}

// listTo has all faults written into a file.
func (m *importing) listTo(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--refused: %w", err)
	}
	m.closes, m.refused = append(m.closes, file), csv.NewWriter(file)
	return m.refused.Write([]string{m.unit, "field", "problem", "imported_without_it"})
}

// nextOfLists reads one list after the other.
func (m *importing) nextOfLists(ctx context.Context) (shop.Record, error) {
	for len(m.lists) > 0 {
		r, err := m.lists[0].Next(ctx)
		if !errors.Is(err, io.EOF) {
			return r, err
		}
		if m.out != nil { // what --from-page names is of the list that is read
			if err := m.out.finish(ctx); err != nil {
				return r, err
			}
		}
		m.lists = m.lists[1:]
	}
	return shop.Record{}, io.EOF
}

func (m *importing) run(ctx context.Context) error {
	m.bar = &importProgress{meter: meter{p: m.p, since: time.Now()}, m: m}
	err := m.read(ctx)
	if err == nil && m.out != nil {
		err = m.out.finish(ctx)
	}
	m.bar.finish()
	if m.file != nil {
		if err = errors.Join(err, m.file.Close()); err != nil && m.sum.Events == 0 {
			err = errors.Join(err, os.Remove(m.sum.File)) // it can be written now
		}
	}
	if m.refused != nil {
		m.refused.Flush()
		err = errors.Join(err, m.refused.Error())
	}
	if err == nil && m.sum.Refused > 0 {
		err = errRefused
	}
	return err
}

func (m *importing) read(ctx context.Context) error {
	for {
		r, err := m.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		m.line = r.Line
		m.records++
		msgs, bad := m.check(&r)
		for _, f := range r.Faults {
			m.tell(f)
		}
		m.count(r, bad)
		for _, x := range msgs {
			if err := m.put(ctx, x); err != nil {
				return err
			}
		}
		m.bar.step()
	}
}

// put publishes an event, or writes it, or counts it.
func (m *importing) put(ctx context.Context, x sent) error {
	if m.out != nil {
		return m.out.send(ctx, x)
	}
	if m.file != nil {
		if _, err := m.file.Write(append(x.body, '\n')); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
	}
	m.sum.Events++
	return nil
}

// check judges the events of a record as intake will: if one of them cannot be used,
// none of the record is.
func (m *importing) check(r *shop.Record) (msgs []sent, bad bool) {
	bad = len(r.Events) == 0 && len(r.Faults) > 0
	for _, e := range r.Events {
		e.Historical = !m.live
		body, err := events.Encode(e)
		if err == nil {
			_, err = decodeFor(m.store, e.Type, body)
		}
		if err != nil {
			f := shop.Fault{Line: r.Line, Detail: err.Error()}
			if is, ok := errors.AsType[*events.Error](err); ok {
				f.Field, f.Detail = is.Field, is.Detail
			}
			r.Faults = append(r.Faults, f)
			return nil, true
		}
		subject := events.Subject(m.store, e.Type)
		msgs = append(msgs, sent{subject: subject, id: events.MessageID(e), body: body, line: r.Line})
	}
	return msgs, bad
}

// tell names what is wrong with a record: the first ones here, and all in the file.
func (m *importing) tell(f shop.Fault) {
	if m.refused != nil {
		_ = m.refused.Write([]string{strconv.Itoa(f.Line), f.Field, f.Detail, strconv.FormatBool(f.Kept)}) // Flush knows
	}
	shown := m.sum.Refused
	if f.Kept {
		shown = m.sum.Noted
	}
	switch {
	case shown < shownFaults:
		text := fmt.Sprintf("%s %s: ", m.unit, number(f.Line))
		if f.Field != "" {
			text += f.Field + ": "
		}
		if text += printable(f.Detail); f.Kept {
			text += " (imported without it)"
		}
		m.bar.say(text)
	case shown == shownFaults && m.refused == nil:
		m.bar.say("… more of these are counted, and not shown; --refused FILE lists them all")
	}
}

func (m *importing) count(r shop.Record, bad bool) {
	switch {
	case bad:
		m.sum.Refused++
		return
	case len(r.Events) == 0:
		m.sum.LeftOut++
		return
	}
	if len(r.Faults) > 0 {
		m.sum.Noted++
	}
	switch r.Events[0].Type.Entity() {
	case "order":
		m.sum.Orders++
	case "customer":
		m.sum.Customers++
	case "product":
		m.sum.Products++
	}
}

func (m *importing) confirmed(_ sent, duplicate bool) {
	m.sum.Events++
	if duplicate {
		m.sum.Duplicates++
	}
}

// goOn returns the flags with which the import goes on: at the first record that the
// stream does not have all of.
func (m *importing) goOn() string {
	at := m.line
	if m.out != nil && len(m.out.waiting) > 0 {
		at = m.out.waiting[0].line
	}
	if at == 0 {
		return ""
	}
	if m.unit == "line" {
		return "--from-line " + strconv.Itoa(at)
	}
	only := ""
	if len(m.lists) > 0 {
		only = " --only " + m.lists[0].kind
	}
	return "--from-page " + strconv.Itoa(at) + only
}

// write says what became of the import.
func (m *importing) write(failed error) error {
	s := &m.sum
	s.Seconds = time.Since(m.started).Seconds()
	s.PerSecond = float64(m.records) / s.Seconds
	if failed != nil && !errors.Is(failed, errRefused) && (m.out != nil || m.file != nil) {
		s.GoOn = m.goOn()
	}
	if m.p.asJSON() {
		return writeJSON(m.p.out, s)
	}
	var b strings.Builder
	begin := "imported "
	switch {
	case s.DryRun:
		begin = "nothing was published; to import are "
	case m.file != nil:
		begin = "nothing was published; written were "
	}
	fmt.Fprintf(&b, "%s%s, %s and %s in %.1f s (%s records/s)\n", begin, plural(s.Orders, "order"), plural(s.Customers, "customer"),
		plural(s.Products, "product"), s.Seconds, number(int(s.PerSecond)))
	fmt.Fprintf(&b, "events     %s\n", number(s.Events))
	for _, x := range []struct {
		n    int
		text string
	}{
		{s.Duplicates, "duplicates %s: the stream has had them within the last two minutes\n"},
		{s.LeftOut, "left out   %s: they were never ordered\n"},
		{s.Noted, "noted      %s: imported, but for a field\n"},
		{s.Refused, "refused    %s\n"},
	} {
		if x.n > 0 {
			fmt.Fprintf(&b, x.text, number(x.n))
		}
	}
	if m.file != nil && s.Events > 0 {
		fmt.Fprintf(&b, "file       %s; it has personal data, and only you may read it\n", s.File)
	}
	switch {
	case s.GoOn != "" && m.file != nil && s.Events > 0:
		fmt.Fprintf(&b, "to go on, run the command again with %s, and with another --out: both files are one history\n", s.GoOn)
	case s.GoOn != "":
		fmt.Fprintf(&b, "to go on, run the command again with %s\n", s.GoOn)
	}
	_, err := io.WriteString(m.p.out, b.String())
	return err
}
