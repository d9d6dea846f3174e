package shop

import (
	"errors"

	"homing/events"
)

// Records reads a table as records of one kind.
type Records struct {
	Export Export
	table  *Table
	by     string
	read   func(e *Export, rows []Row, more int) Record
	bad    *RowError // a row that is none, behind the record that was returned
}

// RecordsOf returns the records of a table: the rows that have the same value in a
// column are one, or each row is, where the column is empty.
func RecordsOf(t *Table, by string, e Export, read func(e *Export, rows []Row, more int) Record) *Records {
	return &Records{Export: e, table: t, by: by, read: read}
}

// Next returns the next record.
func (x *Records) Next() (Record, error) {
	if b := x.bad; b != nil {
		x.bad = nil
		return Bad(b.Line, "", b.Detail), nil
	}
	rows, more, err := x.table.Group(x.by, events.MaxItems)
	bad, ok := errors.AsType[*RowError](err)
	switch {
	case ok && len(rows) == 0:
		return Bad(bad.Line, "", bad.Detail), nil
	case ok:
		x.bad = bad
	case err != nil:
		return Record{}, err
	}
	return x.read(&x.Export, rows, more), nil
}

// SkipTo passes what begins before a line, without a look at what it says.
func (x *Records) SkipTo(line int) error {
	for {
		r, err := x.table.next()
		if _, bad := errors.AsType[*RowError](err); bad {
			continue
		}
		if err != nil {
			return err
		}
		if r.Line >= line {
			x.table.waiting = &r
			return nil
		}
	}
}
