package numbers

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"homing/pkg/lift"
)

// Tables returns all tables of a snapshot, with the latest so many months of those that have
// months.
func (s *Snapshot) Tables(months int) []*Table {
	return []*Table{
		s.summary(), s.lifts(), s.liftNights(), s.liftMoney(), s.attribution(months), s.byMonth(months), s.cohorts(months), s.cohortWorth(months),
		s.rfm(), s.answers(months), s.reviews(months), s.offersTable(months),
	}
}

// TableNames are the names of the tables.
func TableNames() (out []string) {
	for _, t := range (&Snapshot{}).Tables(1) {
		out = append(out, t.Name)
	}
	return out
}

// between are the two ends of an interval of a share.
func ends(i lift.Interval, of func(float64) Value) (low, high Value) { return of(i.Low), of(i.High) }

// summary has one number a line.
func (s *Snapshot) summary() *Table {
	t := &Table{Name: "summary", Title: "At a glance", Says: "Low and high have the number with a confidence of 95%.",
		Columns: []string{"number", "currency", "value", "low", "high", "of"}}
	add := func(name, currency string, value, low, high, of Value) {
		t.Rows = append(t.Rows, []Value{word(name), word(currency), value, low, high, of})
	}
	rate := func(name string, k, n int) {
		low, high := unknown(), unknown()
		if n > 0 {
			low, high = ends(lift.Wilson(int64(k), int64(n)), share)
		}
		add(name, "", part(k, n), low, high, count(int64(n)))
	}
	c := s.Customers
	add("customers", "", count(int64(c.All)), unknown(), unknown(), unknown())
	add("customers who ordered", "", count(int64(c.Buyers)), unknown(), unknown(), count(int64(c.All)))
	rate("repeat purchase rate", c.Repeat, c.Buyers)
	rate("repeat purchase rate, 365 days", c.YearRepeat, c.Year)
	rate("churn rate, year on year", s.Churn.Gone, s.Churn.Before)
	if n := s.Churn.Foreseen; n > 0 {
		add("churn to expect, 90 days", "", share(s.Churn.Expected/float64(n)), unknown(), unknown(), count(int64(n)))
	}
	if b := s.Between; b.Orders > 0 {
		add("days between orders, median", "", count(int64(b.Median)), count(int64(b.Quarter)), count(int64(b.Third)), count(int64(b.Orders)))
		t.Says += " Of the days between orders, low and high are where the first and the last quarter end."
	}
	revenue, known := Money{}, Money{}
	for _, m := range s.latestMonths(12) {
		for currency, minor := range m.Revenue {
			revenue.add(currency, minor)
			known.add(currency, m.Known[currency])
		}
	}
	for _, cur := range sortedKeys(revenue) {
		add("average order value, 12 months", cur, amount(float64(revenue[cur])/float64(known[cur]), cur), unknown(), unknown(), count(known[cur]))
	}
	for _, w := range s.Worth {
		add("customer lifetime value, so far", w.Currency, amount(float64(w.Spent)/float64(w.Buyers), w.Currency), unknown(), unknown(), count(int64(w.Buyers)))
		if n := float64(w.Foreseen); n > 0 {
			add("customer lifetime value, next year", w.Currency, amount(float64(w.Expected)/n, w.Currency), unknown(), unknown(), count(int64(w.Foreseen)))
			add("orders to expect, next year", w.Currency, decimal(w.Orders/n, 2), unknown(), unknown(), count(int64(w.Foreseen)))
		}
	}
	return t
}

// first is the first of the latest so many months.
func (s *Snapshot) first(months int) string {
	return s.At.AddDate(0, 1-months, 1-s.At.Day()).Format("2006-01")
}

// cut is where those that are ascending by month begin that are not before one.
func cut[T any](all []T, first string, month func(T) string) int {
	n, _ := slices.BinarySearchFunc(all, first, func(x T, first string) int { return strings.Compare(month(x), first) })
	return n
}

func (s *Snapshot) latestMonths(n int) []Month {
	return s.Months[cut(s.Months, s.first(n), func(m Month) string { return m.Month }):]
}

