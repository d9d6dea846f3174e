package shop

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// longestRow bounds a row in bytes: a quote that is never closed would be one row to the
// end of the file.
const longestRow = 4 << 20

// A Table reads a CSV with a heading, row by row, in memory that does not grow with it.
type Table struct {
	csv     *csv.Reader
	read    *counted
	columns map[string]int
	waiting *Row // was read, and not returned yet
	line    int
	ended   bool // in the middle of a row that is too long
}

// A Row is one row of a table.
type Row struct {
	Line  int
	cells []string
	table *Table
}

// OpenTable reads the heading. The comma may be a semicolon or a tab.
func OpenTable(r io.Reader) (*Table, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = in.Discard(3) // which were peeked at
	}
	begin, _ := in.Peek(in.Size() / 2)
	heading, _, _ := bytes.Cut(begin, []byte("\n"))
	t := &Table{read: &counted{in: in}, columns: map[string]int{}}
	t.csv = csv.NewReader(t.read)
	t.csv.FieldsPerRecord = -1
	for _, c := range []byte{';', '\t'} {
		if bytes.Count(heading, []byte{c}) > bytes.Count(heading, []byte{byte(t.csv.Comma)}) {
			t.csv.Comma = rune(c)
		}
	}
	names, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; its first line has the names of the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("line 1, which has the names of the columns: %w", err)
	}
	for i, n := range names {
		if n = column(n); n != "" {
			if _, twice := t.columns[n]; !twice {
				t.columns[n] = i
			}
		}
	}
	return t, nil
}

// column is a name of a column as it is looked for: in any case, with spaces or underscores.
func column(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
}

// Has reports whether the table has all of some columns.
func (t *Table) Has(columns ...string) bool { return t.Lacks(columns...) == "" }

// Lacks returns the first of some columns that the table does not have.
func (t *Table) Lacks(columns ...string) string {
	i := slices.IndexFunc(columns, func(c string) bool { _, ok := t.columns[column(c)]; return !ok })
	if i < 0 {
		return ""
	}
	return columns[i]
}

// RowError says that a row is none. The next one may be.
type RowError struct {
	Line   int
	Detail string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Detail) }

// next returns the next row that is not empty.
func (t *Table) next() (Row, error) {
	if t.waiting != nil {
		r := *t.waiting
		t.waiting = nil
		return r, nil
	}
	for {
		if t.ended {
			return Row{}, io.EOF
		}
		t.read.row = 0
		cells, err := t.csv.Read()
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			t.line = wrong.Line
			return Row{}, &RowError{wrong.StartLine, wrong.Err.Error() + "; a value with quotes or line breaks is in double quotes, and a quote in it is two"}
		}
		if errors.Is(err, errLongRow) {
			t.ended = true
			return Row{}, &RowError{t.line + 1, fmt.Sprintf("a row of more than %d bytes, and the file is read no further; most likely a quote that is never closed", longestRow)}
		}
		if err != nil {
			return Row{}, err
		}
		line, _ := t.csv.FieldPos(0)
		t.line = line
		if slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			return Row{line, cells, t}, nil
		}
	}
}

// Group returns the next rows that follow one another and have the same value in a
// column, or none: up to most of them, and how many more there are. Empty, the column is
// of each row by itself.
func (t *Table) Group(by string, most int) (rows []Row, more int, err error) {
	for {
		r, err := t.next()
		if len(rows) == 0 {
			if err != nil {
				return nil, 0, err
			}
			if rows = append(rows, r); by == "" {
				return rows, 0, nil
			}
			continue
		}
		if err != nil { // comes again, or is that row's alone
			if _, bad := errors.AsType[*RowError](err); bad {
				return rows, more, err
			}
			return rows, more, nil
		}
		if key := r.Get(by); key != "" && key != rows[0].Get(by) {
			t.waiting = &r
			return rows, more, nil
		}
		if len(rows) < most {
			rows = append(rows, r)
		} else {
			more++
		}
	}
}

// Get returns the value of a column; empty: there is none.
func (r Row) Get(name string) string {
	i, ok := r.table.columns[column(name)]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

// ID returns the value of a column as an id. Shopify writes an apostrophe before a long
// number, so that spreadsheets keep all of it.
func (r Row) ID(name string) string { return strings.TrimPrefix(r.Get(name), "'") }

// Number returns the value of a column as a number.
func (r Row) Number(name string) Number {
	s := r.Get(name)
	if len(s) > longestNumber {
		return ""
	}
	return Number(s)
}

var errLongRow = errors.New("the row is too long")

// counted bounds what is read of one row.
type counted struct {
	in  io.Reader
	row int
}

func (c *counted) Read(p []byte) (int, error) {
	if c.row > longestRow {
		return 0, errLongRow
	}
	n, err := c.in.Read(p)
	c.row += n
	return n, err
}
