package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"homing/events"
)

// maxLine is above what an event may have, so that the fault is the event's.
const maxLine = 1 << 20

// lines reads a file of events line by line, from the beginning as often as
// asked. Blank lines are no lines.
type lines struct {
	name string // for messages
	file *os.File
	temp bool // the file is a copy of the standard input
	in   *bufio.Reader
	line int // number of the line that next returned, from 1
}

// openLines opens a file, which may be gzipped; - is stdin, of which a copy is
// made because it can be read only once.
func openLines(path string, stdin io.Reader) (*lines, error) {
	l := &lines{name: path}
	var err error
	if path != "-" {
		l.file, err = os.Open(path)
		return l, err
	}
	l.name, l.temp = "stdin", true
	if l.file, err = os.CreateTemp("", "homing-events-*"); err != nil {
		return nil, err
	}
	if _, err = io.Copy(l.file, stdin); err != nil {
		l.close()
		return nil, fmt.Errorf("stdin: %w", err)
	}
	return l, nil
}

func (l *lines) close() {
	_ = l.file.Close() // nothing was written that is needed again
	if l.temp {
		_ = os.Remove(l.file.Name())
	}
}

// unzipped is the content of a file. Compression is told by the content, not by the
// name: exports are renamed.
func unzipped(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	return gzip.NewReader(in)
}

// rewind goes back to the beginning.
func (l *lines) rewind() error {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	l.line = 0
	content, err := unzipped(l.file)
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.in = bufio.NewReaderSize(content, maxLine)
	return nil
}

// count counts the lines, or stops at limit, and rewinds.
func (l *lines) count(limit int) (int, error) {
	if err := l.rewind(); err != nil {
		return 0, err
	}
	n := 0
	for limit == 0 || n < limit {
		line, err := l.next()
		if err != nil {
			return 0, err
		}
		if line == nil {
			break
		}
		n++
	}
	return n, l.rewind()
}

// next returns the next line that is not blank, until the following call; nil
// at the end. Of a line that is too long it returns the beginning.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.in.ReadSlice('\n')
		if len(line) > 0 {
			l.line++
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			begin := bytes.Clone(line)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = l.in.ReadSlice('\n')
			}
			line = begin
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s:%d: %w", l.name, l.line, err)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, nil
		}
	}
}

// typeOf reads the type out of an envelope.
func typeOf(line []byte) (events.Type, error) {
	if len(line) > events.MaxSize {
		return "", &events.Error{Reason: events.ReasonTooLarge, Detail: fmt.Sprintf("more than %d bytes", events.MaxSize)}
	}
	var envelope struct{ Type events.Type }
	err := json.Unmarshal(line, &envelope)
	kind, other := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case other && kind.Field == "":
		return "", &events.Error{Reason: events.ReasonWrongKind, Detail: "a JSON " + kind.Value + " is not an object; a CloudEvent is one"}
	case other:
		return "", &events.Error{Reason: events.ReasonWrongKind, Field: "type", Detail: "a JSON " + kind.Value + " is not a string"}
	case err != nil:
		return "", &events.Error{Reason: events.ReasonNotJSON, Detail: fmt.Sprintf("not a CloudEvent in JSON: %v", err)}
	}
	if envelope.Type == "" {
		return "", &events.Error{Reason: events.ReasonMissingField, Field: "type", Detail: "missing; a CloudEvent has specversion, id, source, type, time and data"}
	}
	if !envelope.Type.Known() {
		return "", &events.Error{Reason: events.ReasonUnknownType, Field: "type", Detail: fmt.Sprintf("there is no type %q", envelope.Type)}
	}
	return envelope.Type, nil
}
