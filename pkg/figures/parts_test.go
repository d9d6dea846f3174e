package figures

import (
	"fmt"
	"testing"

	"homing/pkg/numbers"
)

func TestALongTableIsShownInPieces(t *testing.T) {
	table := &numbers.Table{Name: "attribution"}
	for i := range 2*pieceRows + 5 {
		table.Rows = append(table.Rows, []numbers.Value{{Text: fmt.Sprint(i)}})
	}
	p := part{Table: table}
	for _, c := range []struct {
		asked       string
		which       int
		first, last string
	}{
		{"", 3, "105", "204"}, {"3", 3, "105", "204"}, {"2", 2, "5", "104"}, {"1", 1, "0", "4"},
		{"0", 3, "105", "204"}, {"4", 3, "105", "204"}, {"x", 3, "105", "204"},
	} {
		got, which, pieces := p.piece(c.asked)
		rows := got.Rows
		if first, last := rows[0][0].Text, rows[len(rows)-1][0].Text; which != c.which || pieces != 3 || first != c.first || last != c.last {
			t.Errorf("%q: rows %s to %s, page %d of %d", c.asked, first, last, which, pieces)
		}
	}
	if len(p.Rows) != 2*pieceRows+5 {
		t.Error("the table itself was cut")
	}
	for n, want := range map[int]int{0: 1, 1: 1, pieceRows: 1, pieceRows + 1: 2} {
		got, _, pieces := part{Table: &numbers.Table{Rows: table.Rows[:n]}}.piece("")
		if pieces != want || len(got.Rows) != min(n, pieceRows) {
			t.Errorf("%d rows: %d pages, the last of %d", n, pieces, len(got.Rows))
		}
	}
}

// A share of few people is too early to say; its table has the interval all the same.
func TestAShareOfFewPeopleIsTooEarlyToSay(t *testing.T) {
	for before, want := range map[int]string{1: "too early to say of 1", 9: "too early to say of 9", 10: "10.0% 1.8% to 40.4%"} {
		s := &numbers.Snapshot{Churn: numbers.Churn{Gone: before / 10, Before: before}}
		for _, x := range tilesOf(s) {
			if x.Name == "churn rate, year on year" && x.Value+" "+x.About != want {
				t.Errorf("of %d: %s %s, not %s", before, x.Value, x.About, want)
			}
		}
		if row := s.Tables(1)[0].Rows; row[4][0].Text != "churn rate, year on year" || row[4][3].Raw == "" {
			t.Errorf("of %d: the table has %v", before, row[4])
		}
	}
}