func (s *Snapshot) byMonth(months int) *Table {
	t := &Table{Name: "months", Title: "Orders by month", Says: "Revenue is of orders that stand and whose cost is known. Amounts of two currencies are never added up.",
		Columns: []string{"month", "orders", "buyers", "new_buyers", "returning", "currency", "revenue", "average_order_value"}}
	for _, m := range s.latestMonths(months) {
		first := []Value{word(m.Month), count(int64(m.Orders)), count(int64(m.Buyers)), count(int64(m.New)), part(m.Buyers-m.New, m.Buyers)}
		for _, cur := range sortedKeys(m.Revenue) {
			t.Rows = append(t.Rows, append(slices.Clone(first), word(cur), amount(float64(m.Revenue[cur]), cur), amount(float64(m.Revenue[cur])/float64(m.Known[cur]), cur)))
		}
		if len(m.Revenue) == 0 {
			t.Rows = append(t.Rows, append(first, word(""), unknown(), unknown()))
		}
	}
	return t
}

// cohortMonths is how many months of a cohort are shown.
const cohortMonths = 12

func (s *Snapshot) cohorts(months int) *Table {
	t := &Table{Name: "cohorts", Title: "Customer retention by cohort", Says: "Of the customers whose first order was in a month, the share who ordered so many months later.",
		Columns: []string{"first_order", "customers"}}
	for n := 1; n <= cohortMonths; n++ {
		t.Columns = append(t.Columns, "month_"+strconv.Itoa(n))
	}
	_, last := monthOf(s.At)
	for _, c := range s.Cohorts[cut(s.Cohorts, s.first(months), func(c Cohort) string { return c.Month }):] {
		row := []Value{word(c.Month), count(int64(c.Customers))}
		for n := 1; n <= cohortMonths; n++ {
			v := Value{Text: "", Number: true}
			if numberOf(c.Month)+n <= last { // it has begun
				active := 0
				if n < len(c.Active) {
					active = c.Active[n]
				}
				v = part(active, c.Customers)
			}
			row = append(row, v)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// numberOf is the number of a month, as monthOf has it.
func numberOf(month string) int {
	y, _ := strconv.Atoi(month[:4])
	m, _ := strconv.Atoi(month[5:])
	return y*12 + m
}

func (s *Snapshot) cohortWorth(months int) *Table {
	t := &Table{Name: "cohort_value", Title: "Customer lifetime value by cohort", Says: "What the customers whose first order was in a month have spent since, each on average.",
		Columns: []string{"first_order", "customers", "currency", "revenue", "per_customer"}}
	for _, c := range s.Cohorts[cut(s.Cohorts, s.first(months), func(c Cohort) string { return c.Month }):] {
		for _, cur := range sortedKeys(c.Revenue) {
			sum := int64(0)
			for _, minor := range c.Revenue[cur] {
				sum += minor
			}
			t.Rows = append(t.Rows, []Value{word(c.Month), count(int64(c.Customers)), word(cur), amount(float64(sum), cur), amount(float64(sum)/float64(c.Customers), cur)})
		}
	}
	return t
}

// rfm has a row for each score of recency, the best first.
func (s *Snapshot) rfm() *Table {
	t := &Table{Name: "rfm", Title: "RFM: customers by recency and frequency", Says: "Recency 5 are the fifth who ordered last, frequency 5 those who ordered most often (docs/segments.md).",
		Columns: []string{"recency", "frequency_1", "frequency_2", "frequency_3", "frequency_4", "frequency_5"}}
	if len(s.RFM) == 0 {
		return t
	}
	cells := map[[2]int]int{}
	for _, c := range s.RFM {
		cells[[2]int{c.Recency, c.Frequency}] = c.Customers
	}
	for r := 5; r >= 1; r-- {
		row := []Value{count(int64(r))}
		for f := 1; f <= 5; f++ {
			row = append(row, count(int64(cells[[2]int{r, f}])))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Verdicts say each verdict in words.
var verdicts = map[lift.Verdict]string{
	lift.TooEarly: "too early to say", lift.More: "emails bring orders", lift.Less: "emails keep people from ordering", lift.Alike: "no difference worth a tenth",
}

// Trial returns the latest trial of an occasion of a worker, or of the worker; nil: there is
// none.
func (s *Snapshot) Trial(worker, occasion string) (found *Trial) {
	for i := range s.Trials {
		if t := &s.Trials[i]; t.Worker == worker && t.Occasion == occasion && (found == nil || t.Since.After(found.Since)) {
			found = t
		}
	}
	return found
}

// NameOf is what a trial is called.
func (t *Trial) NameOf() string {
	if t.Worker == AllMarketing {
		return "all marketing"
	}
	if t.Occasion != "" {
		return t.Worker + ": " + t.Occasion
	}
	return t.Worker
}

// Said reports whether it isn't too early to say something.
func (t *Trial) Said() bool { return lift.Conversion(t.Emailed, t.Control).Verdict != lift.TooEarly }

// Say says in words what is known of a trial, and why.
func (t *Trial) Say() (verdict, because string) {
	e := lift.Conversion(t.Emailed, t.Control)
	verdict = verdicts[e.Verdict]
	if t.Emailed.People == 0 || t.Control.People == 0 {
		return verdict, fmt.Sprintf("nobody has been in it for %.0f days yet", t.Window)
	}
	because = fmt.Sprintf("%s of the %s people who were emailed ordered, and %s of the %s who were held out: %s", share(e.Emailed).Text, count(t.Emailed.People).Text, share(e.Control).Text, count(t.Control.People).Text, points(e.Difference).Text)
	if e.Always != (lift.Interval{Low: -1, High: 1}) {
		because += fmt.Sprintf(", with 95%% confidence between %s and %s", points(e.Always.Low).Text, points(e.Always.High).Text)
	}
	return verdict, because
}

func (s *Snapshot) lifts() *Table {
	t := &Table{Name: "lift", Title: "Lift: what emails add, measured against the holdout",
		Says:    "The share of people who ordered. Low and high have the difference with 95% on all nights together, however often you look; once low and once high, if this is the one time that you look.",
		Columns: []string{"emails", "verdict", "emailed", "held_out", "difference", "low", "high", "once_low", "once_high", "emailed_people", "holdout_people", "holdout", "since"}}
	for _, x := range s.Trials {
		e := lift.Conversion(x.Emailed, x.Control)
		verdict := verdicts[e.Verdict]
		if !x.Ended.IsZero() {
			verdict += "; it ended on " + x.Ended.Format("2006-01-02")
		}
		row := []Value{word(x.NameOf()), word(verdict)}
		if x.Emailed.People == 0 || x.Control.People == 0 {
			for range 7 {
				row = append(row, unknown())
			}
		} else {
			low, high := unknown(), unknown()
			if e.Always != (lift.Interval{Low: -1, High: 1}) {
				low, high = ends(e.Always, points)
			}
			once, onceHigh := ends(e.Once, points)
			row = append(row, share(e.Emailed), share(e.Control), points(e.Difference), low, high, once, onceHigh)
		}
		t.Rows = append(t.Rows, append(row, count(x.Emailed.People), count(x.Control.People), share(x.Share), word(x.Since.Format("2006-01-02"))))
	}
	return t
}

// liftNights is what was known of each trial night by night, where anything was.
func (s *Snapshot) liftNights() *Table {
	t := &Table{Name: "lift_nights", Title: "Lift, night by night", Says: "The longer it goes on, the narrower is the interval. It can be told apart from nothing once 0 is not in it.",
		Columns: []string{"date", "emails", "difference", "low", "high"}}
	for _, x := range s.Trials {
		for _, l := range x.Looks {
			low, high := ends(l.In, points)
			t.Rows = append(t.Rows, []Value{word(l.Date), word(x.NameOf()), points(l.Is), low, high})
		}
	}
	return t
}

func (s *Snapshot) liftMoney() *Table {
	t := &Table{Name: "lift_revenue", Title: "Lift in revenue per person",
		Says:    "What people spent within the window, each on average, with 95% on all nights together. Added is the difference for all who were emailed.",
		Columns: []string{"emails", "currency", "emailed", "held_out", "difference", "low", "high", "added", "added_low", "added_high"}}
	for _, x := range s.Trials {
		currencies := map[string]bool{}
		for _, arm := range []lift.Arm{x.Emailed, x.Control} {
			for cur := range arm.Spent {
				currencies[cur] = true
			}
		}
		for _, cur := range slices.Sorted(maps.Keys(currencies)) {
			e, known := lift.Spending(x.Emailed, x.Control, cur)
			if !known {
				e.Always = lift.Interval{Low: math.NaN(), High: math.NaN()}
			}
			n := float64(x.Emailed.People)
			row := []Value{word(x.NameOf()), word(cur)}
			for _, f := range []float64{e.Emailed, e.Control, e.Difference, e.Always.Low, e.Always.High, n * e.Difference, n * e.Always.Low, n * e.Always.High} {
				row = append(row, amount(f, cur))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// Note says for how long what is known of a day may change, and by what windows.
func (s *Snapshot) Note() string {
	return fmt.Sprintf("Days before %s are settled; later ones are counted again each night.", s.Settled)
}
