package numbers_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"homing/pkg/lift"
	"homing/pkg/numbers"
)

func tableOf(t *testing.T, s *numbers.Snapshot, name string) *numbers.Table {
	t.Helper()
	all := s.Tables(12)
	i := slices.IndexFunc(all, func(t *numbers.Table) bool { return t.Name == name })
	if i < 0 {
		t.Fatalf("there is no table %s", name)
	}
	for _, row := range all[i].Rows {
		if len(row) != len(all[i].Columns) {
			t.Fatalf("%s: %d cells in %d columns", name, len(row), len(all[i].Columns))
		}
	}
	return all[i]
}

func written(t *testing.T, table *numbers.Table) string {
	t.Helper()
	var b bytes.Buffer
	if err := table.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLiftInWordsAndNumbers(t *testing.T) {
	since := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	s := &numbers.Snapshot{At: noon, Trials: []numbers.Trial{
		{Since: since, Share: 0.05, Window: 30},
		{Worker: "birthday", Since: since, Share: 0.5, Emailed: lift.Arm{People: 5000, Ordered: 700, Spent: map[string]lift.Sum{"JPY": {Total: 700_000, Squares: 7e8}}}, Control: lift.Arm{People: 5000, Ordered: 500, Spent: map[string]lift.Sum{"JPY": {Total: 800_000, Squares: 8e8}}}},
		{Worker: "win-back", Since: since, Share: 0.5, Ended: noon, Emailed: lift.Arm{People: 50, Ordered: 7}, Control: lift.Arm{People: 50, Ordered: 9}},
	}}
	want := `emails,verdict,emailed,held_out,difference,low,high,once_low,once_high,emailed_people,holdout_people,holdout,since
all marketing,too early to say,,,,,,,,0,0,0.05000,2026-01-02
birthday,emails bring orders,0.14000,0.10000,0.04000,0.02031,0.05969,0.02729,0.05273,5000,5000,0.50000,2026-01-02
win-back,too early to say; it ended on 2026-06-10,0.14000,0.18000,-0.04000,,,-0.18609,0.10705,50,50,0.50000,2026-01-02
`
	if got := written(t, tableOf(t, s, "lift")); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	money := tableOf(t, s, "lift_revenue")
	if row := money.Rows[0]; row[4].Text != "-20" || row[7].Text != "-100,000" || row[1].Raw != "JPY" {
		t.Errorf("%+v", row)
	}
	if verdict, because := s.Trials[0].Say(); verdict != "too early to say" || because != "nobody has been in it for 30 days yet" || s.Trials[0].Said() {
		t.Errorf("%s: %s", verdict, because)
	}
	if verdict, because := s.Trials[1].Say(); verdict != "emails bring orders" || !strings.HasPrefix(because, "14.0% of the 5,000 people who were emailed ordered, and 10.0% of the 5,000 who were held out: +4.0 pp, with 95% confidence between +2.0 pp and +6.0 pp") {
		t.Errorf("%s: %s", verdict, because)
	}
}

func TestWhatIsNotKnownIsNull(t *testing.T) {
	s := &numbers.Snapshot{At: noon, Customers: numbers.Counts{All: 3}}
	data, err := json.Marshal(tableOf(t, s, "summary").Document())
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	if rows[0]["number"] != "customers" || rows[0]["value"] != 3.0 || rows[2]["number"] != "repeat purchase rate" || rows[2]["value"] != nil || rows[2]["of"] != 0.0 {
		t.Errorf("%s", data)
	}
	for _, name := range numbers.TableNames() {
		tableOf(t, s, name)
	}
}
