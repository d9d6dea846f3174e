package figures

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/numbers"
)

// A tile is one number at the top.
type tile struct{ Name, Value, About string }

// tilesOf are the numbers that one looks for first.
func tilesOf(s *numbers.Snapshot) (out []tile) {
	for _, row := range s.Tables(1)[0].Rows {
		name, currency, value := row[0].Text, row[1].Text, row[2].Text
		about := ""
		switch {
		case row[2].Raw == "":
			continue
		case row[3].Raw != "" && strings.HasSuffix(value, "%") && fewPeople(row[5].Raw):
			value, about = "too early to say", "of "+row[5].Text
		case row[3].Raw != "" && strings.HasPrefix(name, "days"):
			about = "half: " + row[3].Text + " to " + row[4].Text
		case row[3].Raw != "":
			about = row[3].Text + " to " + row[4].Text
		case row[5].Raw != "":
			about = "of " + row[5].Text
		}
		if strings.Contains(name, "value") {
			value += " " + currency
		} else if currency != "" {
			name += ", of those who pay in " + currency
		}
		out = append(out, tile{name, value, about})
	}
	return out
}

// least is of how many people a share says something: the interval of fewer has nearly
// everything in it. The weekly digest goes by the same number.
const least = 10

func fewPeople(raw string) bool {
	n, err := strconv.Atoi(raw)
	return err == nil && n < least
}

// An answer is what can be said of one trial, in words.
type answer struct {
	Emails, Verdict, Because string
	Said                     bool // it can be said
}

// answersOf are those to the question of the page.
func answersOf(s *numbers.Snapshot) (out []answer) {
	for i := range s.Trials {
		t := &s.Trials[i]
		verdict, because := t.Say()
		out = append(out, answer{t.NameOf(), verdict, because, t.Said()})
	}
	return out
}

// A part of the page is a table, and how it is drawn.
type part struct {
	*numbers.Table
	// Chart is what is drawn: "band" has a line with an interval, "stack" columns of
	// workers, "line" a line; empty: nothing is. The script has the rest.
	Chart string
	Shows string // what the chart shows, for those who don't see it
	Group string // the column by which one series is told from others
	Y     string // the columns that are drawn; of several, one is chosen
	Heat  int    // from this column on, cells are the darker the more they are; 0: none
	Hot   []string
	First string // of Group, what is chosen at first
	data  []byte // what is drawn, as JSON
}

// mostRows is how many rows of a table the page shows, unless it is a map. Those before, and
// the table of a chart, are on a page of its own: a browser takes long to lay out a table
// of some hundred rows.
const mostRows = 40

// More reports whether there is more of the table than the page shows.
func (p part) More() bool {
	return p.Chart != "" || p.Heat == 0 && len(p.Rows) > mostRows
}

// Short is the part with the rows that the page shows: the latest.
func (p part) Short() part {
	if p.More() {
		t := *p.Table
		t.Rows = t.Rows[max(0, len(t.Rows)-mostRows):]
		p.Table = &t
	}
	return p
}

// pieceRows is how many rows of a table a page of it has: a browser is soon done with them.
const pieceRows = 100

// piece is the part with the rows of one piece, which one that is, from 1, and how many
// there are. The last has the latest rows, and is the one that is shown if another isn't
// asked for.
func (p part) piece(asked string) (of part, which, pieces int) {
	pieces = max(1, (len(p.Rows)+pieceRows-1)/pieceRows)
	which, err := strconv.Atoi(asked)
	if err != nil || which < 1 || which > pieces {
		which = pieces
	}
	end := len(p.Rows) - (pieces-which)*pieceRows
	t := *p.Table
	t.Rows = t.Rows[max(0, end-pieceRows):end]
	p.Table = &t
	return p, which, pieces
}

// Numeric reports whether a column has numbers.
func (p part) Numeric(column int) bool { return len(p.Rows) > 0 && p.Rows[0][column].Number }

