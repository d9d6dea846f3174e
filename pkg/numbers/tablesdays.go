package numbers

import (
	"fmt"

	"homing/events"
	"homing/pkg/attribution"
	"homing/pkg/lift"
	"homing/pkg/localtime"
)

// monthly adds up days by month, of the latest so many months.
func monthly[T any](s *Snapshot, months int, add func(sum *T, d *Day)) (names []string, sums map[string]*T) {
	sums = map[string]*T{}
	for i := range s.Days {
		add(entry(sums, s.Days[i].Date[:7]), &s.Days[i])
	}
	names = sortedKeys(sums)
	return names[cut(names, s.first(months), func(name string) string { return name }):], sums
}

func (s *Snapshot) attribution(months int) *Table {
	t := &Table{Name: "attribution", Title: "Revenue by worker", Says: s.windowWords(),
		Columns: []string{"month", "worker", "sent", "clicked", "held_out", "orders", "currency"}}
	for _, m := range attribution.Models() {
		t.Columns = append(t.Columns, string(m))
	}
	names, sums := monthly(s, months, func(sum *map[string]*Worker, d *Day) {
		if *sum == nil {
			*sum = map[string]*Worker{}
		}
		for name, w := range d.Workers {
			entry(*sum, name).plus(w)
		}
	})
	for _, month := range names {
		for _, name := range sortedKeys(*sums[month]) {
			w := (*sums[month])[name]
			first := []Value{word(month), word(name), count(int64(w.Sent)), count(int64(w.Clicked)), count(int64(w.HeldOut)), count(int64(w.Orders))}
			currencies := map[string]bool{}
			for _, m := range w.Revenue {
				for cur := range m {
					currencies[cur] = true
				}
			}
			for _, cur := range sortedKeys(currencies) {
				row := append(append([]Value{}, first...), word(cur))
				for _, m := range attribution.Models() {
					row = append(row, amount(float64(w.Revenue[m][cur]), cur))
				}
				t.Rows = append(t.Rows, row)
			}
			if len(currencies) == 0 {
				t.Rows = append(t.Rows, append(first, word(""), unknown(), unknown(), unknown(), unknown()))
			}
		}
	}
	return t
}

// windowWords say which emails have a part in an order.
func (s *Snapshot) windowWords() string {
	w := s.Windows
	text := "It says which marketing emails came before an order, not what caused it: that is the lift. An email has a part"
	if w.AfterSending > 0 {
		text += " for " + localtime.InWords(w.AfterSending) + " after it was sent"
	}
	if w.AfterClick > 0 {
		if w.AfterSending > 0 {
			text += ", or"
		}
		text += " for " + localtime.InWords(w.AfterClick) + " after it was clicked"
	}
	return text + fmt.Sprintf("; in the model decaying, a part is halved every %s. “%s” are orders in which no email has one. Each column of a month adds up to its revenue.", localtime.InWords(w.HalfLife), attribution.None)
}

func (w *Worker) plus(o *Worker) {
	w.Sent, w.Clicked, w.HeldOut, w.Orders = w.Sent+o.Sent, w.Clicked+o.Clicked, w.HeldOut+o.HeldOut, w.Orders+o.Orders
	for m, of := range o.Revenue {
		if w.Revenue == nil {
			w.Revenue = map[attribution.Model]Money{}
		}
		sum := w.Revenue[m]
		for cur, minor := range of {
			sum.add(cur, minor)
		}
		w.Revenue[m] = sum
	}
}

// asked is a question in one month.
type asked struct {
	Answer
	asked int
}

