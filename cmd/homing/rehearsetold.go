package main

import (
	"context"
	"errors"
	"io"
	"os"

	"homing/pkg/rehearsal"
)

// live lives through the history, and writes what is told of it.
func (m *rehearsing) live(ctx context.Context) error {
	var results []*rehearsal.Result
	for i, r := range m.each {
		m.doing = ""
		if len(m.each) > 1 {
			m.doing = [...]string{"as proposed: ", "as it is compared with: "}[i]
		}
		result, err := r.Live(ctx)
		if err != nil {
			return err
		}
		results = append(results, result)
	}
	m.bar.finish()
	var err error
	if m.f.against != "" {
		err = m.compare(results[0], results[1])
	} else {
		report := results[0].Report()
		report.Stories, err = results[0].Stories(ctx, m.f.stories)
		if err == nil && m.f.samples {
			report.Samples, err = results[0].Samples(m.looks[0].composers)
			report.Notes = append(report.Notes, m.looks[0].note)
		}
		if err == nil {
			text := rehearsal.Text
			if m.p.output == "html" {
				text = rehearsal.Page
			}
			err = m.write(report, func(w io.Writer) error { return text(w, report) })
		}
	}
	if _, differs := errors.AsType[*exitError](err); m.bad > 0 && (err == nil || differs) {
		return errLeftOut
	}
	return err
}

// compare writes how two differ.
func (m *rehearsing) compare(proposed, other *rehearsal.Result) error {
	c := rehearsal.Compare(proposed, other, m.f.customers)
	if m.f.samples && m.looks[0].hash != m.looks[1].hash {
		var err error
		if c.Templates, err = proposed.CompareTemplates(m.looks[0].composers, m.looks[1].composers); err != nil {
			return err
		}
	}
	err := m.write(c, func(w io.Writer) error {
		if m.p.output == "html" {
			return rehearsal.ComparePage(w, c, proposed.From, proposed.To)
		}
		return rehearsal.CompareText(w, c, proposed.From, proposed.To, m.p.output == "markdown")
	})
	if err == nil && c.Differs() {
		err = &exitError{exitDiffers, errOtherMail}
	}
	return err
}

// write writes where it is to go: as JSON, or as text does it.
func (m *rehearsing) write(v any, text func(io.Writer) error) (err error) {
	w := m.p.out
	if m.f.out != "" {
		file, err := os.OpenFile(m.f.out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // it has customers' data
		if err != nil {
			return usagef("--out: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		w = file
	}
	if m.p.asJSON() {
		return writeJSON(w, v)
	}
	return text(w)
}