// drawn says how tables are drawn that are not just written.
var drawn = map[string]part{
	"lift_nights": {Chart: "band", Group: "emails", Y: "difference", Shows: "Difference between people who are emailed and the holdout, night by night, with the interval that holds on all nights"},
	"attribution": {Chart: "stack", Group: "worker", Y: "last,first,linear,decaying", Shows: "Revenue by month and worker of the emails that have a part in orders"},
	"months":      {Chart: "line", Group: "currency", Y: "revenue,average_order_value,orders,buyers,new_buyers", Shows: "Orders by month"},
	"cohorts":     {Heat: 2},
	"rfm":         {Heat: 1},
	"answers":     {Chart: "band", Group: "question", Y: "score", Shows: "Score by month, with its interval of 95%"},
	"reviews":     {Chart: "line", Y: "average_stars,reviews", Shows: "Reviews by month"},
}

// partsOf are the tables of a snapshot but for the first, whose numbers are the tiles.
func partsOf(s *numbers.Snapshot, months int) (out []part) {
	currency, most := "", 0
	for _, w := range s.Worth {
		if w.Buyers > most {
			currency, most = w.Currency, w.Buyers
		}
	}
	for _, t := range s.Tables(months)[1:] {
		p := drawn[t.Name]
		p.Table, p.First = t, currency
		if t.Name == "lift_nights" {
			p.Table = thinned(t, mostNights)
		}
		if len(t.Rows) < 2 {
			p.Chart = "" // a line through one point
		}
		if p.Heat > 0 {
			p.Hot = heat(t, p.Heat)
		}
		if p.Chart != "" {
			p.data, _ = json.Marshal(p.Document()) // words and numbers
		}
		out = append(out, p)
	}
	// What is drawn comes first, but for the maps: the answer is above it in words, and the
	// tables of the lift have its numbers.
	first := func(p part) bool {
		return p.Chart != "" && (p.Name == "lift_nights" || p.Name == "attribution" || p.Name == "months")
	}
	return append(slices.DeleteFunc(slices.Clone(out), func(p part) bool { return !first(p) }), slices.DeleteFunc(out, first)...)
}

// mostNights is how many nights of a trial are shown: a chart has no room for more, and a
// table of some thousand rows takes a browser long.
const mostNights = 90

// thinned is a table with so many rows, at most, for each value of its second column: every
// second one, or third, and so on, and the last.
func thinned(t *numbers.Table, most int) *numbers.Table {
	of, seen := map[string]int{}, map[string]int{}
	for _, row := range t.Rows {
		of[row[1].Raw]++
	}
	out := *t
	out.Rows = nil
	for _, row := range t.Rows {
		n := of[row[1].Raw]
		seen[row[1].Raw]++
		if step := (n + most - 1) / most; (n-seen[row[1].Raw])%step == 0 {
			out.Rows = append(out.Rows, row)
		}
	}
	if len(out.Rows) < len(t.Rows) {
		out.Says += " Not every night is shown here; the download has all."
	}
	return &out
}

// hues is how many steps of dark there are.
const hues = 9

// heat returns for each cell, row by row, how dark it is: a class, or nothing.
func heat(t *numbers.Table, from int) (out []string) {
	most := 0.0
	each := func(fn func(f float64, ok bool)) {
		for _, row := range t.Rows {
			for i, v := range row {
				f, err := strconv.ParseFloat(v.Raw, 64)
				fn(f, err == nil && i >= from)
			}
		}
	}
	each(func(f float64, ok bool) {
		if ok {
			most = max(most, f)
		}
	})
	each(func(f float64, ok bool) {
		if !ok || f <= 0 || most <= 0 {
			out = append(out, "")
			return
		}
		out = append(out, "h"+strconv.Itoa(int(f/most*(hues-1)+0.5)))
	})
	return out
}

// Cell is the class of a cell.
func (p part) Cell(row, column int) string {
	if i := row*len(p.Columns) + column; i < len(p.Hot) {
		return p.Hot[i]
	}
	return ""
}

// Heading is a column's name for people.
func (p part) Heading(column string) string {
	s := strings.ReplaceAll(column, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}
