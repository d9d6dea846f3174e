package rehearsal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"homing/events"
)

// Text writes a report for a person.
func Text(w io.Writer, r *Report) error {
	var b strings.Builder
	p := printer{&b}
	p.first(r)
	p.workers(r)
	p.verdicts(r)
	p.load(r)
	p.offers(r)
	p.relay(r)
	p.samples(r)
	p.stories(r)
	p.head("What to trust")
	for _, n := range r.Notes {
		p.line("- %s", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const day = "2 Jan 2006"

type printer struct{ b *strings.Builder }

// first says what was lived through.
func (p printer) first(r *Report) {
	if now := r.FromNow; now != nil {
		p.line("What the installation will send from %s to %s if nothing happens. It knows %s.", r.From.Format(day), r.To.Format(day), plural(r.Customers, "customer"))
		p.line("Emails: %s, of them marketing: %s. Pending at the start: %s, at the end: %s.", number(r.Emails), number(r.Marketing), number(now.Pending), number(r.Pending))
		return
	}
	p.line("Rehearsed %s to %s: %s of %s, %s.", r.From.Format(day), r.To.Format(day), plural(r.Events, "event"), plural(r.Customers, "customer"), plural(r.Orders, "order"))
	p.line("Emails that would have been sent: %s, of them marketing: %s. Pending at the end: %s.", number(r.Emails), number(r.Marketing), number(r.Pending))
	if r.LeftOut > 0 {
		p.line("Left out: %s that Homing itself had said. It says them again.", plural(r.LeftOut, "event"))
	}
}

func (p printer) samples(r *Report) {
	if len(r.Samples) == 0 {
		return
	}
	p.head("Emails, one of each kind (--output html shows them)")
	rows := [][]string{{"STEP", "LANGUAGE", "EMAILS", "TEMPLATE", "SUBJECT"}}
	for _, x := range r.Samples {
		rows = append(rows, []string{x.Worker + "/" + x.Step, x.Language, number(x.Emails), x.Template, x.Subject})
	}
	p.table(rows)
}

func (p printer) stories(r *Report) {
	for _, s := range r.Stories {
		p.head("Customer " + s.Customer + ": " + s.About)
		for _, l := range s.Lines {
			p.line("  %s  %s", l.At.UTC().Format("2006-01-02 15:04"), l.Text)
		}
	}
}

func (p printer) line(format string, args ...any) { fmt.Fprintf(p.b, format+"\n", args...) }

func (p printer) head(s string) { p.line("\n%s", s) }

// table writes rows in columns.
func (p printer) table(rows [][]string) {
	t := tabwriter.NewWriter(p.b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(t, "  "+strings.Join(r, "\t"))
	}
	_ = t.Flush() // a Builder takes anything
}

func (p printer) workers(r *Report) {
	p.head("By worker")
	rows := [][]string{{"WORKER", "STATUS", "SENT", "CUSTOMERS", "DROPPED", "HELD"}}
	for _, w := range r.Workers {
		rows = append(rows, []string{w.Worker, w.Status, number(w.Sent), number(w.People), number(w.Dropped), number(w.Held)})
	}
	p.table(rows)
}

func (p printer) verdicts(r *Report) {
	rows := [][]string{{"WORKER", "WHAT", "REASON", "TIMES"}}
	for _, v := range r.Verdicts {
		if v.Action != events.ActionSent {
			rows = append(rows, []string{v.Worker, v.Action, v.Reason, number(v.Count)})
		}
	}
	if len(rows) > 1 {
		p.head("Why not, or later")
		p.table(rows)
	}
}

func (p printer) load(r *Report) {
	if r.Emails == 0 {
		return
	}
	if len(r.Days) > 0 {
		most := r.Days[0]
		for _, d := range r.Days {
			if d.Emails > most.Emails {
				most = d
			}
		}
		p.head("Emails a day")
		p.line("  %.1f on average, at most %s (%s).", float64(r.Emails)/max(1, r.To.Sub(r.From).Hours()/24), number(most.Emails), most.Date)
	}
	if len(r.Busiest) > 0 {
		p.line("  The busiest hour: %s from %s.", plural(r.Busiest[0].Emails, "email"), r.Busiest[0].At.UTC().Format("2006-01-02 15:04 MST"))
	}
	p.head("Emails a customer and week, in weeks with any")
	rows := [][]string{{"EMAILS", "CUSTOMER WEEKS"}}
	for _, s := range r.Weeks {
		rows = append(rows, []string{number(s.Emails), number(s.Weeks)})
	}
	p.table(rows)
	p.head("Who got the most in seven days")
	rows = [][]string{{"CUSTOMER", "EMAILS", "UNTIL", "IN ALL"}}
	for i, b := range r.Overwhelmed {
		if i == 10 {
			break
		}
		rows = append(rows, []string{b.Customer, number(b.Emails), b.Until.UTC().Format(time.DateOnly), number(b.All)})
	}
	p.table(rows)
}

func (p printer) offers(r *Report) {
	if len(r.Offers) == 0 {
		return
	}
	p.head("Offers")
	rows := [][]string{{"STEP", "OFFER", "CODE", "ISSUED", "COST AT WORST"}}
	for _, o := range r.Offers {
		code := o.Kind
		if o.List != "" {
			code += " " + o.List
		}
		rows = append(rows, []string{o.Worker + "/" + o.Step, o.Terms, code, number(o.Issued), o.Worst.String()})
	}
	p.table(rows)
}

func (p printer) relay(r *Report) {
	for _, x := range r.Relay {
		if x.PerSecond <= 0 && len(x.WarmUp) == 0 {
			continue
		}
		p.head("The relay of store " + x.Store)
		if x.PerSecond > 0 {
			p.line("  At %g a second, emails that would have waited for more than a minute: %s; the longest wait: %s.", x.PerSecond, number(x.Waited),
				time.Duration(x.Longest*float64(time.Second)).Round(time.Second))
		}
		if len(x.WarmUp) > 0 {
			rows := [][]string{{"WARM-UP", "LIMIT", "EMAILS", "LATE"}}
			for _, d := range x.WarmUp {
				rows = append(rows, []string{d.Date, number(d.Limit), number(d.Emails), number(d.Late)})
			}
			p.table(rows)
		}
	}
}

// plural writes "1 event" and "2 events".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(n) + " " + word + "s"
}

// number writes 12345 as 12,345.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
