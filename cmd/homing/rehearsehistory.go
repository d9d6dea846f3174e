package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/rehearsal"
	"homing/pkg/shop/sheet"
	"homing/pkg/shop/shopify"
)

// read reads the history.
func (m *rehearsing) read(ctx context.Context) error {
	m.collect()
	m.bar.last = time.Now()
	if m.f.synthetic {
		m.name = "the made-up shop"
		return rehearsal.SyntheticShop(m.f.seed).Each(func(e events.Event) error {
			body, err := events.Encode(e)
			if err == nil {
				err = m.add(e.Type, body)
			}
			m.show("reading the history", int64(m.each[0].Len()), 0)
			return errors.Join(err, ctx.Err())
		})
	}
	m.name = strings.Join(m.f.files, ", ")
	for _, path := range m.f.files {
		read := m.lines
		if m.f.format != "jsonl" {
			read = m.export
		}
		if err := read(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// lines reads a file of events.
func (m *rehearsing) lines(ctx context.Context, path string) error {
	src, err := openLines(path, m.p.in)
	if err == nil {
		defer src.close()
		err = src.rewind()
	}
	if err != nil {
		return usage(err)
	}
	for ctx.Err() == nil {
		line, err := src.next()
		if line == nil || err != nil {
			return err
		}
		m.line(src, line)
		m.show("reading the history", int64(m.each[0].Len()), 0)
	}
	return context.Cause(ctx)
}

// export reads a file that a shop exported.
func (m *rehearsing) export(ctx context.Context, path string) error {
	open := map[string]openExport{"shopify": shopify.OpenExport, "csv": sheet.Open}[m.f.format]
	in, err := m.p.openFile(&importFlags{}, m.shop, path, open)
	if err != nil {
		return err
	}
	defer in.close()
	for ctx.Err() == nil {
		r, err := in.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range r.Faults {
			if !f.Kept {
				m.fault(fmt.Errorf("%s:%d: %s", path, f.Line, strings.TrimPrefix(f.Field+": "+printable(f.Detail), ": ")))
			}
		}
		for _, e := range r.Events {
			body, err := events.Encode(e)
			if err == nil {
				err = m.add(e.Type, body)
			}
			if err != nil {
				m.fault(fmt.Errorf("%s:%d: %w", path, r.Line, err))
			}
		}
		m.show("reading the history", int64(m.each[0].Len()), 0)
	}
	return context.Cause(ctx)
}

// add adds an event to the history of each.
func (m *rehearsing) add(t events.Type, data []byte) error {
	for _, r := range m.each {
		if err := r.Add(m.store, t, data); err != nil {
			return err
		}
	}
	return nil
}

// line adds a line to the history, or says what is wrong with it.
func (m *rehearsing) line(src *lines, line []byte) {
	err := m.event(line)
	if err == nil {
		return
	}
	if bad, ok := errors.AsType[*events.Error](err); ok {
		err = fmt.Errorf("%s: %w", bad.Reason, bad)
	}
	m.fault(fmt.Errorf("%s:%d: %w", src.name, src.line, err))
}

// event adds an event: of a timeline, as homing history writes it, or as a storefront
// publishes it.
func (m *rehearsing) event(line []byte) error {
	if x, ok := rehearsal.ReadStored(line); ok {
		for _, r := range m.each {
			if err := r.AddStored(m.store, x); err != nil {
				return err
			}
		}
		return nil
	}
	t, err := lineType(line)
	if err != nil {
		return err
	}
	return m.add(t, line)
}

// fault says what is wrong with a line: the first ones.
func (m *rehearsing) fault(err error) {
	if m.bad++; m.bad <= shownFaults {
		m.bar.say(err.Error())
	} else if m.bad == shownFaults+1 {
		m.bar.say("… more of these are left out, and not shown; `homing validate` names them all")
	}
}

// lineType reads the type of an event, or of a fact of Homing's own, which a timeline has
// as well.
func lineType(line []byte) (events.Type, error) {
	const key = `"type":"`
	i, data := bytes.Index(line, []byte(key)), bytes.Index(line, []byte(`"data"`))
	if i > 0 && (data < 0 || i < data) {
		rest := line[i+len(key):]
		if end := bytes.IndexByte(rest, '"'); end > 0 {
			if t := events.Type(rest[:end]); t.Known() || t.IsFact() {
				return t, nil
			}
		}
	}
	return typeOf(line)
}
