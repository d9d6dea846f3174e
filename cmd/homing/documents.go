package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDocuments is how much of a file is read that does not have one event a line.
const maxDocuments = 64 << 20

// documents reads the events of a file: one a line, or one after another, or a list.
type documents struct {
	*lines
	whole []byte        // the file, if it is not read line by line
	in    *json.Decoder // of whole
	list  bool          // whole is a list
}

// A documentError says that a file is not JSON from some line on.
type documentError struct{ error }

func (e *documentError) Unwrap() error { return e.error }

func openDocuments(path string, stdin io.Reader) (*documents, error) {
	l, err := openLines(path, stdin)
	if err != nil {
		return nil, err
	}
	d := &documents{lines: l}
	if err := d.open(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// open finds out how the events are written: a file whose first line is not JSON, nor
// the second, has documents of several lines.
func (d *documents) open() error {
	if err := d.rewind(); err != nil {
		return err
	}
	byLine := false
	for range 2 {
		line, err := d.lines.next()
		if err != nil {
			return err
		}
		line = bytes.TrimPrefix(line, byteOrderMark)
		byLine = byLine || len(line) > 0 && line[0] == '{' && json.Valid(line)
	}
	if err := d.rewind(); err != nil || byLine {
		return err
	}
	whole, err := io.ReadAll(io.LimitReader(d.lines.in, maxDocuments+1))
	if err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	if len(whole) > maxDocuments {
		return fmt.Errorf("%s: more than %d MiB without an event a line; write one a line", d.name, maxDocuments>>20)
	}
	d.whole = bytes.TrimPrefix(whole, byteOrderMark)
	d.in = json.NewDecoder(bytes.NewReader(d.whole))
	if d.list = bytes.HasPrefix(bytes.TrimSpace(d.whole), []byte("[")); d.list {
		_, err = d.in.Token()
	}
	return err
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// next returns the next event and its line; nil at the end.
func (d *documents) next() (doc []byte, line int, err error) {
	if d.in == nil {
		doc, err = d.lines.next()
		return bytes.TrimPrefix(doc, byteOrderMark), d.line, err
	}
	if d.list && !d.in.More() {
		_, err = d.in.Token()
		d.list = false
		if err == nil || errors.Is(err, io.EOF) {
			return nil, 0, nil
		}
		return nil, d.lineAt(d.in.InputOffset()), &documentError{notJSON(err)}
	}
	var raw json.RawMessage
	if err := d.in.Decode(&raw); errors.Is(err, io.EOF) {
		return nil, 0, nil
	} else if err != nil {
		at := d.in.InputOffset()
		if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = bad.Offset
		}
		return nil, d.lineAt(at), &documentError{notJSON(err)}
	}
	return raw, d.lineAt(d.in.InputOffset() - int64(len(raw))), nil
}

func notJSON(err error) error { return fmt.Errorf("not JSON: %w", err) }

// lineAt is the number of the line of an offset.
func (d *documents) lineAt(at int64) int {
	return 1 + bytes.Count(d.whole[:min(int64(len(d.whole)), max(0, at))], []byte{'\n'})
}