func (s *Snapshot) answers(months int) *Table {
	t := &Table{Name: "answers", Title: "CSAT and NPS", Says: "CSAT is the share of scores 4 and 5; NPS the share of 9 and 10, less that of 0 to 6. Low and high have the score with a confidence of 95%.",
		Columns: []string{"month", "question", "scale", "asked", "answers", "response_rate", "score", "low", "high"}}
	names, sums := monthly(s, months, func(sum *map[string]*asked, d *Day) {
		if *sum == nil {
			*sum = map[string]*asked{}
		}
		for q, n := range d.Asked {
			entry(*sum, q).asked += n
		}
		for q, a := range d.Answers {
			x := entry(*sum, q)
			x.Scale = a.Scale
			for i, n := range a.Scores {
				x.Scores[i] += n
			}
		}
	})
	for _, month := range names {
		for _, q := range sortedKeys(*sums[month]) {
			a := (*sums[month])[q]
			score, in, n := a.score()
			rate, of := unknown(), unknown()
			if a.asked > 0 {
				of, rate = count(int64(a.asked)), share(min(float64(n)/float64(a.asked), 1))
			}
			value, low, high := unknown(), unknown(), unknown()
			if n > 0 {
				value = decimal(score, 1)
				low, high = ends(in, func(f float64) Value { return decimal(f, 1) })
			}
			t.Rows = append(t.Rows, []Value{word(month), word(q), word(a.Scale), of, count(int64(n)), rate, value, low, high})
		}
	}
	return t
}

// score is the CSAT, 0 to 100, or the NPS, -100 to 100.
func (a *Answer) score() (score float64, in lift.Interval, answers int) {
	if a.Scale == events.NPS {
		return lift.NetPromoter(a.Scores)
	}
	for _, n := range a.Scores {
		answers += n
	}
	if answers == 0 {
		return 0, lift.Interval{High: 100}, 0
	}
	happy := a.Scores[4] + a.Scores[5]
	in = lift.Wilson(int64(happy), int64(answers))
	return 100 * float64(happy) / float64(answers), lift.Interval{Low: 100 * in.Low, High: 100 * in.High}, answers
}

func (s *Snapshot) reviews(months int) *Table {
	t := &Table{Name: "reviews", Title: "Reviews", Columns: []string{"month", "asked", "reviews", "response_rate", "average_stars", "stars_1", "stars_2", "stars_3", "stars_4", "stars_5"},
		Says: "The last review of a product by a customer counts. The response rate takes all reviews for answers to an email."}
	names, sums := monthly(s, months, func(sum *Reviews, d *Day) {
		if d.Reviews == nil {
			return
		}
		sum.Asked += d.Reviews.Asked
		for i, n := range d.Reviews.Ratings {
			sum.Ratings[i] += n
		}
	})
	for _, month := range names {
		r := sums[month]
		all, rated, stars := 0, 0, 0
		for i, n := range r.Ratings {
			if all += n; i > 0 {
				rated, stars = rated+n, stars+i*n
			}
		}
		if all == 0 && r.Asked == 0 {
			continue
		}
		average := unknown()
		if rated > 0 {
			average = decimal(float64(stars)/float64(rated), 2)
		}
		row := []Value{word(month), count(int64(r.Asked)), count(int64(all)), part(min(all, r.Asked), r.Asked), average}
		for _, n := range r.Ratings[1:] {
			row = append(row, count(int64(n)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (s *Snapshot) offersTable(months int) *Table {
	t := &Table{Name: "offers", Title: "Offers by the month in which they were made",
		Says:    "The cost is worked out from what was paid in the end and what the offer took off.",
		Columns: []string{"month", "worker", "issued", "redeemed", "redemption_rate", "expired", "open", "currency", "cost"}}
	first := s.first(months)
	for _, o := range s.Offers {
		if o.Month < first {
			continue
		}
		row := []Value{word(o.Month), word(o.Worker), count(int64(o.Issued)), count(int64(o.Redeemed)), part(o.Redeemed, o.Issued), count(int64(o.Expired)), count(int64(o.Issued - o.Redeemed - o.Expired))}
		for _, cur := range sortedKeys(o.Cost) {
			t.Rows = append(t.Rows, append(append([]Value{}, row...), word(cur), amount(float64(o.Cost[cur]), cur)))
		}
		if len(o.Cost) == 0 {
			t.Rows = append(t.Rows, append(row, word(""), unknown()))
		}
	}
	return t
}
