package numbers

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"

	"homing/events"
)

// A Table is some of a snapshot, as people read it, and programs.
type Table struct {
	Name    string // "attribution"
	Title   string
	Says    string // what one has to know to read it
	Columns []string
	Rows    [][]Value
}

// A Value is a cell of a table.
type Value struct {
	Text   string // for people: "12.5%"
	Raw    string // for programs: "0.125"; empty: it isn't known
	Number bool
}

// MarshalJSON writes a number as a number, and what isn't known as null.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Raw == "":
		return []byte("null"), nil
	case v.Number:
		return []byte(v.Raw), nil
	}
	return json.Marshal(v.Raw)
}

func word(s string) Value { return Value{Text: s, Raw: s} }

// unknown is a number that isn't known.
func unknown() Value { return Value{Text: "-", Number: true} }

func count(n int64) Value {
	return Value{Text: grouped(strconv.FormatInt(n, 10)), Raw: strconv.FormatInt(n, 10), Number: true}
}

// share is a part of a whole.
func share(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return unknown()
	}
	return Value{Text: strconv.FormatFloat(100*f, 'f', 1, 64) + "%", Raw: strconv.FormatFloat(f, 'f', 5, 64), Number: true}
}

// part is a share of n out of all; unknown out of none.
func part(n, all int) Value {
	if all == 0 {
		return unknown()
	}
	return share(float64(n) / float64(all))
}

// points are a difference of shares.
func points(f float64) Value {
	v := share(f)
	v.Text = strings.Replace(signed(f, v.Text), "%", " pp", 1)
	return v
}

func signed(f float64, text string) string {
	if f > 0 {
		return "+" + text
	}
	return text
}

func decimal(f float64, digits int) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return unknown()
	}
	raw := strconv.FormatFloat(f, 'f', digits, 64)
	return Value{Text: grouped(raw), Raw: raw, Number: true}
}

// amount is money in minor units; its currency is in another column.
func amount(minor float64, currency string) Value {
	if math.IsNaN(minor) || math.IsInf(minor, 0) {
		return unknown()
	}
	n, sign := int64(math.Round(minor)), ""
	if n < 0 {
		n, sign = -n, "-"
	}
	raw := sign + events.Money{Minor: n, Currency: currency}.Decimal()
	return Value{Text: grouped(raw), Raw: raw, Number: true}
}

// grouped writes 12345.5 as 12,345.5.
func grouped(s string) string {
	whole, rest, point := strings.Cut(s, ".")
	first := len(whole) - len(strings.TrimPrefix(whole, "-"))
	for i := len(whole) - 3; i > first; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		return whole + "." + rest
	}
	return whole
}

// Document is the table for a program: a list of objects.
func (t *Table) Document() any {
	rows := make([]map[string]Value, 0, len(t.Rows))
	for _, r := range t.Rows {
		row := map[string]Value{}
		for i, c := range t.Columns {
			row[c] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// WriteCSV writes the table as comma-separated values, with a heading.
func (t *Table) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(t.Columns) // Error has it
	for _, r := range t.Rows {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = v.Raw
		}
		_ = out.Write(row)
	}
	out.Flush()
	return out.Error()
}
